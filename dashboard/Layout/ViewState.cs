using System.Globalization;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Routing;
using Microsoft.AspNetCore.WebUtilities;
using Ops.Dashboard.Access;
using Ops.Dashboard.Cluster;
using Ops.Dashboard.Metrics;

namespace Ops.Dashboard.Layout;

/// <summary>
/// What one viewer sees and how: everything that can be chosen stands in the address, so that a reload, a new connection
/// and a colleague see the same. Decides when to draw: at most twice a second, and not at all while paused.
/// </summary>
internal sealed class ViewState : IDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(500);

    private readonly NavigationManager navigation;
    private readonly ClusterViews views;
    private readonly MetricStore metrics;
    private readonly TimeProvider time;
    private readonly CancellationTokenSource ending = new();
    private ClusterViews.Lease? lease;
    private ClusterSnapshot? frozen;
    private volatile bool isSeen = true;

    /// <summary>Creates the state of a page that opens.</summary>
    public ViewState(NavigationManager navigation, ClusterViews views, MetricStore metrics, TimeProvider time)
    {
        (this.navigation, this.views, this.metrics, this.time) = (navigation, views, metrics, time);
        navigation.LocationChanged += OnLocation;
        Read();
    }

    /// <summary>Raised when there is something new to draw.</summary>
    public event Func<Task>? Changed;

    /// <summary>The ranges that can be chosen.</summary>
    public static IReadOnlyList<(string Name, TimeSpan Span)> Ranges { get; } =
        [("5m", TimeSpan.FromMinutes(5)), ("15m", TimeSpan.FromMinutes(15)), ("1h", TimeSpan.FromHours(1)), ("6h", TimeSpan.FromHours(6))];

    /// <summary>How often to draw anew; live is as soon as something changes, twice a second at most.</summary>
    public static IReadOnlyList<(string Name, TimeSpan Span)> Refreshes { get; } =
        [("live", Pace), ("5s", TimeSpan.FromSeconds(5)), ("30s", TimeSpan.FromSeconds(30))];

    /// <summary>The chosen range.</summary>
    public (string Name, TimeSpan Span) Range { get; private set; }

    /// <summary>The chosen refresh.</summary>
    public (string Name, TimeSpan Span) Refresh { get; private set; }

    /// <summary>When the view was stopped; null while it moves.</summary>
    public DateTimeOffset? PausedAt { get; private set; }

    /// <summary>The moment that is shown: now, or the one of the pause.</summary>
    public DateTimeOffset Now => PausedAt ?? time.GetUtcNow();

    /// <summary>The beginning of the range that is shown.</summary>
    public DateTimeOffset From => Now - Range.Span;

    /// <summary>Whether a browser is there to be drawn for; while it is not, nothing is drawn, and all at once when it is back.</summary>
    public bool IsSeen
    {
        get => isSeen;
        set => isSeen = value;
    }

    /// <summary>The cluster as it is shown.</summary>
    public ClusterSnapshot Cluster => frozen ?? lease?.View.Current ?? ClusterSnapshot.Empty;

    /// <summary>The user's view; null before <see cref="Start"/> and where there are too many users.</summary>
    public ClusterView? View => lease?.View;

    /// <summary>The only namespace that is looked at, for users who may list nowhere else; null for all.</summary>
    public string? Namespace => Get("ns") is { Length: > 0 and <= 63 } ns && ns.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '-') ? ns : null;

    /// <summary>Why there is nothing to see, one sentence; null normally.</summary>
    public string? Refusal { get; private set; }

    /// <summary>Opens the user's view.</summary>
    /// <param name="user">As whom the API server is asked.</param>
    public void Start(UserCredential user)
    {
        if (lease is not null)
            return;
        lease = views.Acquire(user, Namespace);
        if (lease is null)
        {
            Refusal = "As many users as this dashboard serves at once are here already; try again in a few minutes.";
            return;
        }

        DashboardMetrics.Viewer(1);
        _ = DrawAsync();
    }

    /// <summary>A choice that a page keeps in the address, or null.</summary>
    public string? Get(string name) =>
        QueryHelpers.ParseQuery(new Uri(navigation.Uri).Query).TryGetValue(name, out var value) ? value.ToString() : null;

    /// <summary>Keeps choices in the address; null removes one.</summary>
    public void Set(params (string Name, string? Value)[] choices)
    {
        var query = choices.ToDictionary(choice => choice.Name, choice => (object?)choice.Value, StringComparer.Ordinal);
        navigation.NavigateTo(navigation.GetUriWithQueryParameters(query), replace: true);
    }

    /// <summary>Stops the view, or lets it move again.</summary>
    public void TogglePause() => Set(("at", PausedAt is null ? $"{time.GetUtcNow().ToUnixTimeSeconds()}" : null));

    /// <summary>Shows this cluster until the view moves again.</summary>
    internal void Freeze(ClusterSnapshot snapshot) => frozen = snapshot;

    /// <summary>The address of a page with the viewer's range and refresh kept.</summary>
    public string Link(string page)
    {
        foreach (var name in (string[])["range", "refresh", "at", "ns"])
            if (Get(name) is { } value)
                page = QueryHelpers.AddQueryString(page, name, value);
        return page;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        navigation.LocationChanged -= OnLocation;
        ending.Cancel();
        ending.Dispose();
        if (lease is null)
            return;
        DashboardMetrics.Viewer(-1);
        lease.Dispose();
    }

    private void Read()
    {
        Range = Ranges.FirstOrDefault(range => range.Name == Get("range"), Ranges[1]);
        Refresh = Refreshes.FirstOrDefault(refresh => refresh.Name == Get("refresh"), Refreshes[0]);
        PausedAt = long.TryParse(Get("at"), CultureInfo.InvariantCulture, out var at) && at is > 0 and < 253_402_300_800 ? DateTimeOffset.FromUnixTimeSeconds(at) : null;
        if (PausedAt is null)
            frozen = null;
        else if (frozen is null && lease?.View.Current is { IsLoaded: true } current)
            Freeze(current);
    }

    private void OnLocation(object? sender, LocationChangedEventArgs e)
    {
        Read();
        _ = RaiseAsync();
    }

    private async Task DrawAsync()
    {
        var token = ending.Token;
        try
        {
            using var timer = new PeriodicTimer(Pace, time);
            var (drawn, figures, at) = ((ClusterSnapshot?)null, -1L, time.GetTimestamp());
            while (await timer.WaitForNextTickAsync(token))
            {
                if (!IsSeen)
                    continue;
                if (PausedAt is not null && frozen is null && View?.Current.IsLoaded == true)
                    Read();
                var moved = !ReferenceEquals(drawn, Cluster) || (PausedAt is null && figures != metrics.Version);
                if (!moved || (drawn is { IsLoaded: true } && time.GetElapsedTime(at) < Refresh.Span - (Pace / 2)))
                    continue;
                (drawn, figures, at) = (Cluster, metrics.Version, time.GetTimestamp());
                await RaiseAsync();
            }
        }
        catch (Exception) when (token.IsCancellationRequested)
        {
            // The page was closed.
        }
    }

    private Task RaiseAsync()
    {
        DashboardMetrics.Drawn();
        return Changed is { } handlers ? Task.WhenAll(handlers.GetInvocationList().Cast<Func<Task>>().Select(handler => handler())) : Task.CompletedTask;
    }
}
