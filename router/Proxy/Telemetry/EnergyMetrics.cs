using System.Collections.Concurrent;
using Prometheus;

namespace Ops.Router;

/// <summary>
/// Joules of answered requests, by route and by tenant, and what they stand for in CO2. They are the profile's share of
/// the engine's steps (<see cref="Picking.ServingCurve.ShareOfJoules"/>), not a measurement: what a pool really drew is
/// <c>ops_router_pool_energy_joules_total</c>, idle GPUs included. Pools without a profile are left out.
/// </summary>
internal sealed class EnergyMetrics
{
    /// <summary>Tenants with series of their own, about 1 KB each; later ones count together as <see cref="Others"/>.</summary>
    internal const int MostTenants = 1_000;

    internal const string Others = "others";

    private readonly Counter _byVariant;
    private readonly Counter _byTenant;
    private readonly Counter _grams;
    private readonly ConcurrentDictionary<string, bool> _tenants = new(StringComparer.Ordinal);

    internal EnergyMetrics(MetricFactory factory)
    {
        _byVariant = factory.CreateCounter("ops_router_request_joules_total", "GPU joules of answered requests as their share of the engine's steps, by the pool's profile; without idle power.", "route", "variant");
        _byTenant = factory.CreateCounter("ops_router_tenant_joules_total", "The same by tenant; beyond 1,000 tenants the rest counts as others.", "tenant");
        _grams = factory.CreateCounter("ops_router_tenant_co2_grams_total", "Grams of CO2 of these joules at the configured intensity.", "tenant");
    }

    /// <summary>Takes a request in.</summary>
    /// <param name="route">The route's label.</param>
    /// <param name="variant">The pool.</param>
    /// <param name="tenant">Who asked.</param>
    /// <param name="joules">Its share.</param>
    /// <param name="grams">Its CO2; null where no intensity is configured.</param>
    internal void Add(string route, string variant, string tenant, double joules, double? grams)
    {
        _byVariant.WithLabels(route, variant).Inc(joules);
        if (!_tenants.ContainsKey(tenant))
            tenant = _tenants.Count < MostTenants && _tenants.TryAdd(tenant, true) ? tenant : Others;
        _byTenant.WithLabels(tenant).Inc(joules);
        if (grams is { } some)
            _grams.WithLabels(tenant).Inc(some);
    }

    /// <summary>Forgets a variant that left the configuration.</summary>
    internal void Forget(string route, string variant) => _byVariant.RemoveLabelled(route, variant);
}
