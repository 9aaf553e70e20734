using Ops.Storage.Cluster;
using Ops.Storage.Planning.Rules;

namespace Ops.Storage.Planning;

/// <summary>
/// Replicas that copy the primary of another shard, to serve its reads. That one is lent is what the cluster itself shows: it
/// is a member of one shard, copies the primary of another, and says nofailover of itself. So whoever goes on after a crash
/// knows it, and a replica that was restarted, and lost the mark with that, goes back.
/// </summary>
internal static class Lending
{
    /// <summary>The shard that a member of another copies; null for one that copies its own, or nobody's.</summary>
    internal static ShardState? Borrower(StoreState state, ShardState own, NodeView node) => node.PrimaryId is { } id
        ? state.Shards.FirstOrDefault(shard => shard != own && (shard.Primary?.Id == id || shard.Silent?.Id == id))
        : null;

    /// <summary>Who is lent to whom, as the end of a sentence; empty for nobody.</summary>
    internal static string Words(StoreState state) => string.Concat(state.Shards.SelectMany(own => own.Nodes
        .Select(node => (node.Member, Borrower: Borrower(state, own, node)))
        .Where(one => one.Borrower is not null)
        .Select(one => $"; {one.Member} is lent to shard {one.Borrower!.Goal.Name}")));

    /// <summary>Members of a shard that follow its primary.</summary>
    internal static IEnumerable<NodeView> AtHome(ShardState shard) =>
        shard.Nodes.Where(node => shard.Primary is { } primary && node.PrimaryId == primary.Id && node.LinkUp);

    /// <summary>Whether a member that copies the primary of another shard is left there.</summary>
    internal static bool MayStay(StoreState state, ShardState own, NodeView node)
    {
        if (Borrower(state, own, node) is not { } borrower)
            return false;
        // Until somebody has taken the silent one's place, this may be the last copy of its keys.
        if (borrower.Silent is not null)
            return true;
        return node.NoFailover
            && !(node.Peer(node.PrimaryId!) is { } known && AttachReplicas.LooksElsewhere(node, known))
            && state.Goal.MigrationBarrier is { } barrier
            && state.Goal.Outdated.IsEmpty
            && ((ShardState[])[own, borrower]).All(shard => !shard.Goal.Leaving && AtHome(shard).Count() >= barrier);
    }
}
