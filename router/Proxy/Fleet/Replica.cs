using Ops.Picking;

namespace Ops.Router;

/// <summary>A replica for as long as its address is in the configuration. Outlives tables, so counts survive a reload.</summary>
internal sealed class Replica
{
    private readonly Uri _chat;
    private readonly Uri _completions;
    private readonly PrefixIndex _prefixes;
    private readonly Uri _embeddings;
    private readonly Uri _responses;
    private volatile ReplicaFigures? _figures;
    private volatile ushort _cache;
    private volatile bool _forgetsPrompts;
    private volatile IReadOnlyList<Neighbour> _neighbours = [];

    internal Replica(ReplicaAddress address, PrefixIndex prefixes)
    {
        _prefixes = prefixes;
        _cache = prefixes.NewCache();
        Name = address.Name;
        Url = address.Url;
        Protocol = address.Protocol;
        TlsName = address.TlsName;
        Metrics = new Uri(address.Url + "/metrics");
        HealthPage = new Uri(address.Url + "/health");
        Health = new ReplicaHealth(Load);
        _chat = new Uri(address.Url + Paths.Chat);
        _completions = new Uri(address.Url + Paths.Completions);
        _embeddings = new Uri(address.Url + Paths.Embeddings);
        _responses = new Uri(address.Url + Paths.Responses);
    }

    internal string Name { get; }

    internal string Url { get; }

    /// <summary>127.0.0.1:8000: the address without its scheme.</summary>
    internal string HostAndPort => Metrics.Authority;

    internal UpstreamProtocol Protocol { get; }

    /// <summary>The name that its certificate must have; null without TLS.</summary>
    internal string? TlsName { get; }

    internal Uri Metrics { get; }

    internal Uri HealthPage { get; }

    internal ReplicaHealth Health { get; }

    internal ReplicaLoad Load { get; } = new();

    /// <summary>Engines of other pools on its GPUs; set with the table, read by every observation.</summary>
    internal IReadOnlyList<Neighbour> Neighbours
    {
        get => _neighbours;
        set => _neighbours = value;
    }

    /// <summary>What the scraper read last; null before its first success.</summary>
    internal ReplicaFigures? Figures
    {
        get => _figures;
        set => _figures = value;
    }

    /// <summary>The scraper's memory of this replica; touched by one scrape at a time.</summary>
    internal ScrapeState Scrape { get; } = new();

    internal Uri UriOf(string path) => path switch
    {
        Paths.Chat => _chat,
        Paths.Completions => _completions,
        Paths.Embeddings => _embeddings,
        _ => _responses,
    };

    /// <summary>Whether this is the replica at an address, and not an earlier one or one that is spoken to differently.</summary>
    internal bool Is(ReplicaAddress address) => Name == address.Name && Url == address.Url && Protocol == address.Protocol && TlsName == address.TlsName;

    /// <summary>Whether its engine keeps no prompt for later ones: nothing of what it was sent is there already then.</summary>
    internal bool ForgetsPrompts
    {
        get => _forgetsPrompts;
        set => _forgetsPrompts = value;
    }

    /// <summary>The engine began anew: what its cache held is gone.</summary>
    internal void ForgetCache() => _cache = _prefixes.NewCache();

    /// <summary>Tells the prefix index how much the KV cache holds.</summary>
    internal void HasCacheOf(double tokens) => _prefixes.SetCapacity(_cache, (int)Math.Min(tokens / PromptHasher.BlockTokens, int.MaxValue));

    internal ReplicaState ToState(string? adapter)
    {
        var figures = Figures;
        var state = new ReplicaState { Name = Name, Address = Url, Load = Load, Cache = ForgetsPrompts ? (ushort)0 : _cache, Neighbours = [.. _neighbours] };
        return figures is null ? state : figures.Describe(state) with
        {
            Lora = adapter is null ? LoraPresence.Unknown : figures.Adapters?.PresenceOf(adapter) ?? LoraPresence.Unknown,
        };
    }
}
