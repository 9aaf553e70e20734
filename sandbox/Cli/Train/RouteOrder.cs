using Ops.Api;
using Ops.Learning;
using Ops.WhatIf;

namespace Ops.Cli.Train;

/// <summary>A route and its pools -> the fleet and the objective that a policy is trained on. Pure.</summary>
internal static class RouteOrder
{
    /// <exception cref="UserError">A pool is missing, or its model was never measured on its GPUs.</exception>
    public static TrainingOrder Of(ModelRoute route, IEnumerable<ModelPool> pools)
    {
        try
        {
            return new()
            {
                Fleet = RouteFleet.Of(route, pools, PoolSize.Asked),
                Objective = RouteFleet.ObjectiveOf(route),
                EnergyWeight = route.Spec.EffectivePolicy.EffectiveEnergyWeight,
            };
        }
        catch (InvalidFleetException invalid)
        {
            throw new UserError(invalid.Message);
        }
    }
}
