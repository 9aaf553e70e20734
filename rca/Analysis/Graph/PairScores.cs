namespace Ops.Rca;

/// <summary>What a test of temporal order says about every ordered pair of series.</summary>
public sealed class PairScores(int series)
{
    /// <summary>[effect, cause]: how sure the test is; what it did not test lies below all that it did.</summary>
    public double[,] Statistic { get; } = new double[series, series];

    /// <summary>[effect, cause]: share of the held-out squared error that the cause takes away.</summary>
    public double[,] Gain { get; } = new double[series, series];

    /// <summary>[effect, cause]: one-sided, uncorrected; 1 where not tested.</summary>
    public double[,] Probability { get; } = Ones(series);

    /// <summary>[effect, cause]: mean lag in rows.</summary>
    public double[,] Lag { get; } = new double[series, series];

    /// <summary>[effect, cause]: sign of the influence, 0 where unknown.</summary>
    public int[,] Sign { get; } = new int[series, series];

    /// <summary>The edges that survive Benjamini and Hochberg's correction over all ordered pairs, and whose cause really lowered the held-out error.</summary>
    public CausalGraph ToGraph(EvenSeries series, double falseDiscoveries = 0.01)
    {
        var count = series.Metrics.Count;
        var pairs = Enumerable.Range(0, count * count).Select(i => (Effect: i / count, Cause: i % count)).Where(pair => pair.Effect != pair.Cause).ToArray();
        var threshold = HeldOutTest.Threshold(pairs.Select(pair => Probability[pair.Effect, pair.Cause]), pairs.Length, falseDiscoveries);
        return new CausalGraph(
            [.. pairs.Where(pair => Probability[pair.Effect, pair.Cause] <= threshold && Gain[pair.Effect, pair.Cause] > 0)
                .Select(pair => new CausalEdge(
                    series.Metrics[pair.Cause], series.Metrics[pair.Effect], Lag[pair.Effect, pair.Cause] * series.StepSeconds, Sign[pair.Effect, pair.Cause],
                    Gain[pair.Effect, pair.Cause], Statistic[pair.Effect, pair.Cause], Probability[pair.Effect, pair.Cause]))
                .OrderByDescending(edge => edge.Strength).ThenBy(edge => edge.Cause.ToString(), StringComparer.Ordinal).ThenBy(edge => edge.Effect.ToString(), StringComparer.Ordinal)],
            pairs.Length, null);
    }

    private static double[,] Ones(int series)
    {
        var ones = new double[series, series];
        for (var i = 0; i < series; i++)
            for (var j = 0; j < series; j++)
                ones[i, j] = 1;
        return ones;
    }
}

/// <summary>A test of temporal order. Deterministic; no series is its own cause.</summary>
public interface IEdgeTest
{
    /// <summary>The name in tables.</summary>
    string Name { get; }

    /// <summary>Tests the pairs.</summary>
    PairScores Test(EvenSeries series);
}
