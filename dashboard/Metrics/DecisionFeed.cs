using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using k8s.Models;
using Ops.Api;

namespace Ops.Dashboard.Metrics;

/// <summary>What a router saw of one variant when it chose.</summary>
internal sealed record DecisionVariant
{
    /// <summary>The variant's pool.</summary>
    public string Pool { get; init; } = "";

    /// <summary>It could have been chosen.</summary>
    public bool Open { get; init; }

    /// <summary>The policy's figure for it, or null.</summary>
    public double? Score { get; init; }

    /// <summary>Requests at its best replica.</summary>
    public int? Outstanding { get; init; }

    /// <summary>Those of them that waited.</summary>
    public int? Queued { get; init; }

    /// <summary>Predicted seconds until the first token.</summary>
    public double? FirstToken { get; init; }

    /// <summary>Predicted seconds by further token.</summary>
    public double? PerToken { get; init; }

    /// <summary>Predicted seconds until the last token.</summary>
    public double? Completion { get; init; }

    /// <summary>Predicted joules.</summary>
    public double? Joules { get; init; }
}

/// <summary>A choice that a router made: lengths and predictions, nothing of the prompt or the client.</summary>
internal sealed record RouteDecision
{
    /// <summary>When.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>The policy that chose.</summary>
    public string Policy { get; init; } = "";

    /// <summary>The request's task.</summary>
    public string Task { get; init; } = "";

    /// <summary>Estimated prompt length.</summary>
    public int PromptTokens { get; init; }

    /// <summary>The client's own limit on the answer, or null.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Expected answer length; 0 where nobody knew.</summary>
    public double ExpectedTokens { get; init; }

    /// <summary>Whether the client read tokens as they came.</summary>
    public bool Stream { get; init; }

    /// <summary>1, or more for a retry.</summary>
    public int Attempt { get; init; }

    /// <summary>Chosen, or why nothing was.</summary>
    public string Outcome { get; init; } = "";

    /// <summary>The pool that was chosen, or null.</summary>
    public string? Chosen { get; init; }

    /// <summary>Arriving work by what the replicas can do.</summary>
    public double? Load { get; init; }

    /// <summary>What the scores are, or "".</summary>
    public string ScoreName { get; init; } = "";

    /// <summary>In the route's order.</summary>
    public IReadOnlyList<DecisionVariant> Variants { get; init; } = [];
}

/// <summary>
/// Recent choices of routes, read from the routers when a page shows them and shared by all viewers. Whoever asks must have
/// seen the route in an own list of the API server: the routers themselves know no users.
/// </summary>
internal sealed class DecisionFeed(MetricScraper scraper, TimeProvider time) : IDisposable
{
    // Routers tell at most 64 choices each, 256 KB where a route has 32 variants.
    private const int MaxPage = 512 << 10;
    private const int MostRouters = 8;
    private const int MostRows = 30;

    // As many routes as the dashboard has users at once; the others are read again when they are looked at.
    private const int MostRoutes = 64;
    private const int Port = 8081;

    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(2);
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private readonly ConcurrentDictionary<string, Entry> routes = new(StringComparer.Ordinal);
    private readonly HttpClient client = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, ConnectTimeout = Fresh, PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1) })
    {
        Timeout = Fresh, MaxResponseContentBufferSize = MaxPage,
    };

    /// <summary>The newest choices that are known, at most 30; asks the routers for newer ones unless that was done a moment ago.</summary>
    /// <param name="route">namespace/name.</param>
    public IReadOnlyList<RouteDecision> Read(string route)
    {
        if (routes.Count >= MostRoutes && !routes.ContainsKey(route))
            routes.Clear();
        var entry = routes.GetOrAdd(route, _ => new());
        if (entry.TryBegin(time))
            _ = RefreshAsync(route, entry);
        return entry.Newest;
    }

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    /// <summary>Reads what one router said; nothing where it said something else.</summary>
    internal static IReadOnlyList<RouteDecision> Parse(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<Page>(text, Json)?.Decisions ?? [];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    private async Task RefreshAsync(string route, Entry entry)
    {
        try
        {
            var pages = await Task.WhenAll(scraper.Routers.Take(MostRouters).Select(pod => ReadAsync(pod, route)));
            entry.Newest = [.. pages.SelectMany(page => page).OrderByDescending(decision => decision.At).Take(MostRows)];
        }
        finally
        {
            entry.End(time);
        }
    }

    private async Task<IReadOnlyList<RouteDecision>> ReadAsync(V1Pod pod, string route)
    {
        if (!IPAddress.TryParse(pod.Status?.PodIP, out var address))
            return [];
        var at = new UriBuilder("http", address.ToString(), Port, "/decisions") { Query = $"route={Uri.EscapeDataString(route)}" }.Uri;
        try
        {
            using var answer = await client.GetAsync(at);
            return answer.IsSuccessStatusCode ? Parse(await answer.Content.ReadAsStringAsync()) : [];
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            // A router that is just stopping; the others have told.
            return [];
        }
    }

    private sealed record Page(IReadOnlyList<RouteDecision>? Decisions);

    private sealed class Entry
    {
        private long until;
        private int busy;

        public volatile IReadOnlyList<RouteDecision> Newest = [];

        public bool TryBegin(TimeProvider time) =>
            time.GetUtcNow().UtcTicks >= Interlocked.Read(ref until) && Interlocked.CompareExchange(ref busy, 1, 0) == 0;

        public void End(TimeProvider time)
        {
            Interlocked.Exchange(ref until, (time.GetUtcNow() + Fresh).UtcTicks);
            Volatile.Write(ref busy, 0);
        }
    }
}
