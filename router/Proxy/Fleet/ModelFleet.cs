using System.Collections.Frozen;
using System.Collections.Immutable;
using Ops.Picking;

namespace Ops.Router;

/// <summary>Keeps the live table current: a new one for a new configuration, new snapshots for new observations.</summary>
internal sealed class ModelFleet : IDisposable
{
    private readonly IRoutingTableSource _source;
    private readonly RouterMetrics _metrics;
    private readonly PrefixIndex _prefixes;
    private readonly Lock _rebuild = new();
    private Dictionary<string, Replica> _replicas = [];
    private Dictionary<string, RouteMemory> _memories = [];
    private HashSet<string> _woken = [];
    private volatile TaskCompletionSource _nextChange = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile FrozenDictionary<string, PoolReplica> _scraped = FrozenDictionary<string, PoolReplica>.Empty;
    private volatile LiveTable _table = new([], ApiKeys.None);

    internal ModelFleet(IRoutingTableSource source, RouterMetrics metrics, PrefixIndex prefixes)
    {
        _prefixes = prefixes;
        _source = source;
        _metrics = metrics;
        source.Changed += Rebuild;
        metrics.Registry.AddBeforeCollectCallback(() =>
        {
            metrics.Inference.Refresh(Current);
            metrics.Policies.Refresh(Current);
        });
        Rebuild();
    }

    /// <summary>Where requests wait, by route.</summary>
    internal RouteGates Gates { get; } = new();

    /// <summary>The newest table.</summary>
    internal LiveTable Current => _table;

    /// <summary>Completes when the table is replaced next.</summary>
    internal Task NextChange => _nextChange.Task;

    /// <summary>Every replica once, with the pool whose joules it counts for.</summary>
    internal FrozenDictionary<string, PoolReplica> Replicas => _scraped;

    public void Dispose() => _source.Changed -= Rebuild;

    /// <summary>Makes newly scraped figures visible to choices.</summary>
    internal void PublishObservations()
    {
        foreach (var route in _table.Routes)
            route.Observe();
    }

    /// <summary>A replica that the configuration calls asleep answers, or is no longer believed to.</summary>
    internal void Woken(string url, bool awake)
    {
        bool changed;
        lock (_rebuild)
            changed = awake ? _woken.Add(url) : _woken.Remove(url);
        if (changed)
            Rebuild();
    }

    private void Rebuild()
    {
        lock (_rebuild)
        {
            // Who is not called asleep any more needs no word of ours.
            _woken = [.. _source.Current.Asleep().Where(_woken.Contains)];
            var config = _woken.Count == 0 ? _source.Current : _source.Current.With(_woken);
            var known = new Dictionary<string, Replica>(StringComparer.Ordinal);
            var scraped = new Dictionary<string, PoolReplica>(StringComparer.Ordinal);
            var routes = config.Routes.Select(route => Live(route, known, scraped));
            var table = new LiveTable([.. routes], config.Keys);
            NeighboursOf(config, known);
            foreach (var route in table.Routes)
                route.Observe();
            ForgetSeries(_table, table);
            _replicas = known;
            _scraped = scraped.ToFrozenDictionary(StringComparer.Ordinal);
            _memories = table.Routes.ToDictionary(r => r.Label, r => r.Memory, StringComparer.Ordinal);
            _table = table;
            Interlocked.Exchange(ref _nextChange, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
        }
    }

    // Who shares GPUs with whom: engines of other pools in the same pod, on at least one GPU that is also this one's.
    private static void NeighboursOf(RoutingTable config, Dictionary<string, Replica> known)
    {
        var placed = config.Routes
            .SelectMany(route => route.Variants.Concat(route.Prefill).SelectMany(pool => pool.Replicas.Select(address => (route.Namespace, Pool: pool, Address: address))))
            .Where(one => one.Address.Gpus is not null)
            .DistinctBy(one => one.Address.Url)
            .GroupBy(one => (one.Namespace, one.Address.Gpus!.Pod));
        foreach (var pod in placed.Select(group => group.ToList()))
        {
            foreach (var one in pod)
            {
                known[one.Address.Url].Neighbours = [.. pod
                    .Where(other => other.Pool.Pool != one.Pool.Pool && other.Pool.Curve is not null && other.Address.Gpus!.Meets(one.Address.Gpus!))
                    .Select(other => new Neighbour(known[other.Address.Url].Load, other.Pool.Curve!.SecondsPerPromptToken))];
            }
        }
    }

    private LiveRoute Live(RouteConfig route, Dictionary<string, Replica> known, Dictionary<string, PoolReplica> scraped)
    {
        var label = $"{route.Namespace}/{route.Name}";
        ImmutableArray<Replica> ReplicasOf(VariantConfig pool) => [.. pool.Replicas.Select(address => Keep(route.Namespace, pool.Pool, address, known, scraped))];
        var variants = route.Variants.Select(variant => new LiveVariant(
            variant,
            ReplicasOf(variant),
            _metrics.Of(label, variant.Pool, route.Model, variant.Model)));
        var prefill = route.Prefill.GroupBy(pool => pool.Model, StringComparer.Ordinal).Select(pools => new PrefillStage(
            route, pools.Key, [.. pools.Select(pool => (pool, ReplicasOf(pool)))], _prefixes));
        var memory = _memories.GetValueOrDefault(label) ?? new RouteMemory();
        return new LiveRoute(
            memory.Guard(route), [.. variants], Gates.Of(label, route.Admission.Gate), memory,
            _prefixes, _table.Routes.FirstOrDefault(old => old.Label == label)?.Arrivals, [.. prefill]);
    }

    // The address is a replica's identity here; two pods that had the same one after each other differ by name.
    private Replica Keep(string ns, string pool, ReplicaAddress address, Dictionary<string, Replica> known, Dictionary<string, PoolReplica> scraped)
    {
        if (!known.TryGetValue(address.Url, out var replica))
        {
            replica = _replicas.TryGetValue(address.Url, out var old) && old.Is(address) ? old : new Replica(address, _prefixes);
            known.Add(address.Url, replica);
            scraped.Add(address.Url, new PoolReplica(ns, pool, replica));
        }

        return replica;
    }

    private void ForgetSeries(LiveTable old, LiveTable current)
    {
        var kept = Series(current).ToHashSet();
        foreach (var series in Series(old).Where(series => !kept.Contains(series)))
            _metrics.Forget(series.Route, series.Pool, series.Model, series.Target);
    }

    private static IEnumerable<(string Route, string Pool, string Model, string Target)> Series(LiveTable table) =>
        table.Routes.SelectMany(r => r.Variants.Select(v => (r.Label, v.Config.Pool, r.Config.Model, v.Config.Model)));
}

/// <summary>A replica and the pool that it belongs to.</summary>
internal sealed record PoolReplica(string Namespace, string Pool, Replica Replica);
