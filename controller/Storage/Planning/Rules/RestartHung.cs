using Ops.Storage.Cluster;

namespace Ops.Storage.Planning.Rules;

/// <summary>
/// A member that hangs starts anew: its process runs and takes connections, so that no probe of a port sees it, and it says
/// nothing to anybody. This comes before all that waits for members. Where another can take its place that was done long
/// before; where nobody can, its slots are served by nobody until it is back. It keeps its volume, so it comes back with
/// what it had written.
/// </summary>
/// <remarks>
/// One at a time, and only where it is the member that is cut off, and not we: most of the others answer us and do not hear
/// of it either.
/// </remarks>
internal sealed class RestartHung : IStoreRule
{
    // No pause of an engine, a machine or a collector of garbage that ends by itself lasts so long; the kubelet's own probe of
    // the port takes as much.
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public StorePlan? Next(StoreState state)
    {
        var others = state.Goal.Members.Count() - 1;
        if (state.Members.Count() * 2 <= others || state.Goal.Members.Any(member => IsOnItsWay(state, member)))
            return null;
        // The one whose slots nobody serves comes first.
        var hung = state.Goal.Members.Where(member => Hangs(state, member)).MaxBy(member => SlotsOf(state, member));
        return hung is null
            ? null
            : new StorePlan(StorePhase.Restarting, $"{hung} hangs: it has answered nobody for {Patience.TotalSeconds:0} s, so it starts anew with its volume", [new StoreStep.Restart(hung, Hangs: true)]);
    }

    // Two that are away at once may be all that a shard has.
    private static bool IsOnItsWay(StoreState state, string member) =>
        !state.View.Nodes.ContainsKey(member) && state.Goal.Ages.GetValueOrDefault(member) < Patience;

    // One whose process does not run is its kubelet's to start.
    private static bool Hangs(StoreState state, string member) =>
        state.View.Mute.GetValueOrDefault(member) >= Patience && !state.Goal.Down.Contains(member) && NobodyHears(state, member);

    // Nodes that elect agree on who has failed, and tell. The others know no more than that a connection is open, which is the
    // kernel's doing; there those that answer us are all the evidence, as for an election of ours.
    private static bool NobodyHears(StoreState state, string member)
    {
        if (!state.Goal.EngineElects)
            return true;
        var words = state.Goal.Identities.TryGetValue(member, out var id) ? state.Members.Select(node => node.Peer(id)).OfType<PeerView>().ToList() : [];
        return words.Count > 0 && words.TrueForAll(peer => peer.Failed || peer.Unheard);
    }

    private static int SlotsOf(StoreState state, string member) => state.Goal.Identities.TryGetValue(member, out var id) ? state.Ownership.Of(id).Count : 0;
}
