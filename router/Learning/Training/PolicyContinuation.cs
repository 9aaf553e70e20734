using Ops.Picking;

namespace Ops.Learning;

/// <summary>What live outcomes made of a policy.</summary>
/// <param name="Model">The corrected policy; null when nothing changes.</param>
/// <param name="Reason">Why it does or does not, as a sentence.</param>
/// <param name="Explored">Outcomes of requests that explored.</param>
/// <param name="Controls">Outcomes of requests that might have, and did not.</param>
public sealed record Continuation(PolicyModel? Model, string Reason, int Explored, int Controls)
{
    /// <summary>Root mean square of what neither state nor arrivals explain of an outcome, in quality over 20 s.</summary>
    public double Noise { get; init; }

    /// <summary>Share of the variance of the outcomes that state and arrivals explain.</summary>
    public double Explained { get; init; }

    /// <summary>Standard error of the mean effect of a candidate, draws weighed by their noise: what is smaller cannot be seen.</summary>
    public double Seen { get; init; }

    /// <summary>Mean of what the policy predicts for a candidate over its choice, and of what the outcomes add to that.</summary>
    public (double Predicted, double Added) Effect { get; init; }

    /// <summary>Log of how much likelier the outcomes are with the correction than without.</summary>
    public double Evidence { get; init; }

    /// <summary>The same for the newest quarter, which it was not made of.</summary>
    public double HeldOut { get; init; }
}

/// <summary>Corrects a policy by what its exploration led to; see <see cref="OutcomeFit"/> for how.</summary>
public static class PolicyContinuation
{
    /// <summary>
    /// Explored outcomes below which nothing is tried. An advantage is .01 to .08. With a noise of s by outcome the standard error of a
    /// mean effect is 1.15 s / sqrt(n), three controls to each of n: with 1,000 it is .015 where s is .4 (steady traffic) and .04
    /// where it is 1.
    /// </summary>
    public const int LeastExplored = 1_000;

    // Seven to one: what a log of the evidence above 2 is called positive for (Kass and Raftery 1995).
    private const double LeastEvidence = 2;

    /// <summary>Corrects a policy, or says why not.</summary>
    /// <param name="model">The policy that explored.</param>
    /// <param name="outcomes">The routers' outcomes, as <see cref="OutcomeFile"/> reads them.</param>
    /// <param name="validation">Simulated streams on which the corrected policy must not lose to the rule.</param>
    /// <param name="options">Options of the simulated runs.</param>
    public static Continuation Of(PolicyModel model, IEnumerable<(LiveOutcome[] Draws, float[] Rows)> outcomes, IReadOnlyList<SimulatedStream> validation, SimulationOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(outcomes);
        ArgumentNullException.ThrowIfNull(validation);
        var rows = outcomes.SelectMany(router => OutcomeRow.From(router.Draws, router.Rows)).OrderBy(row => row.Outcome.AtMs).ToList();
        var explored = rows.Count(row => row.Outcome.Followed);
        Continuation Unchanged(string reason) => new(null, reason, explored, rows.Count - explored);
        if (explored < LeastExplored)
            return Unchanged($"{LeastExplored - explored} outcomes of exploration are missing: {LeastExplored} are needed, there are {explored}");

        var older = new OutcomeFit(model, rows[..(rows.Count * 3 / 4)]);
        var (_, tried) = older.Correction();
        var heldOut = older.Gain(rows[(rows.Count * 3 / 4)..], tried);
        var all = new OutcomeFit(model, rows);
        var (evidence, correction) = all.Correction();
        var (predicted, added, seen) = all.MeanEffect();
        Continuation Told(Continuation result) => result with
        {
            Noise = all.Noise, Explained = all.Explained, Seen = seen, Effect = (predicted, added), Evidence = evidence, HeldOut = heldOut,
        };
        if (evidence < LeastEvidence)
            return Told(Unchanged("the outcomes do not speak for a correction of the policy by 7 to 1"));
        if (heldOut <= 0)
            return Told(Unchanged("the newest quarter of the outcomes does not bear out what the older ones say"));

        var corrected = Correct(model, correction);
        var margin = MarginChoice.Safe(corrected, new PricePolicy(model.EnergyWeight), validation, options, model.Margin);
        return Told(double.IsPositiveInfinity(margin)
            ? Unchanged("the corrected policy loses to the price rule on some kind of simulated arrivals at every margin")
            : new(MarginChoice.Apply(corrected, margin), "the outcomes are likelier with a correction of the policy, the newest quarter bears it out, and it loses on no kind of simulated arrivals", explored, rows.Count - explored));
    }

    private static PolicyModel Correct(PolicyModel model, double[] correction) => new(
        model.Pools, model.Margin, model.EnergyWeight, model.Lowest, model.Highest,
        [.. model.Weights.SkipLast(1), [.. model.Weights[^1].Select((weight, i) => (float)(weight + correction[i]))]],
        [.. model.Biases.SkipLast(1), [(float)(model.Biases[^1][0] + correction[^1])]]);
}
