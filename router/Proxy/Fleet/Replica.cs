using Ops.Picking;

namespace Ops.Router;

/// <summary>A replica for as long as its address is in the configuration. Outlives tables, so counts survive a reload.</summary>
internal sealed class Replica
{
    private readonly Uri _chat;
    private readonly Uri _completions;
    private readonly PrefixIndex _prefixes;
    private volatile ReplicaFigures? _figures;
    private volatile ushort _cache;

    internal Replica(ReplicaAddress address, PrefixIndex prefixes)
    {
        _prefixes = prefixes;
        _cache = prefixes.NewCache();
        Name = address.Name;
        Url = address.Url;
        Metrics = new Uri(address.Url + "/metrics");
        _chat = new Uri(address.Url + Paths.Chat);
        _completions = new Uri(address.Url + Paths.Completions);
    }

    internal string Name { get; }

    internal string Url { get; }

    internal Uri Metrics { get; }

    internal ReplicaLoad Load { get; } = new();

    /// <summary>What the scraper read last; null before its first success.</summary>
    internal ReplicaFigures? Figures
    {
        get => _figures;
        set => _figures = value;
    }

    /// <summary>The scraper's memory of this replica; touched by one scrape at a time.</summary>
    internal ScrapeState Scrape { get; } = new();

    internal Uri UriOf(string path) => path == Paths.Chat ? _chat : _completions;

    /// <summary>The engine began anew: what its cache held is gone.</summary>
    internal void ForgetCache() => _cache = _prefixes.NewCache();

    /// <summary>Tells the prefix index how much the KV cache holds.</summary>
    internal void HasCacheOf(double tokens) => _prefixes.SetCapacity(_cache, (int)Math.Min(tokens / PromptHasher.BlockTokens, int.MaxValue));

    internal ReplicaState ToState(string? adapter)
    {
        var figures = Figures;
        var state = new ReplicaState { Name = Name, Address = Url, Load = Load, Cache = _cache };
        return figures is null ? state : figures.Describe(state) with
        {
            Lora = adapter is null ? LoraPresence.Unknown : figures.Adapters?.PresenceOf(adapter) ?? LoraPresence.Unknown,
        };
    }
}
