using System.Collections.Immutable;
using Ops.Api;
using Ops.Learning;
using Ops.Picking;
using Ops.Profiles;

namespace Ops.WhatIf;

/// <summary>What of a pool is simulated.</summary>
/// <param name="Replicas">Replicas, at least 0.</param>
/// <param name="ClockMHz">SM clock; null is the product's highest.</param>
/// <param name="PowerLimitWatts">Power limit of a GPU; null is the product's highest.</param>
public readonly record struct PoolSize(int Replicas, int? ClockMHz, int? PowerLimitWatts)
{
    /// <summary>As its spec says, at least one replica: a pool at zero is looked at as if it had one.</summary>
    public static PoolSize Asked(ModelPool pool)
    {
        ArgumentNullException.ThrowIfNull(pool);
        return new(Math.Max(1, pool.Spec.EffectiveReplicas), pool.Spec.Energy?.ClockMHz, pool.Spec.Energy?.PowerLimitWatts);
    }

    /// <summary>As it runs: the replicas that are ready, and the clock and limit in force where its status tells them.</summary>
    public static PoolSize Observed(ModelPool pool)
    {
        ArgumentNullException.ThrowIfNull(pool);
        return new(pool.Status?.ReadyReplicas ?? 0, pool.Status?.ClockMHz ?? pool.Spec.Energy?.ClockMHz, pool.Status?.Plan?.PowerLimitWatts ?? pool.Spec.Energy?.PowerLimitWatts);
    }
}

/// <summary>A route and its pools -> a fleet that can be simulated. Pure.</summary>
public static class RouteFleet
{
    /// <summary>The pools of the route's variants that answer, each on GPUs of its own or on those of its host.</summary>
    /// <param name="route">The route.</param>
    /// <param name="pools">The pools of the cluster; those of other namespaces are left out.</param>
    /// <param name="size">What of a pool is simulated.</param>
    /// <exception cref="InvalidFleetException">A pool is missing, or its model was never measured on its GPUs.</exception>
    public static SimulatedFleet Of(ModelRoute route, IEnumerable<ModelPool> pools, Func<ModelPool, PoolSize> size)
    {
        ArgumentNullException.ThrowIfNull(route);
        ArgumentNullException.ThrowIfNull(size);
        var byName = pools.Where(pool => Space(pool.Metadata.NamespaceProperty) == Space(route.Metadata.NamespaceProperty)).ToDictionary(pool => pool.Metadata.Name, StringComparer.Ordinal);
        var variants = route.Spec.Variants.Where(variant => Pool(byName, route, variant).Spec.EffectiveRole != PoolRoles.Prefill).ToList();
        ImmutableArray<string> tasks =
        [
            WellKnown.DefaultTask,
            .. variants.SelectMany(variant => variant.Quality.Keys).Where(task => task != WellKnown.DefaultTask).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
        ];
        var firstGpu = 0;
        var simulated = new Dictionary<string, SimulatedPool>(StringComparer.Ordinal);
        // Hosts come before their guests, which lie on the same GPUs. A guest whose host is not in the route has nobody beside it.
        foreach (var variant in variants.OrderBy(variant => byName[variant.Pool].Spec.CoResident is not null))
        {
            var pool = byName[variant.Pool];
            var host = pool.Spec.CoResident is { } guest ? byName.GetValueOrDefault(guest.Host) : null;
            var one = Simulated(pool, size(host ?? pool), [.. tasks.Select(variant.QualityFor)], firstGpu) with { CacheTokens = CacheTokens(pool, byName.Values) };
            if (host is not null && simulated.TryGetValue(host.Metadata.Name, out var below))
                one = one with { Placement = Beside(below, one.Profile.GpuCount) };
            else
                firstGpu += one.Placement.Length * one.Profile.GpuCount;
            simulated.Add(variant.Pool, one);
        }

        return new([.. variants.Select(variant => simulated[variant.Pool])], tasks);
    }

    // An engine on every so many of a host's GPUs.
    private static ImmutableArray<ImmutableArray<int>> Beside(SimulatedPool host, int gpus) =>
        [.. host.Placement.SelectMany(placed => placed.Chunk(gpus)).Select(chunk => chunk.ToImmutableArray())];

    // What the engine gets by the memory that the pools were given; null for all that fits.
    private static int? CacheTokens(ModelPool pool, IEnumerable<ModelPool> pools)
    {
        var guests = pools.Where(other => other.Spec.CoResident?.Host == pool.Metadata.Name).Sum(other => other.Spec.CoResident!.MemoryPercent);
        var percent = pool.Spec.CoResident?.MemoryPercent ?? (100 * ServingProfile.DefaultMemoryShare) - guests;
        if (pool.Spec.CoResident is null && guests == 0)
            return null;
        var profile = ServingProfiles.Find(pool.Spec.Model, pool.Spec.Gpu.Product, pool.Spec.Gpu.EffectiveCount);
        return profile?.KvTokens(Math.Max(0, percent) / 100) is { } tokens and > 0
            ? tokens
            : throw new InvalidFleetException($"ModelPool {pool.Metadata.Name}: {percent:0} % of the memory leave no room for a cache beside the weights of {pool.Spec.Model}; change spec.coResident.memoryPercent.");
    }

    /// <summary>The route's objective, in seconds.</summary>
    public static Objective ObjectiveOf(ModelRoute route)
    {
        ArgumentNullException.ThrowIfNull(route);
        var spec = route.Spec.EffectiveObjective;
        return new(spec.EffectiveTimeToFirstToken.TotalSeconds, spec.EffectiveTimePerOutputToken.TotalSeconds, spec.EffectiveEndToEnd.TotalSeconds, spec.EffectiveHardDeadline.TotalSeconds);
    }

    private static string Space(string? space) => space ?? "default";

    private static ModelPool Pool(Dictionary<string, ModelPool> pools, ModelRoute route, VariantSpec variant) =>
        pools.GetValueOrDefault(variant.Pool)
        ?? throw new InvalidFleetException($"ModelRoute {route.Metadata.Name} names ModelPool {variant.Pool}, which does not exist; create it or remove the variant.");

    private static SimulatedPool Simulated(ModelPool pool, PoolSize size, ImmutableArray<double> quality, int firstGpu)
    {
        var (spec, count) = (pool.Spec, pool.Spec.Gpu.EffectiveCount);
        var profile = ServingProfiles.Find(spec.Model, spec.Gpu.Product, count)
            ?? throw new InvalidFleetException($"ModelPool {pool.Metadata.Name}: there is no time and energy profile of {spec.Model} on {count} x {spec.Gpu.Product}, so it cannot be simulated; the models that can are listed in router/Profiles/README.md.");
        return new()
        {
            Name = pool.Metadata.Name,
            Profile = profile,
            Quality = quality,
            Placement = SimulatedPool.Apart(size.Replicas, count, firstGpu),
            Power = new(size.ClockMHz ?? profile.Gpu.MaxClockMHz, size.PowerLimitWatts ?? profile.Gpu.MaxPowerLimitWatts),
        };
    }
}
