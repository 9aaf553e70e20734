using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Ops.Sandbox.Api.Resources;
using Ops.Sandbox.Api.Store;
using Ops.Sandbox.Objects;

namespace Ops.Sandbox.Api.Crd;

/// <summary>
/// Establishes CustomResourceDefinitions, serves their resources, and cleans up behind them. Level-triggered: each
/// round looks at all definitions, so that it makes no difference what happened in between.
/// </summary>
internal sealed partial class CrdController(ObjectStore store, ResourceRegistry registry, ObjectDeleter deleter, TimeProvider time, ILogger<CrdController> logger)
{
    private string _served = "";

    public async Task RunAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            var wakeUps = new List<Task> { store.History(Known.Crds).Changed };
            wakeUps.AddRange(Terminating().Select(t => store.History(t).Changed));
            try
            {
                Reconcile();
            }
#pragma warning disable CA1031 // A bug in one definition must not stop the controller; it is logged and tried again on the next change.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Log.RoundFailed(logger, e);
                wakeUps.Add(Task.Delay(TimeSpan.FromSeconds(1), time, stopping));
            }

            await Task.WhenAny([.. wakeUps, Task.Delay(Timeout.InfiniteTimeSpan, stopping)]);
        }
    }

    /// <summary>One round over all definitions.</summary>
    public void Reconcile()
    {
        // Serving comes before cleaning, so that instances of a definition from an earlier run are known to the deleter.
        foreach (var crd in All().OrderBy(c => c.Metadata().Text("creationTimestamp"), StringComparer.Ordinal).ToList()) Establish(crd);
        Serve();
        foreach (var crd in All().Where(c => c.Metadata().ContainsKey("deletionTimestamp")).ToList()) Clean(crd);
        Serve();
    }

    private IEnumerable<JsonObject> All() => store.Snapshot.Of(Known.Crds).Values.Select(c => c.Parse());

    private List<ResourceId> Terminating() => [.. All().Where(c => c.Metadata().ContainsKey("deletionTimestamp")).Select(StorageOf)];

    private void Establish(JsonObject crd)
    {
        if (IsTrue(crd, "Established") && SameNames(crd)) return;
        Change(crd, (live, others) =>
        {
            var now = NewObject.Seconds(time.GetUtcNow());
            if (live["status"] is not JsonObject status) live["status"] = status = [];
            status["storedVersions"] = StoredVersions(live, status);
            if (CrdNames.FindConflict(live, others) is { } conflict)
            {
                status["acceptedNames"] ??= new JsonObject { ["plural"] = "", ["kind"] = "" };
                SetCondition(status, "NamesAccepted", "False", conflict.Reason, conflict.Message, now);
                SetCondition(status, "Established", "False", "NotAccepted", "not all names are accepted", now);
                return;
            }

            status["acceptedNames"] = live.At("spec", "names")!.DeepClone();
            SetCondition(status, "NamesAccepted", "True", "NoConflicts", "no conflicts found", now);
            SetCondition(status, "Established", "True", "InitialNamesAccepted", "the initial names have been accepted", now);
        });
    }

    private void Serve()
    {
        var established = store.Snapshot.Of(Known.Crds).Values.Select(s => s.Parse()).Where(c => IsTrue(c, "Established")).ToList();
        var served = string.Join(';', established.Select(Fingerprint));
        if (served == _served) return;
        _served = served;
        var before = registry.Current;
        registry.SetCustom(established.SelectMany(Resources));

        // Watches of what is gone end now instead of at their timeout.
        foreach (var gone in before.All.Select(r => r.Storage).Except(registry.Current.All.Select(r => r.Storage))) store.History(gone).Signal();
    }

    private void Clean(JsonObject crd)
    {
        var id = StorageOf(crd);
        var resource = registry.Current.All.FirstOrDefault(r => r.Storage == id);
        if (resource is not null && store.Snapshot.Of(id).Count > 0)
            deleter.DeleteAll(resource, snapshot => snapshot.Of(id).Values.Where(o => !o.Parse().Metadata().ContainsKey("deletionTimestamp")), new DeleteOptions());
        var left = store.Snapshot.Of(id).Count;
        Change(crd, (live, _) =>
        {
            var now = NewObject.Seconds(time.GetUtcNow());
            if (live["status"] is not JsonObject status) live["status"] = status = [];
            SetCondition(status, "Terminating", "True", "InstanceDeletionInProgress", left == 0 ? "CustomResource deletion is complete" : "CustomResource deletion is in progress", now);
            if (left > 0 || live.Metadata()["finalizers"] is not JsonArray finalizers) return;
            foreach (var own in finalizers.Where(f => f.AsText() == ObjectDeleter.CrdFinalizer).ToList()) finalizers.Remove(own);
            if (finalizers.Count == 0) live.Metadata().Remove("finalizers");
        });
    }

    private void Change(JsonObject crd, Action<JsonObject, IReadOnlyList<JsonObject>> change) => store.Write(tx =>
    {
        if (tx.Find(Known.Crds, new ObjectId("", crd.Metadata().Text("name")!)) is not { } stored) return;
        var live = stored.Parse();
        var others = tx.Snapshot.Of(Known.Crds).Values.Where(c => c.Id != stored.Id).Select(c => c.Parse()).ToList();
        change(live, others);
        if (JsonEquality.Same(live, stored.Parse())) return;
        if (ReplacedObject.IsFinished(live)) tx.Remove(Known.Crds, stored, live);
        else tx.Put(Known.Crds, live);
    });

    private static IEnumerable<ServedResource> Resources(JsonObject crd)
    {
        var kinds = KindDefinition.FromCrd(crd);
        var storage = kinds.FirstOrDefault(k => k.IsStorageVersion)?.ApiVersion ?? kinds[0].ApiVersion;
        var fingerprint = Fingerprint(crd);
        return kinds.Select(k => new ServedResource(k, new ResourceId(k.Group, k.Plural), storage) { Fingerprint = fingerprint });
    }

    private static string Fingerprint(JsonObject crd) => $"{crd.Metadata().Text("uid")}-{crd.Metadata().Number("generation")}";

    private static ResourceId StorageOf(JsonObject crd) => new(crd.At("spec", "group").AsText() ?? "", crd.At("spec", "names", "plural").AsText() ?? "");

    private static bool SameNames(JsonObject crd) =>
        JsonEquality.Same(crd.At("spec", "names"), crd.At("status", "acceptedNames")) && StoredVersionsAreCurrent(crd);

    private static bool StoredVersionsAreCurrent(JsonObject crd) =>
        crd.Child("spec").Items("versions").Where(v => v.Flag("storage")).All(v => crd.Child("status").Texts("storedVersions").Contains(v.Text("name"), StringComparer.Ordinal));

    private static JsonArray StoredVersions(JsonObject crd, JsonObject status)
    {
        var stored = crd.Child("spec").Items("versions").Where(v => v.Flag("storage")).Select(v => v.Text("name")!);
        return new JsonArray([.. status.Texts("storedVersions").Union(stored, StringComparer.Ordinal).Select(v => (JsonNode)v)]);
    }

    private static bool IsTrue(JsonObject crd, string type) =>
        crd.Child("status").Items("conditions").Any(c => c.Text("type") == type && c.Text("status") == "True");

    private static void SetCondition(JsonObject status, string type, string value, string reason, string message, string now)
    {
        if (status["conditions"] is not JsonArray conditions) status["conditions"] = conditions = [];
        var condition = conditions.OfType<JsonObject>().FirstOrDefault(c => c.Text("type") == type);
        if (condition is null) conditions.Add((JsonNode)(condition = new JsonObject { ["type"] = type }));
        if (condition.Text("status") != value) condition["lastTransitionTime"] = now;
        condition["status"] = value;
        condition["reason"] = reason;
        condition["message"] = message;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "A round over the CustomResourceDefinitions failed")]
        public static partial void RoundFailed(ILogger logger, Exception error);
    }
}
