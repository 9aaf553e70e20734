namespace Ops.Rca;

/// <summary>From a suspected cause to the symptom, service by service.</summary>
/// <param name="Services">The cause first.</param>
/// <param name="LagSeconds">Sum of the lags of the edges whose lag is known; null if none is.</param>
public sealed record CausalPath(IReadOnlyList<string> Services, double? LagSeconds)
{
    /// <summary>"db -> cart -> frontend".</summary>
    public override string ToString() => string.Join(" -> ", Services);
}

/// <summary>What stands behind a ranking: who moved when, who led whom, and how the cause reached the symptom.</summary>
/// <param name="Graph">Edges among the metrics that moved most, or why there are none.</param>
/// <param name="Paths">From each of the first suspects to the symptom (to what moved last, if none was told).</param>
/// <param name="Deviations">Every metric that left its usual range, the earliest first.</param>
/// <param name="Apart">Incidents that run at once and are told apart; empty where one cause explains all.</param>
/// <param name="Notes">What a reader should know.</param>
public sealed record Explanation(
    CausalGraph Graph, IReadOnlyList<CausalPath> Paths, IReadOnlyList<FirstDeviation> Deviations, IReadOnlyList<SeparateIncident> Apart, IReadOnlyList<string> Notes)
{
    private const int Suspects = 3;
    private const double Moved = 3;

    /// <summary>Explains an analysis of the same incident.</summary>
    /// <param name="incident">What was analysed.</param>
    /// <param name="analysis">Its result.</param>
    /// <param name="test">The test of temporal order; linear by default.</param>
    public static Explanation Of(Incident incident, Analysis analysis, IEdgeTest? test = null)
    {
        var deviations = FirstDeviation.Around(incident, analysis.Onset);
        var evidence = deviations.ToDictionary(first => first.Metric, first => Math.Log(1 + first.Deviations) * first.Metric.Kind.Weight());
        var graph = TemporalOrder.Of(incident, analysis.Onset, [.. incident.Observed.Metrics.Select(metric => evidence.GetValueOrDefault(metric))], test ?? new LinearGranger());
        var services = deviations.Where(first => first.Deviations >= Moved && first.Metric.Kind.Weight() == 1).Select(first => first.Metric.Service).Distinct().ToArray();
        var influences = Influences(incident, graph);
        var target = incident.Symptom ?? (services.Length > 0 ? services[^1] : null);
        var paths = target is null ? [] : analysis.Services.Take(Suspects).Select(cause => Path(cause.Service, target, influences)).OfType<CausalPath>().ToArray();
        var notes = new List<string>();
        if (graph.Abstained is { } why)
            notes.Add($"No temporal order was tested: {why}.");
        var apart = Separation.Of(incident, analysis, deviations);
        if (apart.Count > 0)
            notes.Add($"There seem to be {apart.Count} incidents at once, each with a cause of its own: {string.Join("; ", apart.Select(one => $"{one.Cause} (moved: {string.Join(", ", one.Services)})"))}.");
        return new Explanation(graph, paths, deviations, apart, notes);
    }

    // Influence runs from callee to caller, and from cause to effect of an edge that was found.
    private static Dictionary<string, Dictionary<string, double?>> Influences(Incident incident, CausalGraph graph)
    {
        var influences = new Dictionary<string, Dictionary<string, double?>>();
        foreach (var call in incident.Calls.Where(call => call.Caller != call.Callee))
            Of(call.Callee).TryAdd(call.Caller, null);
        foreach (var edge in graph.Edges.Where(edge => edge.Cause.Service != edge.Effect.Service).Reverse())
            Of(edge.Cause.Service)[edge.Effect.Service] = edge.LagSeconds;
        return influences;

        Dictionary<string, double?> Of(string service) => influences.TryGetValue(service, out var to) ? to : influences[service] = [];
    }

    // The shortest in edges; among those the one that came first by name, so that it does not depend on order of input.
    private static CausalPath? Path(string from, string to, Dictionary<string, Dictionary<string, double?>> influences)
    {
        if (from == to)
            return null;
        var came = new Dictionary<string, string> { [from] = "" };
        var queue = new Queue<string>([from]);
        while (queue.TryDequeue(out var service) && service != to)
            foreach (var next in influences.GetValueOrDefault(service, []).Keys.Order(StringComparer.Ordinal))
                if (came.TryAdd(next, service))
                    queue.Enqueue(next);
        if (!came.ContainsKey(to))
            return null;
        var path = new List<string>();
        for (var service = to; service.Length > 0; service = came[service])
            path.Insert(0, service);
        var lags = path.Zip(path.Skip(1), (a, b) => influences[a][b]).OfType<double>().ToArray();
        return new CausalPath(path, lags.Length > 0 ? lags.Sum() : null);
    }
}
