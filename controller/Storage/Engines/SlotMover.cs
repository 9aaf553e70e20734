using Ops.Storage.Cluster;
using Ops.Storage.Planning;
using StackExchange.Redis;

namespace Ops.Storage.Engines;

/// <summary>
/// Moves one slot key by key, in the order that the protocol asks for. After a crash at any point the marks on both sides tell
/// the planner to run the same move again; a mark that is there is not set again, which Garnet would refuse.
/// </summary>
internal sealed class SlotMover(IServer from, IServer to, string? password)
{
    // Small keys are 100 a round trip; of larger ones fewer go at once: see KeyBatches.
    private const int KeysAtOnce = 100;
    private const int MigrateTimeoutMs = 5_000;

    internal async Task MoveAsync(StoreStep.MoveSlot move, StoreView view, Func<NodeView, IServer> server, CancellationToken cancellation)
    {
        var (slot, source, target) = (move.Slot, move.From, move.To);
        // Where the target has the slot already, only the source and the others still have to hear of it.
        if (!target.Slots.Contains(slot) && target.Importing.GetValueOrDefault(slot) != source.Id)
            await to.ExecuteAsync("CLUSTER", "SETSLOT", slot, "IMPORTING", source.Id);
        if (source.Slots.Contains(slot) && source.Migrating.GetValueOrDefault(slot) != target.Id)
            await from.ExecuteAsync("CLUSTER", "SETSLOT", slot, "MIGRATING", target.Id);
        await MoveKeysAsync(slot, target.Address, cancellation);

        // The target first: were it the source, a crash in between would leave the slot to nobody.
        await to.ExecuteAsync("CLUSTER", "SETSLOT", slot, "NODE", target.Id);
        await from.ExecuteAsync("CLUSTER", "SETSLOT", slot, "NODE", target.Id);
        await Task.WhenAll(view.Nodes.Values.Where(node => node.IsPrimary && node.Id != source.Id && node.Id != target.Id).Select(other => TellAsync(server(other), slot, target.Id)));
    }

    private static async Task TellAsync(IServer other, int slot, string owner)
    {
        try
        {
            await other.ExecuteAsync("CLUSTER", "SETSLOT", slot, "NODE", owner);
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            // It hears of the slot by gossip; this only spares clients a redirect.
        }
    }

    private async Task MoveKeysAsync(int slot, StoreAddress target, CancellationToken cancellation)
    {
        while (true)
        {
            var keys = (RedisKey[]?)await from.ExecuteAsync("CLUSTER", "GETKEYSINSLOT", slot, KeysAtOnce) ?? [];
            if (keys.Length == 0)
                return;
            foreach (var batch in await KeyBatches.OfAsync(from, keys))
            {
                cancellation.ThrowIfCancellationRequested();
                // REPLACE: a key that an earlier attempt copied before its connection broke is there already.
                object[] auth = password is null ? [] : ["AUTH", password];
                await from.ExecuteAsync("MIGRATE", [target.Host, target.Port, "", 0, MigrateTimeoutMs, "REPLACE", .. auth, "KEYS", .. batch.Select(key => (object)key)]);
            }
        }
    }
}
