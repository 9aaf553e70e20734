namespace Ops.Rca;

/// <summary>One of several incidents that run at the same time.</summary>
/// <param name="Cause">Its most suspect service.</param>
/// <param name="Services">What moved and can have been moved by this cause, in order of name; a victim of two causes stands with both.</param>
/// <param name="Ranking">Its causes, ranked without the services that only another incident explains.</param>
public sealed record SeparateIncident(string Cause, IReadOnlyList<string> Services, Analysis Ranking);

/// <summary>
/// Tells incidents apart that run at once. The most suspect service explains itself, what it calls (a flood), and what
/// calls any of these, as long as the way leads through services that moved. What moved unmistakably and is not explained
/// has a cause of its own: the most suspect service among it. Without a call graph nothing can be told apart.
/// </summary>
public static class Separation
{
    private const double Moved = 3;

    // Only what moved this far, in robust deviations, asks for an explanation of its own: smaller movements are the
    // machine's, or the load's.
    private const double MovedFar = 20;
    private const int MostIncidents = 4;

    /// <summary>The incidents, the one with the most suspect service first; empty where one explains all.</summary>
    /// <param name="incident">What was analysed.</param>
    /// <param name="analysis">Its ranking.</param>
    /// <param name="method">How each is ranked; the default method if null.</param>
    public static IReadOnlyList<SeparateIncident> Of(Incident incident, Analysis analysis, IMethod? method = null) =>
        Of(incident, analysis, FirstDeviation.Around(incident, analysis.Onset), method);

    internal static IReadOnlyList<SeparateIncident> Of(Incident incident, Analysis analysis, IReadOnlyList<FirstDeviation> deviations, IMethod? method = null)
    {
        if (incident.Calls.Count == 0)
            return [];
        var moved = deviations.Where(first => first.Deviations >= Moved && first.Metric.Kind.Weight() == 1)
            .GroupBy(first => first.Metric.Service).ToDictionary(group => group.Key, group => group.Max(first => first.Deviations));
        var groups = Groups(incident, [.. analysis.Services.Select(cause => cause.Service).Where(service => moved.GetValueOrDefault(service) >= MovedFar)], [.. moved.Keys]);
        return groups.Count < 2 ? [] : [.. groups.Select(group =>
        {
            var others = groups.Where(other => other != group).SelectMany(other => other.Members).Except(group.Members).ToHashSet();
            return new SeparateIncident(group.Cause, [.. group.Members.Order(StringComparer.Ordinal)], RootCauseAnalysis.Run(Without(incident, others), method));
        })];
    }

    private static List<(string Cause, HashSet<string> Members)> Groups(Incident incident, List<string> suspects, HashSet<string> moved)
    {
        var callees = incident.Calls.ToLookup(call => call.Caller, call => call.Callee);
        var callers = incident.Calls.ToLookup(call => call.Callee, call => call.Caller);
        var groups = new List<(string Cause, HashSet<string> Members)>();
        while (suspects.Count > 0 && groups.Count < MostIncidents)
        {
            var members = Reach(Reach([suspects[0]], callees, moved), callers, moved);
            groups.Add((suspects[0], members));
            suspects.RemoveAll(members.Contains);
        }

        return groups;
    }

    private static HashSet<string> Reach(HashSet<string> from, ILookup<string, string> edges, HashSet<string> through)
    {
        var reached = new HashSet<string>(from);
        var waiting = new Stack<string>(from);
        while (waiting.TryPop(out var service))
            foreach (var next in edges[service].Where(next => through.Contains(next) && reached.Add(next)))
                waiting.Push(next);
        return reached;
    }

    private static Incident Without(Incident incident, HashSet<string> services)
    {
        var table = incident.Observed;
        int[] kept = [.. Enumerable.Range(0, table.Metrics.Count).Where(m => !services.Contains(table.Metrics[m].Service))];
        return incident with
        {
            Observed = new MetricTable(table.Times, [.. kept.Select(m => table.Metrics[m])], [.. kept.Select(m => table.Columns[m])]),
            Calls = [.. incident.Calls.Where(call => !services.Contains(call.Caller) && !services.Contains(call.Callee))],
            Symptom = incident.Symptom is { } symptom && services.Contains(symptom) ? null : incident.Symptom,
        };
    }
}
