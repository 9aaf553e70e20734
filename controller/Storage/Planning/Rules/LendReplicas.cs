using System.Collections.Immutable;
using Ops.Storage.Cluster;

namespace Ops.Storage.Planning.Rules;

/// <summary>
/// A replica of the coldest shard serves the reads of the hottest one, where no move of slots helps: the rule comes after all
/// that has something to repair, to restart or to move, and does nothing unless every member answers and follows. One replica
/// changes its shard at a time. It goes back when the reads even out, or its own shard needs it.
/// </summary>
/// <remarks>
/// Compared is what a node of each shard reads over the mean of all nodes, which lending does not change. A shard borrows at
/// 1.5 times that mean, from one that stays at or below 1.25 without the replica; the replica goes back once the borrower would
/// stay below 1.25 without it, or the lender comes to 1.5. So each change lowers the busiest node, what it does is no reason
/// to undo it, and a steady load comes to rest. All must hold in every part of the window, and the window begins anew with
/// each change: a change is at least a window away from the one before.
/// </remarks>
internal sealed class LendReplicas : IStoreRule
{
    private const double Hot = 1.5;
    private const double Cool = 1.25;

    // Keys a second of each node. A node reads some 100,000: below a thousandth of that a copy of a shard is not worth it.
    private const double WorthLending = 100;

    // A replica that reads less than half of what a node of its shard reads on average is one that its clients do not ask
    // (READONLY), and nor would they ask another; below a quarter one that was lent is of no use.
    private const double Asked = 0.5;
    private const double Ignored = 0.25;

    public StorePlan? Next(StoreState state)
    {
        if (state.Goal.MigrationBarrier is not { } barrier || state.View.Reads.IsEmpty || !IsCalm(state))
            return null;
        ImmutableArray<Readers> shards = [.. state.Shards.Select(shard => Readers.Of(state, shard))];
        ImmutableArray<double> means = [.. Enumerable.Range(0, state.View.Reads.Length).Select(part => shards.Sum(shard => shard.All[part]) / shards.Sum(shard => shard.Nodes))];
        return TakeBack(shards, means) ?? Lend(shards, means, barrier);
    }

    // All that a replica may be needed for elsewhere, or that would make a load be seen which is not there tomorrow.
    private static bool IsCalm(StoreState state) =>
        state.Goal is { Formed: true, Filled: true, MovesHeld: null, Outdated.IsEmpty: true }
        && state.Problems.All(problem => problem.Reason == "HotSlot")
        && state.Goal.Members.All(state.View.Nodes.ContainsKey)
        && state.Shards.All(shard => !shard.Goal.Leaving && shard.Primary is { Serves: true } primary && shard.Nodes.All(node => node == primary || node is { IsPrimary: false, LinkUp: true, Copying: false }));

    private static StorePlan? TakeBack(ImmutableArray<Readers> shards, ImmutableArray<double> means)
    {
        foreach (var borrower in shards)
        {
            foreach (var guest in borrower.Guests)
            {
                var lender = shards.First(shard => shard.Shard.Nodes.Contains(guest));
                if (Why(borrower, lender) is { } why)
                    return new StorePlan(StorePhase.Lending, $"{guest.Member} goes back to shard {lender.Name}: {why}", [new StoreStep.Migrate(guest, lender.Shard.Primary!)]);
            }
        }

        return null;

        string? Why(Readers borrower, Readers lender)
        {
            if (lender.Always(part => lender.Each(part) >= Math.Max(WorthLending, Hot * means[part])))
                return $"its nodes read {lender.Over(means):0.0} times the mean themselves";
            if (borrower.Always(part => borrower.Each(part, borrower.Nodes - 1) < Math.Max(WorthLending * Cool / Hot, Cool * means[part])))
                return $"the reads of shard {borrower.Name} have evened out";
            return borrower.Always(part => borrower.EachReplica(part) < Ignored * borrower.Each(part)) ? $"clients read from the primary of shard {borrower.Name} only" : null;
        }
    }

    private static StorePlan? Lend(ImmutableArray<Readers> shards, ImmutableArray<double> means, int barrier)
    {
        var hottest = shards
            .Where(shard => shard.IsWhole && shard.Nodes > 1)
            .Where(shard => shard.Always(part => shard.Each(part) >= Math.Max(WorthLending, Hot * means[part]) && shard.EachReplica(part) >= Asked * shard.Each(part)))
            .MaxBy(shard => shard.Over(means));
        if (hottest is null)
            return null;
        var coldest = shards
            .Where(shard => shard != hottest && shard.Guests.IsEmpty && Spare(shard, hottest, barrier) is not null)
            .Where(shard => shard.Always(part => shard.Each(part, shard.Nodes - 1) <= Cool * means[part]))
            .MinBy(shard => shard.All.Sum() / (shard.Nodes - 1));
        return coldest is null || Spare(coldest, hottest, barrier) is not { } node
            ? null
            : new StorePlan(StorePhase.Lending, $"{node.Member} of shard {coldest.Name} is lent to shard {hottest.Name}, whose nodes read {hottest.Over(means):0.0} times the mean", [new StoreStep.Migrate(node, hottest.Shard.Primary!)]);
    }

    // The one that is least far on, so that the next election of its own shard misses the least.
    private static NodeView? Spare(Readers lender, Readers borrower, int barrier)
    {
        var home = Lending.AtHome(lender.Shard).ToList();
        return home.Count <= barrier
            ? null
            : home.Where(node => node.Peer(borrower.Shard.Primary!.Id) is not null).OrderBy(node => node.Offset).ThenByDescending(node => node.Member, StringComparer.Ordinal).FirstOrDefault();
    }

    /// <summary>A shard and what its nodes read.</summary>
    /// <param name="Shard">The shard.</param>
    /// <param name="Guests">Replicas of other shards that copy its primary.</param>
    /// <param name="Nodes">Its primary, and all that copy it.</param>
    /// <param name="All">Keys a second of these together, by part of the window.</param>
    /// <param name="AtPrimary">Keys a second of the primary alone.</param>
    private sealed record Readers(ShardState Shard, ImmutableArray<NodeView> Guests, int Nodes, ImmutableArray<double> All, ImmutableArray<double> AtPrimary)
    {
        internal string Name => Shard.Goal.Name;

        /// <summary>Whether none of its members is lent.</summary>
        internal bool IsWhole => Nodes - Guests.Length == Shard.Goal.Members.Length;

        internal static Readers Of(StoreState state, ShardState shard)
        {
            var primary = shard.Primary!;
            ImmutableArray<NodeView> replicas = [.. state.Members.Where(node => node.PrimaryId == primary.Id)];
            return new(
                shard,
                [.. replicas.Where(node => !shard.Nodes.Contains(node))],
                replicas.Length + 1,
                [.. state.View.Reads.Select(part => replicas.Append(primary).Sum(node => part.GetValueOrDefault(node.Member)))],
                [.. state.View.Reads.Select(part => part.GetValueOrDefault(primary.Member))]);
        }

        internal bool Always(Func<int, bool> holds) => Enumerable.Range(0, All.Length).All(holds);

        /// <summary>Keys a second of each node in a part of the window.</summary>
        internal double Each(int part) => Each(part, Nodes);

        /// <summary>The same with so many nodes.</summary>
        internal double Each(int part, int nodes) => All[part] / nodes;

        internal double EachReplica(int part) => (All[part] - AtPrimary[part]) / (Nodes - 1);

        /// <summary>What each of its nodes reads over the mean of all nodes, in the whole window.</summary>
        internal double Over(ImmutableArray<double> means) => All.Sum() / Nodes / means.Sum();
    }
}
