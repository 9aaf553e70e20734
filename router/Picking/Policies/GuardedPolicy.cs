namespace Ops.Picking;

/// <summary>
/// A learned policy on trial: it is asked about every request, and followed when its <see cref="PolicyTrial"/> says so. Else,
/// and in the trial's control periods, the price rule decides. Where the route asks for it, it explores while it is in force. Apart
/// from counts and what is remembered of exploration it is immutable.
/// </summary>
public sealed class GuardedPolicy : IPolicy
{
    private readonly LearnedPolicy _learned;

    /// <summary>Creates the policy; its trial begins with the first request.</summary>
    /// <param name="model">Trained for the route's variants.</param>
    /// <param name="rule">What it is compared with.</param>
    /// <param name="hardDeadline">The route's, in seconds: how long an answer that exploration led to is waited for.</param>
    public GuardedPolicy(PolicyModel model, PricePolicy rule, double hardDeadline) =>
        (_learned, Rule, Explorer) = (new LearnedPolicy(model, rule), rule, new LiveExplorer(hardDeadline));

    /// <inheritdoc/>
    public string Name => "learned";

    /// <summary>Whether it is followed, and what it is worth.</summary>
    public PolicyTrial Trial { get; } = new();

    /// <summary>Explores while the policy is in force, where its share is above 0; by default it is not.</summary>
    public LiveExplorer Explorer { get; }

    /// <summary>Decides where the model does not.</summary>
    internal PricePolicy Rule { get; }

    /// <inheritdoc/>
    public bool Considers(RouteSnapshot snapshot, int variant) => true;

    /// <inheritdoc/>
    public int Choose(RouteSnapshot snapshot, in RequestFeatures request, ReadOnlySpan<VariantOutlook> outlooks)
    {
        Span<float> rows = stackalloc float[LearnedPolicy.MostActions * PolicyFeatures.Count];
        var advantages = (stackalloc float[LearnedPolicy.MostActions])[..(outlooks.Length + 1)];
        var decision = _learned.Decide(snapshot, request, outlooks, rows, advantages);
        Trial.Note(request.NowMs, decision.Verdict);
        if (!Trial.Follows(request.NowMs))
            return decision.Rule;
        // What a retry leads to says more of the failure before it.
        return Explorer.Share > 0 && !request.IsRetry && Trial.Standing == PolicyStanding.InForce
            ? Explorer.Choose(request, decision, rows, advantages)
            : decision.Choice;
    }
}
