using Ops.Picking;

namespace Ops.Router;

/// <summary>What is remembered of a route for as long as it is in the configuration; outlives tables.</summary>
internal sealed class RouteMemory
{
    private (string Digest, double EnergyWeight, double HardDeadline) _guards;
    private GuardedPolicy? _guarded;

    internal RetryBudget Retries { get; } = new();

    /// <summary>A few of the newest choices.</summary>
    internal DecisionRing Decisions { get; } = new();

    /// <summary>The route with its learned policy on trial, where it has one: the same trial for as long as it is the same file.</summary>
    internal RouteConfig Guard(RouteConfig route)
    {
        if (route.Learned is not { Model: { } model, Digest: var digest, Rule: var rule })
        {
            _guarded = null;
            return route;
        }

        var guards = (digest, rule.EnergyWeight, route.Objective.HardDeadline);
        if (_guarded is null || _guards != guards)
            (_guarded, _guards) = (new GuardedPolicy(model, rule, route.Objective.HardDeadline), guards);
        _guarded.Explorer.Share = route.Learned.Exploration;
        return route with { Policy = _guarded };
    }
}
