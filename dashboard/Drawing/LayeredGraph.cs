namespace Ops.Dashboard.Drawing;

/// <summary>A box of a graph.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Column">Steps from where influence or traffic comes in, from the left.</param>
/// <param name="Row">Place in its column, from above; halves where a column is shorter than the longest.</param>
internal sealed record GraphNode(string Id, int Column, double Row);

/// <summary>An arrow between two boxes.</summary>
/// <param name="From">Where it begins.</param>
/// <param name="To">Where it ends.</param>
/// <param name="IsBack">It runs against the columns, so it closes a circle.</param>
internal sealed record GraphLink(GraphNode From, GraphNode To, bool IsBack);

/// <summary>
/// Boxes in columns so that arrows run from left to right, and in rows so that few of them cross: each box goes to the
/// mean row of its neighbours, a few times over (the barycentre method of Sugiyama, Tagawa and Toda, 1981).
/// </summary>
internal sealed record LayeredGraph(IReadOnlyList<GraphNode> Nodes, IReadOnlyList<GraphLink> Links)
{
    private const int Sweeps = 4;

    // Boxes without an arrow stand in lines below the others.
    private const int Abreast = 5;

    /// <summary>Columns in use.</summary>
    public int Columns => Nodes.Count == 0 ? 0 : Nodes.Max(node => node.Column) + 1;

    /// <summary>Rows in use.</summary>
    public int Rows => Nodes.Count == 0 ? 0 : (int)Math.Ceiling(Nodes.Max(node => node.Row)) + 1;

    /// <summary>Lays out a graph; arrows to unknown boxes and from a box to itself are left out.</summary>
    /// <param name="ids">The boxes, in the order that equals keep.</param>
    /// <param name="edges">The arrows.</param>
    /// <param name="most">Columns at most; what would lie further right stays in the last.</param>
    public static LayeredGraph Of(IReadOnlyList<string> ids, IReadOnlyList<(string From, string To)> edges, int most = 7)
    {
        var known = ids.ToHashSet(StringComparer.Ordinal);
        var arrows = edges.Where(edge => edge.From != edge.To && known.Contains(edge.From) && known.Contains(edge.To)).Distinct().ToList();
        var back = BackEdges(ids, arrows);
        var columns = ColumnsOf(ids, [.. arrows.Where(arrow => !back.Contains(arrow))], most);
        var joined = arrows.SelectMany(arrow => (string[])[arrow.From, arrow.To]).ToHashSet(StringComparer.Ordinal);
        var nodes = PlacesOf([.. ids.Where(joined.Contains)], arrows, columns).ToDictionary(node => node.Id, StringComparer.Ordinal);
        var below = nodes.Count == 0 ? 0 : (int)Math.Ceiling(nodes.Values.Max(node => node.Row)) + 1;
        foreach (var (id, i) in ids.Where(id => !joined.Contains(id)).Select((id, i) => (id, i)))
            nodes[id] = new(id, i % Abreast, below + (i / Abreast));
        return new([.. ids.Select(id => nodes[id])], [.. arrows.Select(arrow => new GraphLink(nodes[arrow.From], nodes[arrow.To], nodes[arrow.To].Column <= nodes[arrow.From].Column))]);
    }

    // An arrow into the path that is being walked closes a circle; without those the graph has none.
    private static HashSet<(string, string)> BackEdges(IReadOnlyList<string> ids, List<(string From, string To)> arrows)
    {
        var next = arrows.ToLookup(arrow => arrow.From, arrow => arrow.To, StringComparer.Ordinal);
        var (back, done, path) = (new HashSet<(string, string)>(), new HashSet<string>(), new HashSet<string>());
        void Walk(string id)
        {
            path.Add(id);
            foreach (var to in next[id])
            {
                if (path.Contains(to))
                    back.Add((id, to));
                else if (!done.Contains(to))
                    Walk(to);
            }

            path.Remove(id);
            done.Add(id);
        }

        foreach (var id in ids)
            if (!done.Contains(id))
                Walk(id);
        return back;
    }

    private static Dictionary<string, int> ColumnsOf(IReadOnlyList<string> ids, List<(string From, string To)> arrows, int most)
    {
        var columns = ids.ToDictionary(id => id, _ => 0, StringComparer.Ordinal);
        // The longest way to each box; without circles it is found in as many rounds as there are columns.
        for (var round = 0; round < most; round++)
            foreach (var (from, to) in arrows)
                columns[to] = Math.Max(columns[to], Math.Min(columns[from] + 1, most - 1));
        return columns;
    }

    private static IEnumerable<GraphNode> PlacesOf(IReadOnlyList<string> ids, List<(string From, string To)> arrows, Dictionary<string, int> columns)
    {
        var neighbours = arrows.Concat(arrows.Select(arrow => (From: arrow.To, To: arrow.From))).ToLookup(arrow => arrow.From, arrow => arrow.To, StringComparer.Ordinal);
        var groups = ids.GroupBy(id => columns[id]).OrderBy(group => group.Key).Select(group => group.ToList()).ToList();
        var longest = groups.Count == 0 ? 0 : groups.Max(group => group.Count);
        var rows = new Dictionary<string, double>(StringComparer.Ordinal);
        void Number(List<string> group)
        {
            for (var i = 0; i < group.Count; i++)
                rows[group[i]] = i + ((longest - group.Count) / 2.0);
        }

        groups.ForEach(Number);
        for (var sweep = 0; sweep < Sweeps; sweep++)
            for (var i = 0; i < groups.Count; i++)
            {
                groups[i] = [.. groups[i].OrderBy(id => neighbours[id].Select(other => rows[other]).DefaultIfEmpty(rows[id]).Average())];
                Number(groups[i]);
            }

        return ids.Select(id => new GraphNode(id, columns[id], rows[id]));
    }
}
