namespace Ops.Rca;

/// <summary>
/// Linear Granger causality out of sample. A metric is forecast from its own past and that of the mean of all metrics (a
/// load surge moves all), by ridge regression; then also from a source's past. Four blocks of time are held out in turn. The
/// error that the source takes away is tested as Clark and West (2007) do for nested models. The best few sources of a
/// metric are then fitted together, and each must still help beside the others: that drops what is only passed on.
/// </summary>
public sealed class LinearGranger : IEdgeTest
{
    internal const int Lags = 5;
    private const int Folds = 4;
    private const double Ridge = 0.01;

    // Above this many series only the sources whose past correlates most with what the own past leaves unexplained are
    // tested, so that the cost of the tests grows with the series and not with their square.
    private const int MostSources = 24;
    private const int Shortlist = 6;

    /// <inheritdoc/>
    public string Name => "linear";

    /// <inheritdoc/>
    public PairScores Test(EvenSeries series) => Test(series, out _);

    /// <summary>Also gives what the best sources together leave unexplained, by series and held-out row.</summary>
    internal static PairScores Test(EvenSeries series, out float[][] unexplained)
    {
        var design = new LaggedDesign(series, Lags, Folds);
        var count = series.Metrics.Count;
        var scores = new PairScores(count);
        var restricted = Enumerable.Range(0, count).Select(effect => design.Fit(effect, design.Basis(effect), Ridge)).ToArray();
        var screen = count - 1 > MostSources ? design.Correlations([.. restricted.Select(fit => fit.Errors)]) : null;
        unexplained = new float[count][];
        for (var effect = 0; effect < count; effect++)
        {
            for (var cause = 0; cause < count; cause++)
                scores.Statistic[effect, cause] = -10 + (screen is null ? 0 : screen[effect, cause]);
            var sources = Enumerable.Range(0, count).Where(cause => cause != effect);
            if (screen is not null)
            {
                var row = effect;
                sources = sources.OrderByDescending(cause => screen[row, cause]).ThenBy(cause => cause).Take(MostSources);
            }

            unexplained[effect] = TestEffect(design, effect, restricted[effect], [.. sources], scores);
        }

        return scores;
    }

    private static float[] TestEffect(LaggedDesign design, int effect, RidgeFit own, int[] sources, PairScores scores)
    {
        foreach (var cause in sources)
        {
            var with = design.Fit(effect, [.. design.Basis(effect), cause], Ridge);
            // Alone a source may only pass something on: without a place on the shortlist it stays below those that have one.
            var (alone, _) = Compare(design, effect, own, with);
            scores.Statistic[effect, cause] = Math.Min(0, (alone / 4) - 2);
            scores.Probability[effect, cause] = HeldOutTest.UpperTail(alone);
        }

        var best = sources.Where(cause => scores.Probability[effect, cause] < 0.05).OrderBy(cause => scores.Probability[effect, cause]).ThenBy(cause => cause).Take(Shortlist).ToArray();
        var together = design.Fit(effect, [.. design.Basis(effect), .. best], Ridge);
        foreach (var cause in sources.Except(best))
            scores.Probability[effect, cause] = 1;
        foreach (var cause in best)
        {
            var without = design.Fit(effect, [.. design.Basis(effect), .. best.Where(other => other != cause)], Ridge);
            var (statistic, gain) = Compare(design, effect, without, together);
            scores.Statistic[effect, cause] = statistic;
            scores.Gain[effect, cause] = gain;
            scores.Probability[effect, cause] = Math.Max(scores.Probability[effect, cause], HeldOutTest.UpperTail(statistic));
            (scores.Lag[effect, cause], scores.Sign[effect, cause]) = together.LagAndSign(design.Basis(effect).Length + Array.IndexOf(best, cause), Lags);
        }

        return together.Errors;
    }

    // d = e^2 - (f^2 - (e - f)^2): the correction for what estimating coefficients that are truly 0 costs the larger model.
    private static (double Statistic, double Gain) Compare(LaggedDesign design, int effect, RidgeFit small, RidgeFit large)
    {
        var differences = new double[small.Errors.Length];
        var (used, before, after) = (0, 0.0, 0.0);
        for (var row = 0; row < differences.Length; row++)
        {
            if (!design.Known(effect, row))
                continue;
            double e = small.Errors[row], f = large.Errors[row];
            differences[used++] = (e * e) - (f * f) + ((e - f) * (e - f));
            before += e * e;
            after += f * f;
        }

        return (HeldOutTest.Statistic(differences.AsSpan(0, used)), before > 0 ? 1 - (after / before) : 0);
    }
}
