using Ops.Api;
using Ops.Dashboard.Drawing;
using Ops.Dashboard.Health;
using Ops.Dashboard.Layout;
using Ops.Dashboard.Metrics;

namespace Ops.Dashboard.Pages;

/// <summary>Sharded stores: who serves which share of the slots, and which copies follow. The store that is looked at stands in the address.</summary>
public sealed partial class Stores : LivePage
{
    private const int MostLines = 8;

    private ShardedStore? chosen;
    private IReadOnlyList<ShardRow> shards = [];
    private IReadOnlyList<SlotArea> areas = [];
    private IReadOnlyList<Mark> marks = [];
    private IReadOnlyList<Line> lags = [];
    private bool byLoad;

    /// <inheritdoc/>
    protected override void Compute()
    {
        var wanted = State.Get("store");
        chosen = Cluster.Stores.FirstOrDefault(store => $"{store.Metadata.NamespaceProperty}/{store.Metadata.Name}" == wanted) ?? Cluster.Stores.FirstOrDefault();
        marks = Marks.Of(Cluster);
        byLoad = State.Get("map") == "load";
        areas = chosen?.Status is { } status ? SlotMap.Of(status, byLoad) : [];
        shards = ShardRow.Of(chosen?.Status?.Shards ?? []);
        // As many lines as colours: the shards whose replicas lagged most.
        lags = chosen is null ? [] : [.. shards.Select(shard => new Line(shard.Name, Read(Figures.Lag, $"{chosen.Metadata.NamespaceProperty}/{chosen.Metadata.Name}", shard.Name)))
            .OrderByDescending(line => line.Curve.Values.Where(float.IsFinite).DefaultIfEmpty(-1).Max()).Take(MostLines).OrderBy(line => line.Name, StringComparer.Ordinal)];
    }

    private string NoLag => Scraper.Trouble ?? "No operator that leads tells of replicas in this range.";

    // A page has room for a few runs; the picture has all of them.
    private static string Short(string slots) => slots.Length <= 60 ? slots : slots[..60] + " …";
}
