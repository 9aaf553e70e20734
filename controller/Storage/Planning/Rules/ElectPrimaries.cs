using Ops.Storage.Cluster;

namespace Ops.Storage.Planning.Rules;

/// <summary>
/// A shard whose primary is silent gets a new one: by the engine's own election where it has one, else by ours, which takes
/// the replica with the highest offset of those that were seen with a whole copy, once all others of the shard were asked for
/// theirs: an engine that elects nobody also promotes a replica that has begun to copy and holds next to nothing. A shard
/// without any copy left, and a lost majority, are for a person to decide.
/// </summary>
internal sealed class ElectPrimaries : IStoreRule
{
    public StorePlan? Next(StoreState state)
    {
        StorePlan? waiting = null;
        foreach (var shard in state.Shards)
        {
            if (shard.Silent is not { } silent)
                continue;
            if (Candidate(state.Goal, shard, silent) is not { } candidate)
            {
                state.Problems.Add(new StoreProblem("ShardLost", $"{silent.Slots.Count} slots of shard {shard.Goal.Name} are served by nobody: {silent.Member} does not answer and {Nobody(shard, silent)}; bring {silent.Member} back with its volume, or restore the shard from a backup."));
                continue;
            }

            var (answering, of, voters) = Votes(state);
            var quorum = answering * 2 > of;
            if (!quorum && !state.Goal.TakeoverApproved)
            {
                state.Problems.Add(new StoreProblem("QuorumLost", $"only {answering} of {of} {voters} answer, too few for an election; bring members back, or approve a takeover, which may lose acknowledged writes."));
                continue;
            }

            if (quorum && state.Goal.EngineElects)
                waiting ??= new StorePlan(StorePhase.Waiting, $"the engine elects a primary in place of {silent.Member}", []);
            // A node that no silent member can be runs nowhere: there is nothing to wait for.
            else if (state.View.Silent.TryGetValue(silent.Member, out var since) && since < state.Goal.FailoverAfter)
                waiting ??= new StorePlan(StorePhase.Waiting, $"{silent.Member} does not answer; after {state.Goal.FailoverAfter.TotalSeconds:0.#} s {candidate.Member} takes its place", []);
            else if (Unheard(state, shard, silent) is { } unheard)
                waiting ??= new StorePlan(StorePhase.Waiting, $"{unheard} does not answer and may have more than {candidate.Member}; after {state.Goal.FailoverAfter.TotalSeconds:0.#} s that one is taken without it", []);
            else
                return new StorePlan(StorePhase.FailingOver, $"{candidate.Member} takes the place of {silent.Member}", [new StoreStep.Promote(candidate, Takeover: !quorum)]);
        }

        return waiting;
    }

    // Where the engine elects, a majority of the primaries that have slots must answer for an election to be one. Where we do,
    // nobody votes, and a store of one or two shards could never replace a primary by that count: a majority of all members but
    // the silent one must answer, so that it is that one which is cut off, and not we.
    private static (int Answering, int Of, string Voters) Votes(StoreState state)
    {
        if (state.Goal.EngineElects)
            return (state.Members.Count(node => !state.Ownership.Of(node.Id).IsEmpty), state.Ownership.Owners.Count(), "primaries");
        return (state.Members.Count(), Math.Max(1, state.Goal.Members.Count() - 1), "other members");
    }

    // A replica that missed just this look may be the one that confirmed the last writes.
    private static string? Unheard(StoreState state, ShardState shard, SilentPrimary silent) => shard.Goal.Members.FirstOrDefault(member =>
        member != silent.Member && state.View.Silent.TryGetValue(member, out var since) && since < state.Goal.FailoverAfter);

    private static NodeView? Candidate(StoreGoal goal, ShardState shard, SilentPrimary silent) => shard.Nodes
        .Where(node => node.PrimaryId == silent.Id)
        .Where(node => goal.EngineElects || (!node.Copying && goal.Copies.GetValueOrDefault(node.Member) is { } copy && copy.Of == silent.Id && copy.Offset <= node.Offset))
        .OrderByDescending(node => node.Offset)
        .ThenBy(node => node.Member, StringComparer.Ordinal)
        .FirstOrDefault();

    private static string Nobody(ShardState shard, SilentPrimary silent) => shard.Nodes.Where(node => node.PrimaryId == silent.Id).Select(node => node.Member).ToList() is { Count: > 0 } partial
        ? $"{string.Join(", ", partial)} has no whole copy of it"
        : "no replica of it does";
}
