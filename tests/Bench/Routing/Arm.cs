using Ops.Learning;
using Ops.Picking;

namespace Ops.Bench.Routing;

/// <summary>One way to serve: a fleet and a policy.</summary>
/// <param name="Name">For tables and plots.</param>
/// <param name="Fleet">The fleet.</param>
/// <param name="Policy">The policy.</param>
internal sealed record Arm(string Name, SimulatedFleet Fleet, IPolicy Policy)
{
    /// <summary>Whether the router's admission works; without it every request is queued, however late it will be.</summary>
    internal bool Admission { get; init; } = true;

    /// <summary>Runs a workload.</summary>
    internal Score Run(Workload workload, Objective objective, SimulationOptions? options = null)
    {
        // A hard deadline that never comes turns nothing away; the score uses the real one.
        var acted = Admission ? objective : objective with { EndToEnd = 1e9, HardDeadline = 1e9 };
        return Score.Of(new Simulation(Fleet, Policy, workload, (options ?? new()) with { Objective = acted }).Run(), Fleet, objective);
    }
}

/// <summary>A policy behind the price rule's admission: what the rule would reject whatever its choice is rejected here too.</summary>
/// <param name="inner">The policy.</param>
/// <param name="leastScore">Null for the rule's own threshold, which suits what the rule itself sends on; another policy may want another.</param>
internal sealed class Admitting(IPolicy inner, double? leastScore = null) : IPolicy
{
    private readonly PricePolicy _rule = leastScore is { } least ? new() { LeastScore = least } : new();

    public string Name => inner.Name + "+admission";

    public bool Considers(RouteSnapshot snapshot, int variant) => inner.Considers(snapshot, variant);

    public int Choose(RouteSnapshot snapshot, in RequestFeatures request, ReadOnlySpan<VariantOutlook> outlooks) =>
        _rule.Choose(snapshot, request, outlooks) < 0 ? -1 : inner.Choose(snapshot, request, outlooks);
}
