using Ops.Api;
using Ops.Dashboard.Health;
using Ops.Dashboard.Layout;

namespace Ops.Dashboard.Pages;

/// <summary>Sharded stores: who serves which share of the slots, and which copies follow. The store that is looked at stands in the address.</summary>
public sealed partial class Stores : LivePage
{
    private ShardedStore? chosen;
    private IReadOnlyList<ShardRow> shards = [];

    /// <inheritdoc/>
    protected override void Compute()
    {
        var wanted = State.Get("store");
        chosen = Cluster.Stores.FirstOrDefault(store => $"{store.Metadata.NamespaceProperty}/{store.Metadata.Name}" == wanted) ?? Cluster.Stores.FirstOrDefault();
        shards = [.. (chosen?.Status?.Shards ?? []).Select(ShardRow.Of)];
    }
}
