using Ops.Api;
using Ops.Dashboard.Health;
using Ops.Dashboard.Layout;

namespace Ops.Dashboard.Pages;

/// <summary>Sharded stores: who serves which share of the slots, and which copies follow. The store that is looked at stands in the address.</summary>
public sealed partial class Stores : LivePage
{
    private ShardedStore? chosen;
    private IReadOnlyList<ShardRow> shards = [];
    private IReadOnlyList<SlotArea> areas = [];
    private bool byLoad;

    /// <inheritdoc/>
    protected override void Compute()
    {
        var wanted = State.Get("store");
        chosen = Cluster.Stores.FirstOrDefault(store => $"{store.Metadata.NamespaceProperty}/{store.Metadata.Name}" == wanted) ?? Cluster.Stores.FirstOrDefault();
        byLoad = State.Get("map") == "load";
        areas = chosen?.Status is { } status ? SlotMap.Of(status, byLoad) : [];
        shards = [.. (chosen?.Status?.Shards ?? []).Select(ShardRow.Of)];
    }

    // A page has room for a few runs; the picture has all of them.
    private static string Short(string slots) => slots.Length <= 60 ? slots : slots[..60] + " …";
}
