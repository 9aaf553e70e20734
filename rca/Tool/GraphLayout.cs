namespace Ops.Rca.Tool;

/// <summary>A service in the picture.</summary>
/// <param name="Service">Its name.</param>
/// <param name="Rank">Its rank; 1 is the most suspect.</param>
/// <param name="Column">Steps from the causes, from the left.</param>
/// <param name="Row">Place in its column, from above.</param>
internal sealed record Node(string Service, double Rank, int Column, int Row);

/// <summary>An influence in the picture.</summary>
/// <param name="From">Who influences.</param>
/// <param name="To">Who is influenced.</param>
/// <param name="Label">Lag, or nothing for a known call without one.</param>
/// <param name="Found">True if the data showed it, false if only the call graph says so.</param>
internal sealed record Link(Node From, Node To, string Label, bool Found);

/// <summary>Which services and influences are drawn, and where: influence runs from left to right where there is no cycle.</summary>
internal sealed record GraphLayout(IReadOnlyList<Node> Nodes, IReadOnlyList<Link> Links)
{
    private const int MostNodes = 14;

    public static GraphLayout Of(Incident incident, Analysis analysis, Explanation explanation)
    {
        var ranks = analysis.Services.ToDictionary(cause => cause.Service, cause => cause.Rank);
        string[] services = [.. explanation.Paths.SelectMany(path => path.Services)
            .Concat(analysis.Services.Take(5).Select(cause => cause.Service))
            .Concat(explanation.Graph.Edges.Take(10).SelectMany(edge => new[] { edge.Cause.Service, edge.Effect.Service }))
            .Where(ranks.ContainsKey).Distinct().Take(MostNodes)];
        var found = explanation.Graph.Edges.Where(edge => edge.Cause.Service != edge.Effect.Service)
            .GroupBy(edge => (From: edge.Cause.Service, To: edge.Effect.Service)).ToDictionary(group => group.Key, group => group.First().LagSeconds);
        var known = incident.Calls.Where(call => call.Caller != call.Callee).Select(call => (From: call.Callee, To: call.Caller)).ToHashSet();
        var links = found.Keys.Union(known).Where(link => services.Contains(link.From) && services.Contains(link.To)).ToArray();
        var columns = Columns(services, links);
        var rows = new Dictionary<int, int>();
        var nodes = services.OrderBy(service => ranks[service]).ThenBy(service => service, StringComparer.Ordinal)
            .ToDictionary(service => service, service => new Node(service, ranks[service], columns[service], rows[columns[service]] = rows.GetValueOrDefault(columns[service], -1) + 1));
        return new GraphLayout([.. nodes.Values], [.. links.Select(link => new Link(
            nodes[link.From], nodes[link.To], found.TryGetValue(link, out var lag) ? $"{lag:0.#} s" : "", found.ContainsKey(link)))]);
    }

    // The longest way from a service that nothing influences; a cycle stops growing after as many rounds as there are services.
    private static Dictionary<string, int> Columns(string[] services, (string From, string To)[] links)
    {
        var columns = services.ToDictionary(service => service, _ => 0);
        for (var round = 0; round < Math.Min(5, services.Length); round++)
            foreach (var (from, to) in links)
                columns[to] = Math.Max(columns[to], Math.Min(columns[from] + 1, 5));
        return columns;
    }
}
