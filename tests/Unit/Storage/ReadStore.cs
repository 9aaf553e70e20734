using Ops.Storage.Load;
using Ops.Storage.Planning;

namespace Ops.Storage.Tests;

/// <summary>
/// A modelled store whose clients read: each round is a second, in which the nodes of each shard are asked for its share of
/// the reads. Every loan is checked as it is planned.
/// </summary>
internal sealed class ReadStore
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(5);

    private readonly ReadWindow _window = new();
    private double[] _reads = [];
    private DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    internal ReadStore(int shards, int replicas, int? barrier)
    {
        Store = new ModelStore(shards, replicas, elects: true);
        Store.Settle();
        // By number: no slot is hot, so nothing moves.
        Store.Load([], filled: true);
        Store.Told = truth =>
        {
            _window.Add(truth, Window, _now);
            return truth with { Reads = _window.Rates() };
        };
        Barrier = barrier;
    }

    internal ModelStore Store { get; }

    /// <summary>Replicas that a shard keeps; null where none is lent.</summary>
    internal int? Barrier { get; set; }

    /// <summary>What replicas are asked, in shares of what they would be by lot.</summary>
    internal double AtReplicas { get; init; } = 1;

    /// <summary>Loans and returns for the sake of reads, in words.</summary>
    internal List<string> Changes { get; } = [];

    /// <summary>Those of them that went back.</summary>
    internal int Returns { get; private set; }

    /// <summary>Members that copy a member of another shard.</summary>
    internal IReadOnlyList<string> Lent => [.. Store.Cluster.Nodes
        .Where(node => node.PrimaryId is { } id && Store.Cluster.Find(id) is { } primary && Store.Goal.ShardOf(primary.Member) != Store.Goal.ShardOf(node.Member))
        .Select(node => node.Member)];

    /// <summary>Rounds in which so many windows fill, with the round that begins the first.</summary>
    internal static int Windows(int windows) => windows * ((int)Window.TotalSeconds + 4);

    /// <summary>Keys a second of each shard from now on.</summary>
    internal void Read(params double[] reads) => _reads = reads;

    /// <summary>What the busiest node reads a second.</summary>
    internal double Busiest() => Store.Cluster.Nodes.Max(Rate);

    /// <summary>Rounds of a second.</summary>
    internal void Run(int rounds, int steps = int.MaxValue, int stopAfter = int.MaxValue)
    {
        for (var round = 0; round < rounds; round++)
        {
            _now += TimeSpan.FromSeconds(1);
            foreach (var node in Store.Cluster.Nodes.Where(node => node.Alive))
                node.KeysRead += (long)Rate(node);
            Store.Lending(Barrier);
            var view = Store.Cluster.View();
            Store.Reconcile(stopAfter == int.MaxValue ? steps : 1, stopAfter);
            if (Store.Last.Phase == StorePhase.Lending)
                Expect(view);
            Store.Cluster.Nodes.ShouldAllBe(node => !node.NoFailover || node.Slots.IsEmpty);
        }
    }

    private void Expect(Cluster.StoreView view)
    {
        var change = Store.Last.Steps.ShouldHaveSingleItem().ShouldBeOfType<StoreStep.Migrate>();
        Changes.Add($"{change.Node.Member} to {change.Primary.Member}");
        view.Silent.ShouldBeEmpty();
        view.Nodes.Values.ShouldAllBe(node => node.IsPrimary || node.LinkUp, "the change before is not done yet");
        Store.Goal.Outdated.ShouldBeEmpty();
        var own = Store.Goal.Shards.Single(shard => shard.Members.Contains(change.Node.Member));
        if (own.Members.Contains(change.Primary.Member))
        {
            Returns++;
            return;
        }

        var primary = own.Members.Select(member => view.Nodes[member]).Single(node => node.IsPrimary);
        own.Members.Count(member => member != change.Node.Member && view.Nodes[member].PrimaryId == primary.Id).ShouldBeGreaterThanOrEqualTo(Barrier!.Value);
    }

    // Clients ask the nodes of a shard by lot: its primary, and whoever copies that.
    private double Rate(ModelNode node)
    {
        if ((node.PrimaryId is { } id ? Store.Cluster.Find(id) : node) is not { } primary || primary.Slots.IsEmpty)
            return 0;
        var shard = int.Parse(primary.Member.AsSpan(1, 1));
        var replicas = Store.Cluster.Nodes.Count(other => other is { Alive: true, Synced: true } && other.PrimaryId == primary.Id);
        var total = _reads.ElementAtOrDefault(shard);
        return node == primary ? total / (1 + (replicas * AtReplicas)) : node.Synced ? total * AtReplicas / (1 + (replicas * AtReplicas)) : 0;
    }
}
