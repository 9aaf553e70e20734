namespace Ops.Picking;

/// <summary>
/// A learned policy on trial: it is asked about every request, and followed when its <see cref="PolicyTrial"/> says so. Else,
/// and in the trial's control periods, the price rule decides. Apart from the trial's counts it is immutable.
/// </summary>
public sealed class GuardedPolicy : IPolicy
{
    private readonly LearnedPolicy _learned;

    /// <summary>Creates the policy; its trial begins with the first request.</summary>
    /// <param name="model">Trained for the route's variants.</param>
    /// <param name="rule">What it is compared with.</param>
    public GuardedPolicy(PolicyModel model, PricePolicy rule) => (_learned, Rule) = (new LearnedPolicy(model, rule), rule);

    /// <inheritdoc/>
    public string Name => "learned";

    /// <summary>Whether it is followed, and what it is worth.</summary>
    public PolicyTrial Trial { get; } = new();

    /// <summary>Decides where the model does not.</summary>
    internal PricePolicy Rule { get; }

    /// <inheritdoc/>
    public bool Considers(RouteSnapshot snapshot, int variant) => true;

    /// <inheritdoc/>
    public int Choose(RouteSnapshot snapshot, in RequestFeatures request, ReadOnlySpan<VariantOutlook> outlooks)
    {
        var decision = _learned.Decide(snapshot, request, outlooks);
        Trial.Note(request.NowMs, decision.Verdict);
        return Trial.Follows(request.NowMs) ? decision.Choice : decision.Rule;
    }
}
