using System.Collections.Immutable;
using k8s.Models;
using Ops.Api;
using Ops.Picking;

namespace Ops.Router;

/// <summary>Makes a routing table of what the cluster holds. Pure.</summary>
internal static class RoutingTableBuilder
{
    /// <summary>Builds the table.</summary>
    /// <param name="routes">All routes.</param>
    /// <param name="pools">All pools.</param>
    /// <param name="slices">The endpoints of at least the pools' Services.</param>
    /// <param name="secrets">The Secrets that hold API keys, and no others.</param>
    /// <param name="policies">The ConfigMaps that hold learned policies, and no others.</param>
    /// <param name="problems">One sentence for each thing that cannot be served as it is written.</param>
    internal static RoutingTable Build(
        IEnumerable<ModelRoute> routes,
        IEnumerable<ModelPool> pools,
        IEnumerable<V1EndpointSlice> slices,
        IEnumerable<V1Secret> secrets,
        IEnumerable<V1ConfigMap> policies,
        out IReadOnlyList<string> problems)
    {
        var found = new List<string>();
        var poolsByName = pools.ToDictionary(p => (p.Metadata.NamespaceProperty, p.Metadata.Name));
        var slicesByService = slices
            .Where(s => s.Metadata.Labels?.ContainsKey(Labels.ServiceName) == true)
            .ToLookup(s => (s.Metadata.NamespaceProperty, s.Metadata.Labels[Labels.ServiceName]));
        // A pool with guests has its GPUs not for itself either.
        var hosts = poolsByName.Values.Where(p => p.Spec.CoResident is not null).Select(p => (p.Metadata.NamespaceProperty, p.Spec.CoResident!.Host)).ToHashSet();
        var policiesByName = policies.ToDictionary(p => p.Metadata.Name, StringComparer.Ordinal);
        var table = new Dictionary<string, RouteConfig>(StringComparer.Ordinal);
        // Of two routes for one model the older one serves, so that a newcomer cannot take a model over.
        foreach (var route in routes.OrderBy(r => r.Metadata.CreationTimestamp ?? DateTime.MaxValue).ThenBy(r => (r.Metadata.NamespaceProperty, r.Metadata.Name)))
        {
            var config = Route(route, poolsByName, hosts, slicesByService, policiesByName, found);
            if (!table.TryAdd(config.Model, config))
                found.Add($"ModelRoute {Id(route)} is not served: its model {config.Model} belongs to the older ModelRoute {table[config.Model].Namespace}/{table[config.Model].Name}");
        }

        problems = found;
        return new RoutingTable([.. table.Values], Keys(secrets, found));
    }

    private static RouteConfig Route(
        ModelRoute route,
        Dictionary<(string, string), ModelPool> pools,
        HashSet<(string, string)> hosts,
        ILookup<(string, string), V1EndpointSlice> slices,
        Dictionary<string, V1ConfigMap> policies,
        List<string> problems)
    {
        var spec = route.Spec;
        var variants = spec.Variants.DistinctBy(v => v.Pool).Take(RouteSnapshot.MaxVariants).ToList();
        if (variants.Count < spec.Variants.Count)
            problems.Add($"ModelRoute {Id(route)}: only {variants.Count} of {spec.Variants.Count} variants are used; each pool counts once, and at most {RouteSnapshot.MaxVariants} pools");
        ImmutableArray<string> tasks =
        [
            RouteSnapshot.DefaultTask,
            .. variants.SelectMany(v => v.Quality.Keys).Where(t => t != RouteSnapshot.DefaultTask).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
        ];
        var ns = route.Metadata.NamespaceProperty;
        var byRole = variants.ToLookup(v => pools.GetValueOrDefault((ns, v.Pool))?.Spec.EffectiveRole == PoolRoles.Prefill);
        if (!byRole[false].Any())
            problems.Add($"ModelRoute {Id(route)}: all its pools have the role prefill, so none of them answers; add one with the role decode or both");
        ImmutableArray<VariantConfig> Configs(IEnumerable<VariantSpec> some) =>
            [.. some.Select(v => Variant(route, v, tasks, pools.GetValueOrDefault((ns, v.Pool)), HostOf(pools, ns, v.Pool), hosts.Contains((ns, v.Pool)), slices[(ns, v.Pool)], problems))];
        var learned = LearnedConfig.Of(spec.EffectivePolicy, [.. byRole[false].Select(v => v.Pool)], policies);
        if (learned?.Problem is { } problem)
            problems.Add($"ModelRoute {Id(route)}: the price rule decides: {problem}");
        return new RouteConfig
        {
            Namespace = ns,
            Name = route.Metadata.Name,
            Model = route.EffectiveModel,
            CreatedAt = route.Metadata.CreationTimestamp is { } at ? new DateTimeOffset(at.ToUniversalTime()).ToUnixTimeSeconds() : 0,
            Suspended = spec.Suspend,
            Objective = ObjectiveOf(spec.EffectiveObjective),
            Policy = learned?.Rule ?? PolicyOf(spec.EffectivePolicy),
            Learned = learned,
            Pick = PickRulesOf(spec.EffectiveScorers, spec.EffectiveAffinity, spec.EffectiveAdmission),
            SessionHeader = spec.EffectiveAffinity.EffectiveSessionHeader,
            EnergyHeader = spec.EnergyHeader,
            Attempts = Math.Clamp(spec.EffectiveRetry.EffectiveAttempts, 1, TriedReplicas.Capacity),
            RetryPercent = spec.EffectiveRetry.EffectiveBudgetPercent,
            HedgeAfter = spec.EffectiveRetry.EffectiveHedgeAfter is var after && after > TimeSpan.Zero ? after : null,
            Timeouts = TimeoutsOf(spec.EffectiveTimeouts),
            Admission = AdmissionConfig.From(spec.EffectiveAdmission, spec.EffectiveObjective.EffectiveHardDeadline.TotalSeconds),
            Tasks = tasks,
            Variants = Configs(byRole[false]),
            Prefill = Configs(byRole[true]),
            PrefillThreshold = spec.EffectivePrefill.EffectiveThreshold,
        };
    }

    private static VariantConfig Variant(ModelRoute route, VariantSpec variant, ImmutableArray<string> tasks, ModelPool? pool, ModelPool? host, bool isHost, IEnumerable<V1EndpointSlice> slices, List<string> problems)
    {
        if (pool is null)
            problems.Add($"ModelRoute {Id(route)}: ModelPool {route.Metadata.NamespaceProperty}/{variant.Pool} does not exist; create it or remove the variant");
        var sleeping = (pool?.Status?.Sleeping ?? []).ToHashSet(StringComparer.Ordinal);
        var replicas = pool is null ? [] : Bounded(Replicas(slices, pool, host, isHost, problems), route, variant, problems);
        return new VariantConfig
        {
            Pool = variant.Pool,
            Model = variant.Adapter ?? pool?.Spec.Model ?? variant.Pool,
            Adapter = variant.Adapter,
            Quality = [.. tasks.Select(variant.QualityFor)],
            Exists = pool is not null,
            MaxSequences = pool is null ? null : EngineArguments.MaxSequences(pool.Spec.Engine),
            // Clock and limit of shared GPUs are the host's.
            Curve = pool is null ? null : Curves.Of(host is null ? pool.Spec : pool.Spec with { Energy = host.Spec.Energy }),
            Replicas = [.. replicas.Where(replica => !sleeping.Contains(replica.Name))],
            Sleeping = [.. replicas.Where(replica => sleeping.Contains(replica.Name))],
        };
    }

    private static ModelPool? HostOf(Dictionary<(string, string), ModelPool> pools, string ns, string pool) =>
        pools.GetValueOrDefault((ns, pool))?.Spec.CoResident is { } guest ? pools.GetValueOrDefault((ns, guest.Host)) : null;

    private static ImmutableArray<ReplicaAddress> Bounded(ImmutableArray<ReplicaAddress> replicas, ModelRoute route, VariantSpec variant, List<string> problems)
    {
        if (replicas.Length <= RouteSnapshot.MaxReplicas)
            return replicas;
        problems.Add($"ModelRoute {Id(route)}: only {RouteSnapshot.MaxReplicas} of the {replicas.Length} replicas of {variant.Pool} are used; split the pool");
        return replicas[..RouteSnapshot.MaxReplicas];
    }

    private static ImmutableArray<ReplicaAddress> Replicas(IEnumerable<V1EndpointSlice> slices, ModelPool pool, ModelPool? sharedBy, bool isHost, List<string> problems)
    {
        var serviceName = $"{pool.Metadata.Name}.{pool.Metadata.NamespaceProperty}.svc";
        // A guest has an engine on every so many of its host's GPUs, each behind a port of its own.
        var gpus = pool.Spec.Gpu.EffectiveCount;
        var engines = sharedBy is null ? 1 : Math.Max(1, sharedBy.Spec.Gpu.EffectiveCount / gpus);
        var replicas =
            from slice in slices
            where slice.AddressType is "IPv4" or "IPv6" or "FQDN"
            from engine in Enumerable.Range(0, engines)
            let port = (slice.Ports ?? []).FirstOrDefault(p => p.Name == WellKnown.HttpPort(engine))
            where port?.Port is not null
            let protocol = ProtocolOf(port, slice, problems)
            from endpoint in slice.Endpoints ?? []
            // Absent means ready, by the API's own rule.
            where endpoint.Conditions?.Ready ?? true
            from address in endpoint.Addresses ?? []
            let host = slice.AddressType == "IPv6" ? $"[{address}]" : address
            let pod = endpoint.TargetRef?.Name ?? address
            select new ReplicaAddress(engine == 0 ? pod : $"{pod}/{engine}", $"{protocol.Scheme()}://{host}:{port.Port}", protocol, protocol == UpstreamProtocol.Https ? serviceName : null)
            {
                Gpus = sharedBy is not null || isHost ? new GpuSlice(pod, engine * gpus, gpus) : null,
            };
        // During a move from one slice to another an endpoint may stand in both.
        return [.. replicas.DistinctBy(r => r.Url).OrderBy(r => r.Url, StringComparer.Ordinal)];
    }

    private static UpstreamProtocol ProtocolOf(Discoveryv1EndpointPort port, V1EndpointSlice slice, List<string> problems)
    {
        if (UpstreamProtocols.Parse(port.AppProtocol) is { } protocol)
            return protocol;
        problems.Add($"EndpointSlice {slice.Metadata.NamespaceProperty}/{slice.Metadata.Name}: appProtocol {port.AppProtocol} is spoken to as plain HTTP/1.1; set http, https or kubernetes.io/h2c on the Service's port");
        return UpstreamProtocol.Http1;
    }

    private static UpstreamTimeouts TimeoutsOf(TimeoutSpec spec) => new(spec.EffectiveConnect, spec.EffectiveFirstByte, spec.EffectiveIdle)
    {
        Total = spec.EffectiveTotal,
        ReplicaReady = spec.EffectiveReplicaReady,
    };

    private static Objective ObjectiveOf(ObjectiveSpec spec) => new(
        spec.EffectiveTimeToFirstToken.TotalSeconds,
        spec.EffectiveTimePerOutputToken.TotalSeconds,
        spec.EffectiveEndToEnd.TotalSeconds,
        spec.EffectiveHardDeadline.TotalSeconds);

    private static PickRules PickRulesOf(ScorerSpec scorers, AffinitySpec affinity, AdmissionSpec admission) => new()
    {
        Weights = new ScorerWeights
        {
            Queue = scorers.EffectiveQueue,
            KvCacheUtilization = scorers.EffectiveKvCacheUtilization,
            PrefixCache = scorers.EffectivePrefixCache,
            SessionAffinity = scorers.EffectiveSessionAffinity,
            LoraAffinity = scorers.EffectiveLoraAffinity,
        },
        Bound = new LoadBound(affinity.EffectiveMaxLoadPercent / 100f, affinity.EffectiveLoadSlack),
        RejectLateCompletion = admission.EffectiveRejectLateCompletion,
    };

    private static IPolicy PolicyOf(PolicySpec spec) => spec.EffectiveType switch
    {
        PolicyTypes.Static => new StaticPolicy(spec.StaticPool ?? ""),
        PolicyTypes.Greedy => new GreedyPolicy(),
        PolicyTypes.Price => new PricePolicy(spec.EffectiveEnergyWeight),
        _ => new LadderPolicy(),
    };

    private static ApiKeys Keys(IEnumerable<V1Secret> secrets, List<string> problems)
    {
        var keys = new List<(Caller, byte[])>();
        foreach (var secret in secrets.OrderBy(s => s.Metadata.Name, StringComparer.Ordinal))
        {
            var data = secret.Data ?? new Dictionary<string, byte[]>();
            foreach (var (name, value) in data)
            {
                var entry = $"Secret {secret.Metadata.NamespaceProperty}/{secret.Metadata.Name}: entry {name}";
                if (KeyEntry.IsLimits(name))
                {
                    if (!data.ContainsKey(KeyEntry.KeyOf(name)))
                        problems.Add($"{entry} limits no key; add the key as entry {KeyEntry.KeyOf(name)}, or rename it to that of the key");
                    continue;
                }

                var caller = KeyEntry.Read(name, data.TryGetValue(name + KeyEntry.LimitsSuffix, out var limits) ? limits : null);
                if (caller.Problem is { } problem)
                    problems.Add($"{entry}{KeyEntry.LimitsSuffix} cannot be read, so the key is refused: {problem}");
                if (value.Length is 0 or > ApiKeys.MaxKeyBytes)
                    problems.Add($"{entry} is no usable key; it must have 1 to {ApiKeys.MaxKeyBytes} bytes");
                else
                    keys.Add((caller, value));
            }
        }

        return ApiKeys.From(keys);
    }

    private static string Id(ModelRoute route) => $"{route.Metadata.NamespaceProperty}/{route.Metadata.Name}";
}
