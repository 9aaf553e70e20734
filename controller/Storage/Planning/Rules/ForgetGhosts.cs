namespace Ops.Storage.Planning.Rules;

/// <summary>
/// A node that has failed, has no slots and whose member now runs under another id will not come back. All members forget
/// it, or gossip would bring it up again and again. An engine that elects nobody calls nobody failed either: there a node that
/// cannot be reached is meant.
/// </summary>
internal sealed class ForgetGhosts : IStoreRule
{
    public StorePlan? Next(StoreState state)
    {
        // The last known id of a silent member is no ghost: the member may come back with it.
        var expected = state.Goal.Members
            .Select(member => state.View.Nodes.TryGetValue(member, out var node) ? node.Id : state.Goal.Identities.GetValueOrDefault(member))
            .ToHashSet();
        var steps = new List<StoreStep>();
        foreach (var node in state.Members)
        {
            foreach (var peer in node.Peers)
            {
                if ((peer.Failed || (!state.Goal.EngineElects && !peer.Connected)) && !expected.Contains(peer.Id) && state.Ownership.Of(peer.Id).IsEmpty && node.PrimaryId != peer.Id)
                    steps.Add(new StoreStep.Forget(node, peer.Id));
            }
        }

        return steps.Count == 0 ? null : new StorePlan(StorePhase.Repairing, $"{steps.Count} memories of nodes that are gone are removed", [.. steps]);
    }
}
