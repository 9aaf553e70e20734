using Ops.Neural;

namespace Ops.Rca;

/// <summary>
/// Neural Granger causality: what straight lines leave unexplained (a metric's own past, the mean of all and its best linear
/// sources) is forecast from the encoded pasts of other metrics. One encoder serves all series; each target has a small
/// network of its own with a gate in front of each source, pressed towards 0. A source's gain is the error that closing its
/// gate adds on the half of the time that was not trained on; halves change roles. Which sources a target is given, a ridge
/// regression on the encodings decides. The result is the linear evidence and this one together.
/// </summary>
public sealed class NeuralGranger : IEdgeTest
{
    private const int Folds = 4;
    private const float Ridge = 0.1f;
    private const int MostSources = 8;
    private const int Hidden = 12;
    private const int Epochs = 30;
    private const int Batch = 50;
    private const float GatePressure = 0.002f;

    /// <inheritdoc/>
    public string Name => "neural";

    /// <summary>Where the weights of the networks come from.</summary>
    public int Seed { get; init; } = 1;

    /// <inheritdoc/>
    public PairScores Test(EvenSeries series)
    {
        var count = series.Metrics.Count;
        var scores = LinearGranger.Test(series, out var unexplained);
        // The encoder's window is longer than the linear lags.
        float[][] errors = [.. unexplained.Select(rows => rows[(TemporalEncoder.Window - LinearGranger.Lags)..])];
        var half = (series.Rows - TemporalEncoder.Window) / 2;
        var encoder = new TemporalEncoder(series, half + TemporalEncoder.Window, new Random(Seed));
        Matrix[] codes = [.. Enumerable.Range(0, count).Select(s => encoder.Encode(s, half + TemporalEncoder.Window))];
        var screen = EncodedScreen.Run(codes, errors, Folds, Ridge);
        for (var effect = 0; effect < count; effect++)
        {
            var target = effect;
            int[] sources = [.. Enumerable.Range(0, count).Where(cause => cause != target).OrderByDescending(cause => screen[target, cause]).ThenBy(cause => cause).Take(MostSources)];
            Judge(series, effect, sources, codes, errors[effect], screen, scores, new Random(Seed + effect));
        }

        return scores;
    }

    private static void Judge(EvenSeries series, int effect, int[] sources, Matrix[] codes, float[] errors, double[,] screen, PairScores scores, Random random)
    {
        var rows = errors.Length;
        var losses = new double[sources.Length + 1][];
        for (var i = 0; i < losses.Length; i++)
            losses[i] = new double[rows];
        foreach (var (from, to) in new[] { (0, rows / 2), (rows / 2, rows) })
        {
            var forecaster = new GatedForecaster([codes[effect], .. sources.Select(source => codes[source])], Hidden, random);
            forecaster.Train(errors, [.. Enumerable.Range(0, rows).Where(row => (row < from || row >= to) && series.Known[effect][row + TemporalEncoder.Window])], Epochs, Batch, GatePressure, random);
            for (var closed = 0; closed < losses.Length; closed++)
                forecaster.SquaredErrors(errors, from, to, closed == 0 ? -1 : closed, losses[closed]);
        }

        var known = Enumerable.Range(0, rows).Where(row => series.Known[effect][row + TemporalEncoder.Window]).ToArray();
        for (var i = 0; i < sources.Length; i++)
        {
            double[] differences = [.. known.Select(row => losses[i + 1][row] - losses[0][row])];
            var (cause, closing) = (sources[i], HeldOutTest.Statistic(differences));
            // Both must speak: the encoded past alone helps, and closing its gate beside the others hurts.
            var bent = Math.Max(0, ((closing + screen[effect, cause]) / 2) - 1);
            var straight = Math.Max(0, scores.Statistic[effect, cause]);
            if (bent > 0)
            {
                scores.Statistic[effect, cause] = Math.Sqrt((straight * straight) + (bent * bent));
                scores.Gain[effect, cause] = Math.Max(scores.Gain[effect, cause], differences.Sum() / known.Sum(row => losses[i + 1][row]));
            }

            // Two looks at one pair: the smaller probability counts double.
            scores.Probability[effect, cause] = Math.Min(1, 2 * Math.Min(scores.Probability[effect, cause], HeldOutTest.UpperTail(Math.Min(closing, screen[effect, cause]))));
        }
    }
}
