using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Ops.Picking;

namespace Ops.Router;

/// <summary>A routing table with its replicas and series: what one request works with from beginning to end.</summary>
internal sealed class LiveTable
{
    // A model name is at most 253 characters.
    private const int MaxModelChars = 253;

    private readonly FrozenDictionary<string, LiveRoute>.AlternateLookup<ReadOnlySpan<char>> _byModel;

    internal LiveTable(ImmutableArray<LiveRoute> routes, ApiKeys keys)
    {
        Routes = routes;
        Keys = keys;
        _byModel = routes.ToFrozenDictionary(r => r.Config.Model, StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();
    }

    internal ImmutableArray<LiveRoute> Routes { get; }

    internal ApiKeys Keys { get; }

    /// <summary>Finds a route by its model. One that the caller may not use does not exist for it.</summary>
    internal LiveRoute? Find(ReadOnlySpan<char> model, Caller caller) => _byModel.TryGetValue(model, out var route) && caller.MayUse(route.Config.Model) ? route : null;

    /// <summary>Finds a route by the bytes of a model name.</summary>
    internal LiveRoute? Find(ReadOnlySpan<byte> model, Caller caller)
    {
        if (model.Length > MaxModelChars)
            return null;
        Span<char> chars = stackalloc char[MaxModelChars];
        return Encoding.UTF8.TryGetChars(model, chars, out var length) ? Find(chars[..length], caller) : null;
    }
}

/// <summary>A route as requests see it. Only the snapshot changes, once for every round of observations.</summary>
internal sealed class LiveRoute
{
    // The gate's room follows what ends and fails between two readings too.
    private const long ShowGateEveryMs = 1_000;

    private volatile RouteSnapshot _snapshot;
    private RouteSnapshot? _shown;
    private long _shownAtMs;

    internal LiveRoute(RouteConfig config, ImmutableArray<LiveVariant> variants, RouteGate gate, RouteMemory memory, PrefixIndex? prefixes = null, ArrivalRateEstimator? arrivals = null, ImmutableArray<PrefillStage> prefill = default)
    {
        Arrivals = arrivals ?? new ArrivalRateEstimator();
        Config = config;
        Gate = gate;
        Variants = variants;
        Memory = memory;
        Label = $"{config.Namespace}/{config.Name}";
        Key = KeyHash.Of(Label);
        // Engines keep the blocks of adapters apart, and a replica may serve several.
        CacheSalt = variants.Aggregate(0UL, (salt, v) => v.Config.Adapter is { } adapter ? KeyHash.Combine(salt, KeyHash.Of(adapter)) : salt);
        _snapshot = RouteSnapshot.Create(Label, config.Objective, config.Tasks, [.. variants.Select(v => v.Observe())], config.Pick with { Prefixes = prefixes });
        Prefill = prefill;
        HasReplica = Enumerable.Range(0, variants.Length).Any(v => variants[v].Replicas.Length > 0 && config.Policy.Considers(_snapshot, v));
    }

    internal RouteConfig Config { get; }

    internal ImmutableArray<LiveVariant> Variants { get; }

    /// <summary>Counts this router's requests for the route; outlives tables.</summary>
    internal ArrivalRateEstimator Arrivals { get; }

    internal RouteMemory Memory { get; }

    /// <summary>Pools that read prompts for the variants, by model.</summary>
    private ImmutableArray<PrefillStage> Prefill { get; }

    /// <summary>Whether a variant that the policy considers has any replica.</summary>
    internal bool HasReplica { get; }

    /// <summary>namespace/name: the label of the route's series and log lines.</summary>
    internal string Label { get; }

    /// <summary>Hash of the label.</summary>
    internal ulong Key { get; }

    /// <summary>Keeps the route's prompt blocks apart from those of routes with other adapters; 0 for none.</summary>
    internal ulong CacheSalt { get; }

    internal RouteSnapshot Snapshot => _snapshot;

    /// <summary>Where requests wait for room.</summary>
    internal RouteGate Gate { get; }

    /// <summary>Takes the newest observations in.</summary>
    internal void Observe()
    {
        _snapshot = _snapshot.WithVariants([.. Variants.Select(v => v.Observe())]);
        if (Prefill.IsDefaultOrEmpty)
            return;
        foreach (var stage in Prefill)
            stage.Observe();
    }

    /// <summary>Who reads prompts for a variant; null for nobody else.</summary>
    internal PrefillStage? PrefillFor(LiveVariant variant)
    {
        if (Prefill.IsDefaultOrEmpty)
            return null;
        foreach (var stage in Prefill)
        {
            if (stage.Model == variant.Config.Model)
                return stage;
        }

        return null;
    }

    /// <summary>Shows the gate the newest observations, at least once a second. Called by one task.</summary>
    /// <returns>Whether it was time to.</returns>
    internal bool ShowGate(long nowMs)
    {
        var snapshot = _snapshot;
        if (ReferenceEquals(snapshot, _shown) && nowMs - _shownAtMs < ShowGateEveryMs)
            return false;
        (_shown, _shownAtMs) = (snapshot, nowMs);
        Gate.Observe(snapshot, Config.Policy, nowMs);
        return true;
    }
}

/// <summary>A variant with its replicas, in the order of the snapshot's.</summary>
internal sealed class LiveVariant
{
    internal LiveVariant(VariantConfig config, ImmutableArray<Replica> replicas, VariantMetrics metrics)
    {
        Config = config;
        Replicas = replicas;
        Metrics = metrics;
        ModelJson = JsonSerializer.SerializeToUtf8Bytes(config.Model);
    }

    internal VariantConfig Config { get; }

    internal ImmutableArray<Replica> Replicas { get; }

    internal VariantMetrics Metrics { get; }

    /// <summary>The pool's model name as JSON, quotes included.</summary>
    internal ReadOnlyMemory<byte> ModelJson { get; }

    internal VariantState Observe() => Observe(Config, Replicas);

    internal static VariantState Observe(VariantConfig config, ImmutableArray<Replica> replicas) => new()
    {
        Pool = config.Pool,
        Quality = config.Quality,
        Curve = config.Curve,
        MaxSequences = config.MaxSequences,
        Replicas = [.. replicas.Select(r => r.ToState(config.Adapter))],
    };
}
