using System.Collections.Immutable;
using Ops.Api;
using Ops.Dashboard.Cluster;
using Ops.Dashboard.Health;
using Ops.Dashboard.Metrics;
using Ops.WhatIf;

namespace Ops.Dashboard.WhatIf;

/// <summary>A route as it is and was loaded, and what is to be other -> a question to the simulator. Pure.</summary>
internal static class RouteQuestion
{
    // A measured load below this is no traffic that a minute of simulation could show.
    private const double LeastRate = 0.05;

    /// <summary>The route's pools, in the order of its variants; those that are missing are left out.</summary>
    public static ImmutableArray<ModelPool> PoolsOf(ModelRoute route, ClusterSnapshot cluster) =>
        [.. route.Spec.Variants.Select(variant => cluster.Pools.FirstOrDefault(pool => pool.Metadata.Name == variant.Pool && pool.Metadata.NamespaceProperty == route.Metadata.NamespaceProperty)).OfType<ModelPool>()];

    /// <summary>The question, and in a sentence what is taken for now.</summary>
    public static (Question Question, string Assumption) Of(ModelRoute route, ImmutableArray<ModelPool> pools, WhatIfChoice choice, MetricStore metrics, DateTimeOffset from, DateTimeOffset to)
    {
        var figures = RouteFigures.Read(metrics, route, from, to);
        var (rate, answers) = (figures.Requests.Mean, figures.Answered.Mean);
        double? Mean(string figure, ModelPool pool) => metrics.Read(MetricStore.Name(figure, $"{pool.Metadata.NamespaceProperty}/{pool.Metadata.Name}"), from, to).Mean;
        double? PerAnswer(string figure) => answers is > 0 && pools.Sum(pool => Mean(figure, pool) ?? 0) is > 0 and var tokens ? Math.Clamp(tokens / answers.Value, 1, 16_384) : null;
        var (prompt, output) = (PerAnswer(Figures.Prompts), PerAnswer(Figures.Tokens));
        var isMeasured = rate >= LeastRate && prompt is not null && output is not null;
        var load = isMeasured
            ? new RouteLoad(rate!.Value, prompt!.Value, output!.Value)
            : new(Simulator.HalfLoad(route, pools), RouteLoad.TypicalPrompt, RouteLoad.TypicalOutput);
        var assumption = $"{(isMeasured ? "Now is the mean of the range" : "There is no traffic in the range, so half of what the ready replicas can serve is assumed")}: {Format.Number(load.RequestsPerSecond)}/s of {Format.Number(load.PromptTokens)} + {Format.Number(load.OutputTokens)} tokens.";
        return (new() { Route = route, Pools = pools, Load = load, LoadFactor = choice.LoadFactor, Replicas = choice.Replicas.ToImmutableDictionary(), EnergyWeight = choice.EnergyWeight }, assumption);
    }
}
