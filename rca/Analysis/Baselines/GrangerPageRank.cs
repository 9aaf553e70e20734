namespace Ops.Rca;

/// <summary>
/// The common construction of the literature: Granger causality between metrics, every pair below 5 % an edge without
/// correction, and PageRank on the edges from effects to causes. It looks at no size of any shift. Of more than 100
/// metrics the 100 that vary most around their mean are tested; where no test has power, all share one rank.
/// </summary>
public sealed class GrangerPageRank : IMethod
{
    private const int MostMetrics = 100;
    private const double Damping = 0.85;

    /// <inheritdoc/>
    public string Name => "granger-pagerank";

    /// <inheritdoc/>
    public Scores Score(Incident incident, double? onset)
    {
        var table = incident.Observed;
        var scores = new double[table.Metrics.Count];
        var chosen = EqualSeries.Classes(table, Enumerable.Range(0, scores.Length).OrderByDescending(m => Spread(table.Columns[m]))).Take(MostMetrics).ToArray();
        if (EvenSeries.From(table, [.. chosen.Select(members => members[0])], out _) is not { } series)
            return Scores.FromMetrics(incident, scores);
        var tests = new LinearGranger().Test(series);
        var count = series.Metrics.Count;
        var edges = new List<(int From, int To, double Weight)>();
        for (var effect = 0; effect < count; effect++)
            for (var cause = 0; cause < count; cause++)
                if (effect != cause && tests.Probability[effect, cause] < 0.05)
                    edges.Add((effect, cause, 1));
        var ranks = CallGraphWalk.Forward(edges, CallGraphWalk.Normalise(new double[count]), Damping);
        var place = series.Metrics.Select((metric, i) => (metric, i)).ToDictionary(pair => pair.metric, pair => pair.i);
        foreach (var members in chosen)
            foreach (var m in members)
                scores[m] = place.TryGetValue(table.Metrics[members[0]], out var i) ? ranks[i] : 0;
        return Scores.FromMetrics(incident, scores);
    }

    // Relative, so that no unit wins: the deviation over the size of the values.
    private static double Spread(double[] column)
    {
        var finite = Array.FindAll(column, double.IsFinite);
        if (finite.Length == 0)
            return 0;
        var mean = finite.Average();
        return Math.Sqrt(finite.Average(value => (value - mean) * (value - mean))) / (finite.Average(Math.Abs) + 1e-12);
    }
}
