using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Ops.Sandbox.Api.Admission;
using Ops.Sandbox.Api.Resources;
using Ops.Sandbox.Api.Store;

namespace Ops.Sandbox.Api.Controllers;

/// <summary>Empties namespaces that are being deleted, and lets them go when nothing is left in them.</summary>
internal sealed partial class NamespaceCleaner(ObjectStore store, ResourceRegistry registry, ObjectDeleter deleter, TimeProvider time, ILogger<NamespaceCleaner> logger)
{
    /// <summary>How often a namespace that still waits (for a kubelet, for a finalizer) is looked at.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    public async Task RunAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            var changed = store.History(Known.Namespaces).Changed;
            var waiting = true;
            try
            {
                waiting = CleanAll();
            }
#pragma warning disable CA1031 // One bad object must not keep all namespaces from going; it is logged and tried again.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Log.RoundFailed(logger, e);
            }

            await Task.WhenAny(changed, Task.Delay(waiting ? Interval : Timeout.InfiniteTimeSpan, time, stopping));
        }
    }

    /// <summary>One round.</summary>
    /// <returns>True when some namespace still waits.</returns>
    public bool CleanAll()
    {
        var waiting = false;
        foreach (var ns in store.Snapshot.Of(Known.Namespaces).Values.Where(n => n.Parse().Metadata().ContainsKey("deletionTimestamp")))
            waiting |= !Clean(ns.Id.Name);
        return waiting;
    }

    private bool Clean(string ns)
    {
        var left = 0;
        foreach (var resource in registry.Current.Stored.Where(r => r.Kind.Namespaced))
        {
            deleter.DeleteAll(resource, s => In(s, resource, ns).Where(o => !o.Parse().Metadata().ContainsKey("deletionTimestamp")), new DeleteOptions());
            left += In(store.Snapshot, resource, ns).Count();
        }

        if (left == 0) RemoveFinalizer(ns);
        return left == 0;
    }

    private static IEnumerable<StoredObject> In(StoreSnapshot snapshot, ServedResource resource, string ns) =>
        snapshot.Of(resource.Storage).Values.Where(o => o.Id.Namespace == ns);

    private void RemoveFinalizer(string ns) => store.Write(tx =>
    {
        if (tx.Find(Known.Namespaces, new ObjectId("", ns)) is not { } live) return;
        var document = live.Parse();
        if (document.Child("spec")?["finalizers"] is JsonArray finalizers)
        {
            foreach (var own in finalizers.Where(f => f.AsText() == NamespaceDefaults.Finalizer).ToList()) finalizers.Remove(own);
        }

        if (ReplacedObject.IsFinished(document)) tx.Remove(Known.Namespaces, live, document);
        else if (document.Child("spec").Texts("finalizers").Count != live.Parse().Child("spec").Texts("finalizers").Count) tx.Put(Known.Namespaces, document);
    });

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "A round over the namespaces that are being deleted failed")]
        public static partial void RoundFailed(ILogger logger, Exception error);
    }
}
