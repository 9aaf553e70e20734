using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Ops.Sandbox.Api.Admission.Quotas;
using Ops.Sandbox.Api.Store;
using Ops.Sandbox.Objects;

namespace Ops.Sandbox.Api.Controllers;

/// <summary>Says in the status of each quota what is used of it.</summary>
internal sealed partial class QuotaStatus(ObjectStore store, TimeProvider time, ILogger<QuotaStatus> logger)
{
    /// <summary>Changes that come close together are counted once.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    public async Task RunAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            Task[] changed = [store.History(Known.Quotas).Changed, .. Counted().Select(resource => store.History(resource).Changed)];
            try
            {
                WriteAll();
            }
#pragma warning disable CA1031 // One bad object must not keep all quotas from being counted; it is logged and tried again on the next change.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Log.RoundFailed(logger, e);
            }

            await Task.WhenAny([.. changed, Task.Delay(Timeout.InfiniteTimeSpan, stopping)]);
            await Task.Delay(Interval, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>One round over all quotas.</summary>
    public void WriteAll()
    {
        foreach (var id in store.Snapshot.Of(Known.Quotas).Keys) store.Write(tx => Write(tx, id));
    }

    private List<ResourceId> Counted() =>
        [.. store.Snapshot.Of(Known.Quotas).Values.SelectMany(one => Quota.Read(one.Id.Name, one.Parse()).Hard.Keys).Select(QuotaUsage.ResourceOf).Distinct()];

    private void Write(StoreTransaction tx, ObjectId id)
    {
        if (tx.Find(Known.Quotas, id)?.Parse() is not { } document) return;
        var quota = Quota.Read(id.Name, document);
        var status = new JsonObject { ["hard"] = quota.Hard.ToJson(), ["used"] = quota.Used(tx.Snapshot, id.Namespace, time.GetUtcNow()).ToJson() };
        if (JsonEquality.Same(document["status"], status)) return;
        document["status"] = status;
        tx.Put(Known.Quotas, document);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "A round over the quotas failed")]
        public static partial void RoundFailed(ILogger logger, Exception error);
    }
}
