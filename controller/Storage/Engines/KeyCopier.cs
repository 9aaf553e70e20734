using Ops.Storage.Access;
using Ops.Storage.Cluster;
using Ops.Storage.Slots;
using StackExchange.Redis;

namespace Ops.Storage.Engines;

/// <summary>
/// Copies the keys of a node that belongs to no cluster to the nodes that own them. The values go from node to node (MIGRATE
/// COPY), so what is held here is one page of names.
/// </summary>
internal sealed class KeyCopier(TimeProvider time, string? password, StoreTrust? trust)
{
    private const int KeysAtOnce = 200;
    private const int MigrateTimeoutMs = 5_000;
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(10);

    internal async Task<(long Cursor, long Keys)> CopyAsync(StoreAddress from, long cursor, StoreView view, CancellationToken cancellation)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(NodeOptions.Of(from, password, trust, AnswerWithin));
        var (source, owners) = (connection.GetServer(from.Host, from.Port), Owners(view));
        var (begun, keys) = (time.GetTimestamp(), 0L);
        do
        {
            cancellation.ThrowIfCancellationRequested();
            var page = ((RedisResult[]?)await source.ExecuteAsync("SCAN", cursor, "COUNT", KeysAtOnce))!;
            var names = (RedisKey[]?)page[1] ?? [];
            foreach (var group in names.GroupBy(name => owners[HashSlot.Of((byte[])name!)]))
            {
                // Not for clients, of which it has none: for the answer, which 200 values of 10 MB would keep waiting too long.
                foreach (var batch in await KeyBatches.OfAsync(source, [.. group]))
                    await SendAsync(source, group.Key, batch);
            }

            // The cursor moves on only when its page is there, so a page that failed is read again.
            (cursor, keys) = ((long)page[0], keys + names.Length);
        }
        while (cursor != 0 && time.GetElapsedTime(begun) < Turn);
        return (cursor, keys);
    }

    private async Task SendAsync(IServer source, NodeView? owner, RedisKey[] keys)
    {
        if (owner is null)
            throw new StoreEngineException("a slot has no primary that answers");
        try
        {
            await MigrateAsync(source, owner, keys);
        }
        catch (RedisServerException busy) when (busy.Message.Contains("BUSYKEY", StringComparison.Ordinal))
        {
            // Of several refusals only the first is told, so each key is asked for by itself.
            if (keys.Length == 1)
                return;
            foreach (var key in keys)
                await SendAsync(source, owner, [key]);
        }
    }

    private Task MigrateAsync(IServer source, NodeView owner, RedisKey[] keys)
    {
        object[] auth = password is null ? [] : ["AUTH", password];
        return source.ExecuteAsync("MIGRATE", [owner.Address.Host, owner.Address.Port, "", 0, MigrateTimeoutMs, "COPY", .. auth, "KEYS", .. keys.Select(key => (object)key)]);
    }

    private static NodeView?[] Owners(StoreView view)
    {
        var owners = new NodeView?[SlotSet.Slots];
        foreach (var primary in view.Nodes.Values.Where(node => node.IsPrimary))
        {
            foreach (var slot in primary.Slots.Enumerate())
                owners[slot] = primary;
        }

        return owners;
    }
}
