using System.Runtime.InteropServices;
using Ops.Picking;

namespace Ops.Learning;

/// <summary>
/// What live outcomes say that a policy's network gets wrong: a correction of its last layer, or none where they do not say so.
/// </summary>
/// <remarks>
/// Of a draw with the candidate c and the policy's own choice a: G = m(s, z) + (T - e) D + noise, D = A(c) - A(a), the residual form of
/// Robinson (1988). G is what the route's requests got over 20 s, T whether c was taken, e = 1/4 its probability, which a fair die
/// made, so that no weighing by the propensity is needed: the candidate's own figures are in its row, and dividing by the
/// propensity would only add noise. A sum over 20 s depends on chance far more than on one choice. Most of that is how much arrived
/// meanwhile, z, which no choice moves: m is a regression on the state and on z (an input-driven baseline, Mao et al. 2019).
/// What is left differs in size by state, so each draw counts by one over its variance, itself a regression.
/// The network is f(row) = w h(row) + b with f = 0 for the rule's own choice. w and b are corrected by coefficients with the prior
/// N(0, v), which is the simulator's word: v has the largest evidence, and with none above that of no correction nothing changes.
/// </remarks>
internal sealed class OutcomeFit
{
    // A one, and the row of the policy's own choice, which is what there is to know of a state.
    private const int StateFigures = 1 + PolicyFeatures.Count;

    // Coefficients of figures between 0 and 1 that explain some units of quality: as good as no prior.
    private const double Free = 1e4;

    // One draw in so many is certain enough: a state that looks more certain still, as one without like among those that were
    // fitted, would outweigh all others by itself.
    private const int Certain = 20;

    // From coefficients of .001, which nobody would see, to those of 1, which are as large as the network's own.
    private static readonly double[] Variances = [.. Enumerable.Range(0, 13).Select(i => Math.Pow(10, -6 + (i / 2.0)))];

    private readonly PolicyModel _model;
    private readonly IReadOnlyList<OutcomeRow> _rows;
    private readonly double[] _mean;
    private readonly double[] _spread;
    private readonly double _leastLogVariance;

    /// <param name="model">The policy that was in force.</param>
    /// <param name="rows">Draws, of which what is expected of a state is learned.</param>
    public OutcomeFit(PolicyModel model, IReadOnlyList<OutcomeRow> rows)
    {
        (_model, _rows) = (model, rows);
        // Once with all draws alike, to see how large the noise is where.
        _mean = Expected(_ => 1);
        _spread = Spread();
        var logs = rows.Select(LogVariance).Order().ToList();
        _leastLogVariance = logs.Count == 0 ? 0 : logs[logs.Count / Certain];
        _mean = Expected(Weight);
    }

    /// <summary>Root mean square of what neither state nor arrivals explain, in quality over 20 s.</summary>
    public double Noise => Math.Sqrt(_rows.Average(row => Square(Surprise(row))));

    /// <summary>Share of the variance of what was delivered that state and arrivals explain.</summary>
    public double Explained
    {
        get
        {
            var mean = _rows.Average(row => row.Outcome.Delivered);
            return 1 - (Square(Noise) / _rows.Average(row => Square(row.Outcome.Delivered - mean)));
        }
    }

    /// <summary>One over the variance of a draw's noise.</summary>
    private double Weight(OutcomeRow row) => Math.Exp(-Math.Max(LogVariance(row), _leastLogVariance));

    private double LogVariance(OutcomeRow row)
    {
        Span<double> x = stackalloc double[StateFigures + 1];
        Scale(row, x);
        return Math.Clamp(Dot(x, _spread), -10, 10);
    }

    private double[] Spread()
    {
        var fit = new LinearFit(StateFigures + 1);
        Span<double> x = stackalloc double[StateFigures + 1];
        foreach (var row in _rows)
        {
            Scale(row, x);
            // The mean of the log of a squared normal deviate is -1.27.
            fit.Add(x, Math.Log(Square(Surprise(row)) + 1e-6) + 1.27, 1);
        }

        return fit.Solve(1);
    }

    private double[] Expected(Func<OutcomeRow, double> weight)
    {
        var fit = new LinearFit(3 * StateFigures);
        var x = new double[3 * StateFigures];
        foreach (var row in _rows)
        {
            Inputs(row, x);
            fit.Add(x, row.Outcome.Delivered, weight(row));
        }

        return fit.Solve(Free);
    }

    /// <summary>What was delivered beyond what state and arrivals led to expect.</summary>
    private double Surprise(OutcomeRow row)
    {
        Span<double> x = stackalloc double[3 * StateFigures];
        Inputs(row, x);
        return row.Outcome.Delivered - Dot(x, _mean);
    }

    /// <summary>The correction with the most evidence: log of that over none, and the coefficients, bias last.</summary>
    public (double Evidence, double[] Coefficients) Correction()
    {
        var fit = new LinearFit(_model.Hidden + 1);
        var x = new double[_model.Hidden + 1];
        foreach (var row in _rows)
            fit.Add(x, Effect(row, x).Unexplained, Weight(row));
        var (evidence, variance) = Variances.Select(variance => (fit.Evidence(variance), variance)).Max();
        return (evidence, fit.Solve(variance));
    }

    /// <summary>How much likelier other draws are with a correction than without, as a log.</summary>
    public double Gain(IEnumerable<OutcomeRow> others, double[] correction)
    {
        var x = new double[_model.Hidden + 1];
        return others.Sum(row =>
        {
            var (unexplained, _) = Effect(row, x);
            return Weight(row) * (Square(unexplained) - Square(unexplained - Dot(x, correction))) / 2;
        });
    }

    /// <summary>Mean effect of a candidate beside the choice, draws weighed by their noise: what the policy predicts, what the outcomes add, and the standard error of that.</summary>
    public (double Predicted, double Added, double Error) MeanEffect()
    {
        var x = new double[_model.Hidden + 1];
        var (weights, added, predictions) = (0.0, 0.0, 0.0);
        foreach (var row in _rows)
        {
            var (unexplained, predicted) = Effect(row, x);
            var weight = Weight(row) * Square(Treated(row));
            (weights, added, predictions) = (weights + weight, added + (weight * unexplained / Treated(row)), predictions + (weight * predicted));
        }

        return (predictions / weights, added / weights, 1 / Math.Sqrt(weights));
    }

    private static double Treated(OutcomeRow row) => (row.Outcome.Followed ? 1 : 0) - LiveExplorer.FollowedShare;

    // Fills in what multiplies a correction of the last layer; returns what it shall explain, and what the policy predicts of the candidate.
    private (double Unexplained, double Predicted) Effect(OutcomeRow row, Span<double> x)
    {
        Span<float> hidden = stackalloc float[_model.Hidden];
        var treated = Treated(row);
        _model.Hide(row.Candidate, hidden);
        for (var i = 0; i < hidden.Length; i++)
            x[i] = treated * hidden[i];
        x[^1] = treated;
        var predicted = _model.Advantage(row.Candidate);
        if (!row.Outcome.ChoiceIsRule)
        {
            _model.Hide(row.Choice, hidden);
            for (var i = 0; i < hidden.Length; i++)
                x[i] -= treated * hidden[i];
            x[^1] = 0;
            predicted -= _model.Advantage(row.Choice);
        }

        return (Surprise(row) - (treated * predicted), predicted);
    }

    private static void Inputs(OutcomeRow row, Span<double> x)
    {
        for (var i = 0; i < StateFigures; i++)
        {
            var state = i == 0 ? 1 : row.Choice[i - 1];
            x[i] = state;
            x[StateFigures + i] = state * row.Outcome.Best;
            x[(2 * StateFigures) + i] = state * row.Outcome.PromptKilotokens;
        }
    }

    private static void Scale(OutcomeRow row, Span<double> x)
    {
        x[0] = 1;
        for (var i = 1; i < StateFigures; i++)
            x[i] = row.Choice[i - 1];
        x[StateFigures] = Math.Log(1 + row.Outcome.Arrivals);
    }

    private static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++)
            sum += a[i] * b[i];
        return sum;
    }

    private static double Square(double value) => value * value;
}

/// <summary>A draw with what the policy looked at.</summary>
/// <param name="Outcome">The draw.</param>
/// <param name="Candidate">Row of the candidate.</param>
/// <param name="Choice">Row of the policy's choice.</param>
internal sealed record OutcomeRow(LiveOutcome Outcome, float[] Candidate, float[] Choice)
{
    public static List<OutcomeRow> From(ReadOnlySpan<LiveOutcome> draws, float[] rows)
    {
        var all = new List<OutcomeRow>(draws.Length);
        for (var i = 0; i < draws.Length; i++)
        {
            var at = i * 2 * PolicyFeatures.Count;
            all.Add(new(draws[i], rows[at..(at + PolicyFeatures.Count)], rows[(at + PolicyFeatures.Count)..(at + (2 * PolicyFeatures.Count))]));
        }

        return all;
    }
}
