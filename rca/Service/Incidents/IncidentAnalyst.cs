using Ops.Rca.Service.Detection;
using Ops.Rca.Service.Topology;
using Ops.Rca.Sources;

namespace Ops.Rca.Service.Incidents;

/// <summary>A ranking, and what it was made from.</summary>
/// <param name="Ranking">The library's result.</param>
/// <param name="Start">First time of the table.</param>
/// <param name="End">Last time of the table.</param>
/// <param name="Metrics">Columns of the table.</param>
/// <param name="Moved">When each service moved first, where it did; in seconds since 1970.</param>
/// <param name="Calls">The calls among its services.</param>
internal sealed record AnalysedIncident(
    Analysis Ranking, double Start, double End, int Metrics, IReadOnlyDictionary<string, double> Moved, IReadOnlyList<CallEdge> Calls);

/// <summary>Cuts out of the history what an incident can have touched, and has the library rank its causes.</summary>
internal static class IncidentAnalyst
{
    // The library's cost grows with the metrics; 1,000 by 240 rows take it 0.2 s.
    private const int MaxMetrics = 1000;

    /// <summary>The library's input; null if there is nothing to compare with.</summary>
    public static Incident? InputOf(TrackedIncident incident, SignalHistory history, IReadOnlyList<Movement> moved, CallGraph graph)
    {
        var metrics = AnalysisView.Of([.. Enumerable.Range(0, history.Signals).Select(history.Signal)]);
        var isMoved = moved.Select(movement => movement.Signal).ToHashSet();
        var columns = Enumerable.Range(0, history.Signals)
            .Where(i => metrics[i] is { } metric && incident.Services.Any(service => graph.AreConnected(service, metric.Service)))
            .OrderByDescending(i => isMoved.Contains(history.Signal(i)!)).ThenByDescending(i => metrics[i]!.Kind.Weight()).ThenBy(i => i)
            .Take(MaxMetrics)
            .Where(i => Enumerable.Range(0, history.Rows).Any(row => float.IsFinite(history.Value(i, row))))
            .ToArray();
        var times = Enumerable.Range(0, history.Rows).Select(history.Time).ToArray();
        if (columns.Length == 0 || times.Length < 3 || !times.Any(time => time < incident.Onset))
            return null;
        var table = new MetricTable(
            times,
            [.. columns.Select(i => metrics[i]!)],
            [.. columns.Select(i => Enumerable.Range(0, history.Rows).Select(row => (double)history.Value(i, row)).ToArray())]);
        var services = table.Metrics.Select(metric => metric.Service).ToHashSet();
        return new Incident
        {
            Name = incident.Name,
            Observed = table,
            Calls = [.. graph.Calls.Where(edge => services.Contains(edge.Caller) || services.Contains(edge.Callee))],
            Onset = incident.Onset,
            Symptom = incident.Symptoms.First().Signal.Metric.Service,
        };
    }

    /// <summary>Ranks. Takes processor time: callers do it apart from their round.</summary>
    public static AnalysedIncident Run(Incident input, IReadOnlyList<Movement> moved)
    {
        var first = new Dictionary<string, double>();
        foreach (var movement in moved)
        {
            var service = movement.Signal.Metric.Service;
            first[service] = Math.Min(first.GetValueOrDefault(service, double.PositiveInfinity), movement.Since);
        }

        return new AnalysedIncident(RootCauseAnalysis.Run(input), input.Observed.Times[0], input.Observed.Times[^1], input.Observed.Metrics.Count, first, input.Calls);
    }
}
