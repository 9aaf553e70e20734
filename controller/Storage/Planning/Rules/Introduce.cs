namespace Ops.Storage.Planning.Rules;

/// <summary>
/// Every member knows every other at its present address. A member is known by its node id: after a restart with a new
/// address the same id is introduced anew, and the engine replaces the address.
/// </summary>
internal sealed class Introduce : IStoreRule
{
    public StorePlan? Next(StoreState state)
    {
        // Also one in doubt that the others know: by meeting again they may come to agree.
        var members = state.Members.Concat(state.Belief.SetApart.Where(one => one.MaySettle).Select(one => one.Node)).ToList();
        // The one with the most to say introduces the others; gossip does the rest.
        var host = state.Members.OrderByDescending(node => state.Ownership.Of(node.Id).Count).ThenByDescending(node => node.Peers.Length).First();
        var steps = new List<StoreStep>();
        var waiting = 0;
        foreach (var other in members.Where(node => node != host))
        {
            foreach (var node in members.Where(node => node != other))
            {
                if (node.Peer(other.Id) is { } peer && (peer.Connected || peer.Address == other.Address))
                    continue;
                if (node == host || node.Peer(other.Id) is not null)
                    steps.Add(new StoreStep.Meet(node, other));
                else
                    waiting++;
            }
        }

        if (steps.Count > 0)
            return new StorePlan(StorePhase.Joining, $"{steps.Count} introductions", [.. steps]);
        return waiting > 0 && !state.Goal.Formed ? new StorePlan(StorePhase.Waiting, "members hear of each other by gossip", []) : null;
    }
}
