using System.Collections.Immutable;
using Ops.Api;
using Ops.Learning;
using Ops.Picking;
using Ops.Profiles;

namespace Ops.Cli.Train;

/// <summary>A route and its pools -> the fleet and the objective that a policy is trained on. Pure.</summary>
internal static class RouteOrder
{
    /// <exception cref="UserError">A pool is missing, or its model was never measured on its GPUs.</exception>
    public static TrainingOrder Of(ModelRoute route, IEnumerable<ModelPool> pools)
    {
        var space = route.Metadata.NamespaceProperty ?? "default";
        var byName = pools.Where(pool => (pool.Metadata.NamespaceProperty ?? "default") == space).ToDictionary(pool => pool.Metadata.Name, StringComparer.Ordinal);
        var variants = route.Spec.Variants.Where(variant => Pool(byName, route, variant).Spec.EffectiveRole != PoolRoles.Prefill).ToList();
        ImmutableArray<string> tasks =
        [
            WellKnown.DefaultTask,
            .. variants.SelectMany(variant => variant.Quality.Keys).Where(task => task != WellKnown.DefaultTask).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
        ];
        var firstGpu = 0;
        var simulated = ImmutableArray.CreateBuilder<SimulatedPool>();
        foreach (var variant in variants)
        {
            var pool = Simulated(byName[variant.Pool], [.. tasks.Select(variant.QualityFor)], firstGpu);
            simulated.Add(pool);
            firstGpu += pool.Placement.Length * pool.Profile.GpuCount;
        }

        return new()
        {
            Fleet = new(simulated.ToImmutable(), tasks),
            Objective = ObjectiveOf(route.Spec.EffectiveObjective),
            EnergyWeight = route.Spec.EffectivePolicy.EffectiveEnergyWeight,
        };
    }

    private static ModelPool Pool(Dictionary<string, ModelPool> pools, ModelRoute route, VariantSpec variant) =>
        pools.GetValueOrDefault(variant.Pool)
        ?? throw new UserError($"ModelRoute {route.Metadata.Name} names ModelPool {variant.Pool}, which does not exist; create it or remove the variant.");

    private static SimulatedPool Simulated(ModelPool pool, ImmutableArray<double> quality, int firstGpu)
    {
        var (spec, count) = (pool.Spec, pool.Spec.Gpu.EffectiveCount);
        var profile = ServingProfiles.Find(spec.Model, spec.Gpu.Product, count)
            ?? throw new UserError($"ModelPool {pool.Metadata.Name}: there is no time and energy profile of {spec.Model} on {count} x {spec.Gpu.Product}, so it cannot be simulated; the models that can are listed in router/Profiles/README.md.");
        return new()
        {
            Name = pool.Metadata.Name,
            Profile = profile,
            Quality = quality,
            // A pool at zero is trained as if it had one.
            Placement = SimulatedPool.Apart(Math.Max(1, spec.EffectiveReplicas), count, firstGpu),
            Power = new(spec.Energy?.ClockMHz ?? profile.Gpu.MaxClockMHz, spec.Energy?.PowerLimitWatts ?? profile.Gpu.MaxPowerLimitWatts),
        };
    }

    private static Objective ObjectiveOf(ObjectiveSpec spec) => new(
        spec.EffectiveTimeToFirstToken.TotalSeconds, spec.EffectiveTimePerOutputToken.TotalSeconds, spec.EffectiveEndToEnd.TotalSeconds, spec.EffectiveHardDeadline.TotalSeconds);
}
