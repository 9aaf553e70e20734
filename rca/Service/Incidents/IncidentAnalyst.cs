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
/// <param name="Order">Who led whom among the metrics that moved most, or why that was not tested.</param>
/// <param name="Apart">Incidents that run at once, if one cause does not explain all.</param>
internal sealed record AnalysedIncident(
    Analysis Ranking, double Start, double End, int Metrics, IReadOnlyDictionary<string, double> Moved, IReadOnlyList<CallEdge> Calls, CausalGraph Order, IReadOnlyList<SeparateIncident> Apart)
{
    /// <summary>For each further incident, the services that the first one's cause does not explain.</summary>
    public IEnumerable<IReadOnlySet<string>> Unexplained => Apart.Skip(1).Select(other => other.Services.Except(Apart[0].Services).ToHashSet());
}

/// <summary>Cuts out of the history what an incident can have touched, and has the library rank its causes.</summary>
internal static class IncidentAnalyst
{
    // The library's cost grows with the metrics; 1,000 by 240 rows take it 0.2 s.
    private const int MaxMetrics = 1000;

    // The detector tells the onset to three rounds, better than a person does: no row long before it has to be thought of.
    private const double RoundsOfDoubt = 3;
    private const double ShortestDoubt = 15;

    /// <summary>The library's input; null if there is nothing to compare with.</summary>
    /// <param name="incident">The incident.</param>
    /// <param name="history">Every signal's values.</param>
    /// <param name="detector">What has left its normal range, and what was out of it before.</param>
    /// <param name="graph">Who calls whom.</param>
    /// <param name="foreign">Services that belong to other open incidents alone.</param>
    public static Incident? InputOf(TrackedIncident incident, SignalHistory history, ShiftDetector detector, CallGraph graph, IReadOnlySet<string> foreign)
    {
        var metrics = AnalysisView.Of([.. Enumerable.Range(0, history.Signals).Select(history.Signal)]);
        var isMoved = detector.Moved.Select(movement => movement.Signal).ToHashSet();
        var columns = Enumerable.Range(0, history.Signals)
            .Where(i => metrics[i] is { } metric && !foreign.Contains(metric.Service) && incident.Services.Any(service => graph.AreConnected(service, metric.Service)))
            .OrderByDescending(i => isMoved.Contains(history.Signal(i)!)).ThenByDescending(i => metrics[i]!.Kind.Weight()).ThenBy(i => i)
            .Take(MaxMetrics)
            .Where(i => Enumerable.Range(0, history.Rows).Any(row => float.IsFinite(history.Value(i, row))))
            .ToArray();
        var times = Enumerable.Range(0, history.Rows).Select(history.Time).ToArray();
        if (columns.Length == 0 || times.Length < 3 || !times.Any(time => time < incident.Onset))
            return null;
        double[][] values = [.. columns.Select(i => Enumerable.Range(0, history.Rows).Select(row => Value(i, row)).ToArray())];
        var before = times.Count(time => time < incident.Onset);
        var table = new MetricTable(times, [.. columns.Zip(values, (i, column) => metrics[i]! with { Resolution = Resolution(metrics[i]!.Kind, column, before) })], values);
        var services = table.Metrics.Select(metric => metric.Service).ToHashSet();
        return new Incident
        {
            Name = incident.Name,
            Observed = table,
            Calls = [.. graph.Calls.Where(edge => (services.Contains(edge.Caller) || services.Contains(edge.Callee)) && !foreign.Contains(edge.Caller) && !foreign.Contains(edge.Callee))],
            Onset = incident.Onset,
            OnsetWithin = Math.Max(ShortestDoubt, RoundsOfDoubt * table.StepSeconds),
            Symptom = incident.Symptoms.First().Signal.Metric.Service,
        };

        // An earlier incident would make this one look small beside it.
        double Value(int signal, int row) =>
            times[row] < incident.Onset && detector.WasAway(signal, times[row]) ? double.NaN : history.Value(signal, row);
    }

    // What the detector would call no deviation is none for the ranking either. A gauge that counts moves by whole ones, and
    // by one now and then: two of them are the least that tells something.
    private static double Resolution(MetricKind kind, double[] column, int before)
    {
        var sorted = column.Take(before).Where(double.IsFinite).Order().ToArray();
        var least = Reference.LeastScale(kind, sorted.Length > 0 ? (float)sorted[sorted.Length / 2] : 0);
        return kind == MetricKind.Resource && Array.TrueForAll(column, value => double.IsNaN(value) || double.IsInteger(value)) ? Math.Max(0.5, least) : least;
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

        var ranking = RootCauseAnalysis.Run(input);
        var explanation = Explanation.Of(input, ranking);
        return new AnalysedIncident(
            ranking, input.Observed.Times[0], input.Observed.Times[^1], input.Observed.Metrics.Count, first, input.Calls, explanation.Graph, explanation.Apart);
    }
}
