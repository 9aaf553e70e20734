using System.Collections.Immutable;

namespace Ops.Picking;

/// <summary>What a choice saw of one variant.</summary>
/// <param name="Pool">The variant's pool.</param>
/// <param name="Outlook">What would have happened to the request there.</param>
/// <param name="Score">The policy's figure for it, see <see cref="Explanation.ScoreName"/>; null where it has none or the variant was not open.</param>
public readonly record struct ExplainedVariant(string Pool, VariantOutlook Outlook, double? Score);

/// <summary>
/// A choice looked at once more, for people. It reads the same snapshot, but counts in flight may have moved by a request
/// since. Allocates, so a router explains a few choices a second and no more.
/// </summary>
/// <param name="Load">Arriving work by what the ready replicas can do; 1 is as much as they can.</param>
/// <param name="ScoreName">What the scores are: "score" (the highest is taken), "pressure" (the first below 1, best quality first), or "" without any.</param>
/// <param name="Variants">In the route's order.</param>
public sealed record Explanation(double Load, string ScoreName, ImmutableArray<ExplainedVariant> Variants)
{
    /// <summary>Explains a choice.</summary>
    public static Explanation Of(RouteSnapshot snapshot, IPolicy policy, in RequestFeatures request, in TriedReplicas tried)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        ArgumentNullException.ThrowIfNull(policy);
        var outlooks = new VariantOutlook[snapshot.Variants.Length];
        Chooser.Look(snapshot, request, tried, outlooks);
        Admission.Open(snapshot, policy, request, outlooks);
        var variants = ImmutableArray.CreateBuilder<ExplainedVariant>(outlooks.Length);
        for (var v = 0; v < outlooks.Length; v++)
            variants.Add(new(snapshot.Variants[v].Pool, outlooks[v], outlooks[v].Open ? ScoreOf(snapshot, policy, request, v, outlooks[v]) : null));
        return new(FleetLoad.Of(snapshot, request), NameOf(policy), variants.MoveToImmutable());
    }

    private static string NameOf(IPolicy policy) => policy switch
    {
        LadderPolicy => "pressure",
        PricePolicy or GreedyPolicy or GuardedPolicy => "score",
        _ => "",
    };

    private static double? ScoreOf(RouteSnapshot snapshot, IPolicy policy, in RequestFeatures request, int index, in VariantOutlook outlook) => policy switch
    {
        LadderPolicy => LadderPolicy.Pressure(outlook, snapshot.Objective, request.Streaming),
        GreedyPolicy => GreedyPolicy.Score(snapshot.Variants[index].Quality[request.Task], outlook, snapshot.Objective, request),
        PricePolicy price => price.Score(snapshot, index, outlook, request, price.Price(FleetLoad.Of(snapshot, request))),
        // The network only corrects the rule, so the rule's scores are what a person can follow.
        GuardedPolicy { Rule: var rule } => rule.Score(snapshot, index, outlook, request, rule.Price(FleetLoad.Of(snapshot, request))),
        _ => null,
    };
}
