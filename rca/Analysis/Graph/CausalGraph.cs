namespace Ops.Rca;

/// <summary>The past of one metric helps to predict another, on data that were not used for fitting.</summary>
/// <param name="Cause">The metric that moves first.</param>
/// <param name="Effect">The metric that follows.</param>
/// <param name="LagSeconds">By how much it follows: the mean of the lags by the size of their coefficients.</param>
/// <param name="Sign">+1 if they move the same way, -1 if they move against each other; 0 where a method cannot tell.</param>
/// <param name="Gain">Share of the effect's held-out squared error that the cause's past takes away beyond the effect's own past and the other causes.</param>
/// <param name="Strength">The test statistic of that gain: mean over its standard error, robust to autocorrelation.</param>
/// <param name="Probability">Chance of such a statistic without an influence, one-sided, before the correction for many pairs.</param>
public sealed record CausalEdge(Metric Cause, Metric Effect, double LagSeconds, int Sign, double Gain, double Strength, double Probability);

/// <summary>Who influences whom, as far as the data tell.</summary>
/// <param name="Edges">Edges that stay below the rate of false discoveries, the strongest first.</param>
/// <param name="Tested">Ordered pairs that were asked about.</param>
/// <param name="Abstained">Why no pair was tested; null if pairs were.</param>
public sealed record CausalGraph(IReadOnlyList<CausalEdge> Edges, int Tested, string? Abstained)
{
    /// <summary>Nothing was asked.</summary>
    public static CausalGraph None(string why) => new([], 0, why);
}
