namespace Ops.Rca;

/// <summary>The causal graph among the metrics that moved most: only they can be on the way from the cause to the symptom, and so the cost does not grow with the metrics.</summary>
internal static class TemporalOrder
{
    // 24 suspects make 552 ordered pairs.
    private const int MostSuspects = 24;
    private const double BeforeSeconds = 600;
    private const double AfterSeconds = 300;

    /// <summary>Tests the suspects around the onset; abstains where no test could have power.</summary>
    /// <param name="incident">Whose metrics.</param>
    /// <param name="onset">Null for all rows.</param>
    /// <param name="scores">Evidence by metric; 0 is no suspect.</param>
    /// <param name="test">Which test.</param>
    public static CausalGraph Of(Incident incident, double? onset, IReadOnlyList<double> scores, IEdgeTest test)
    {
        var suspects = Enumerable.Range(0, scores.Count).Where(m => scores[m] > 0).OrderByDescending(m => scores[m])
            .ThenBy(m => incident.Observed.Metrics[m].ToString(), StringComparer.Ordinal).ToArray();
        if (suspects.Length < 2)
            return CausalGraph.None("fewer than two metrics moved");
        var table = onset is { } at
            ? incident.Observed.Take(incident.Observed.RowsWhere(time => time >= at - BeforeSeconds && time <= at + AfterSeconds))
            : incident.Observed;
        // One series under several names is tested once, so that no name decides which of them is the cause.
        var classes = EqualSeries.Classes(table, suspects).Take(MostSuspects).ToArray();
        if (EvenSeries.From(table, [.. classes.Select(members => members[0])], out var why, changes: true) is not { } series)
            return CausalGraph.None(why);
        var names = classes.ToDictionary(members => table.Metrics[members[0]], members => members.Select(m => table.Metrics[m]).ToArray());
        var graph = test.Test(series).ToGraph(series);
        return graph with
        {
            Edges = [.. graph.Edges.SelectMany(edge => names[edge.Cause].SelectMany(cause => names[edge.Effect].Select(effect => edge with { Cause = cause, Effect = effect })))],
        };
    }
}
