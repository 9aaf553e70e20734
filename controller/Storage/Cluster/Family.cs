namespace Ops.Storage.Cluster;

/// <summary>
/// Tells the nodes of a store from nodes of another cluster that run under a member's name. Two nodes are of one family
/// where one knows the other, and those that the operator remembers as members are of one too: a primary whose only replica
/// lost its volume knows nobody of the others any more, and is not to be taken for a stranger with all their data. The
/// largest family is the store, and a node that knows nobody is new and welcome.
/// </summary>
internal static class Family
{
    /// <summary>The nodes that know somebody, but nobody of the largest family. What they claim is not believed.</summary>
    /// <param name="view">What the nodes said.</param>
    /// <param name="remembered">The last known node ids of the members.</param>
    internal static IReadOnlyList<NodeView> Strangers(StoreView view, IEnumerable<string> remembered)
    {
        var families = new List<HashSet<string>> { remembered.ToHashSet() };
        foreach (var node in view.Nodes.Values.Where(node => !node.Peers.IsEmpty))
        {
            var ids = node.Peers.Select(peer => peer.Id).Append(node.Id).ToHashSet();
            foreach (var family in families.Where(family => family.Overlaps(ids)).ToList())
            {
                ids.UnionWith(family);
                families.Remove(family);
            }

            families.Add(ids);
        }

        var largest = families.MaxBy(family => view.Nodes.Values.Count(node => family.Contains(node.Id)))!;
        return [.. view.Nodes.Values.Where(node => !node.Peers.IsEmpty && !largest.Contains(node.Id))];
    }
}
