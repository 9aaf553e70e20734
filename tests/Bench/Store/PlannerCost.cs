using System.Collections.Immutable;
using System.Diagnostics;
using Ops.Storage.Cluster;
using Ops.Storage.Planning;
using Ops.Storage.Slots;

namespace Ops.Bench.Store;

/// <summary>What one plan costs at 100 nodes that each know all others, with a load for each of the 16,384 slots.</summary>
internal static class PlannerCost
{
    private const int Shards = 50;
    private const int Members = 2;
    private const int Seed = 1;

    /// <summary>Median of some plans, in ms: of a store at rest, and of one that moves slots for balance.</summary>
    internal static (double AtRest, double Moving) Measure(int plans)
    {
        var rest = Median(plans, View(1), Goal(RebalanceMode.Load, 10));
        var moving = Median(plans, View(4), Goal(RebalanceMode.Load, 1.1));
        return (rest, moving);
    }

    private static double Median(int plans, StoreView view, StoreGoal goal)
    {
        // The first without a clock, so that the compiler's work is not the planner's.
        var expected = goal.TargetSkew < 2 ? StorePhase.Rebalancing : StorePhase.Steady;
        if (StorePlanner.Next(view, goal) is var plan && plan.Phase != expected)
            throw new BenchCannotRunException($"the planner answers {plan.Phase} ({plan.Reason}) where the bench means to measure {expected}");
        for (var i = 0; i < plans; i++)
            StorePlanner.Next(view, goal);
        var times = new double[plans];
        for (var i = 0; i < plans; i++)
        {
            var began = Stopwatch.GetTimestamp();
            StorePlanner.Next(view, goal);
            times[i] = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        }

        return times.Order().ElementAt(plans / 2);
    }

    private static StoreGoal Goal(RebalanceMode mode, double skew) => new()
    {
        Shards = [.. Enumerable.Range(0, Shards).Select(shard => new ShardGoal($"s{shard}", [.. Enumerable.Range(0, Members).Select(ordinal => Member(shard, ordinal))]))],
        Formed = true,
        Identities = Enumerable.Range(0, Shards).SelectMany(shard => Enumerable.Range(0, Members).Select(ordinal => (shard, ordinal))).ToImmutableDictionary(one => Member(one.shard, one.ordinal), one => Id(one.shard, one.ordinal)),
        Rebalance = mode,
        TargetSkew = skew,
        MaxSteps = 64,
    };

    // Slots are dealt out in turn, as after many moves, so that every node's set is as ragged as it can be.
    private static StoreView View(double hotFactor)
    {
        var random = new Random(Seed);
        SlotSet[] slots = [.. Enumerable.Range(0, Shards).Select(shard => SlotSet.Of(Enumerable.Range(0, SlotSet.Slots).Where(slot => slot % Shards == shard)))];
        var peers = Enumerable.Range(0, Shards).SelectMany(shard => Enumerable.Range(0, Members).Select(ordinal =>
            new PeerView(Id(shard, ordinal), Address(shard, ordinal), true, false, ordinal == 0 ? null : Id(shard, 0), ordinal == 0 ? slots[shard] : SlotSet.Empty, shard + 1))).ToList();
        return new StoreView
        {
            Nodes = peers.Select((peer, index) => new NodeView
            {
                Member = Member(index / Members, index % Members),
                Id = peer.Id,
                Address = peer.Address,
                PrimaryId = peer.PrimaryId,
                Slots = peer.Slots,
                Epoch = peer.Epoch,
                LinkUp = peer.PrimaryId is not null,
                Peers = [.. peers.Where(other => other.Id != peer.Id)],
            }).ToImmutableSortedDictionary(node => node.Member, node => node),
            SlotLoad = [.. Enumerable.Range(0, SlotSet.Slots).Select(slot => (slot % Shards < 5 ? hotFactor : 1) * (0.5 + random.NextDouble()))],
        };
    }

    private static string Member(int shard, int ordinal) => $"s{shard}-{ordinal}";

    private static string Id(int shard, int ordinal) => $"id-{shard}-{ordinal}";

    private static StoreAddress Address(int shard, int ordinal) => new($"10.0.{shard}.{ordinal + 1}", 6379);
}
