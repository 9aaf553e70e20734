using System.Collections.Immutable;
using Ops.Storage.Slots;

namespace Ops.Storage.Cluster;

/// <summary>Who has which slots, from all claims together: of two claims on one slot the higher epoch wins, as in the engine.</summary>
public sealed class Ownership
{
    private readonly ImmutableDictionary<string, SlotSet> _byId;

    private Ownership(ImmutableDictionary<string, SlotSet> byId, SlotSet covered)
    {
        _byId = byId;
        Covered = covered;
    }

    /// <summary>Slots that somebody has.</summary>
    public SlotSet Covered { get; }

    /// <summary>Ids of all nodes that have a slot.</summary>
    public IEnumerable<string> Owners => _byId.Keys;

    /// <summary>
    /// Resolves the claims of a view. What a node says of itself counts before hearsay of the same epoch; hearsay about a
    /// node that answered does not count at all, and hearsay that fewer than half of the nodes repeat counts only for slots
    /// that nobody else claims.
    /// </summary>
    public static Ownership Of(StoreView view)
    {
        ArgumentNullException.ThrowIfNull(view);
        var answered = view.Nodes.Values.Select(node => node.Id).ToHashSet();
        var tellers = view.Nodes.Values.Count(node => !node.Peers.IsEmpty);
        var own = view.Nodes.Values.Select(node => (node.Id, node.Epoch, node.Slots, Own: true, Common: true));
        var hearsay = view.Nodes.Values
            .SelectMany(node => node.Peers)
            .Where(peer => !answered.Contains(peer.Id) && !peer.Slots.IsEmpty)
            .GroupBy(peer => (peer.Id, peer.Epoch, peer.Slots))
            .Select(said => (said.Key.Id, said.Key.Epoch, said.Key.Slots, Own: false, Common: said.Count() * 2 >= tellers));
        var claims = own.Concat(hearsay)
            .Where(claim => !claim.Slots.IsEmpty)
            .OrderByDescending(claim => claim.Common)
            .ThenByDescending(claim => claim.Epoch)
            .ThenByDescending(claim => claim.Own)
            .ThenBy(claim => claim.Id, StringComparer.Ordinal);

        var covered = SlotSet.Empty;
        var byId = ImmutableDictionary.CreateBuilder<string, SlotSet>();
        foreach (var (id, _, slots, _, _) in claims)
        {
            var won = slots.Except(covered);
            if (won.IsEmpty)
                continue;
            byId[id] = byId.TryGetValue(id, out var more) ? more.Union(won) : won;
            covered = covered.Union(won);
        }

        return new Ownership(byId.ToImmutable(), covered);
    }

    /// <summary>The slots of a node; empty when it has none.</summary>
    public SlotSet Of(string id) => _byId.GetValueOrDefault(id, SlotSet.Empty);
}
