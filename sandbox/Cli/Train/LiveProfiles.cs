using System.Globalization;
using Ops.Api;
using Ops.Cli.Chaos.Recording;
using Ops.Cli.Terminal;
using Ops.Learning;
using Ops.Profiles;

namespace Ops.Cli.Train;

/// <summary>What the engines of a route's pools show of themselves while they serve: the profiles that a training then simulates.</summary>
internal sealed class LiveProfiles(Screen screen, TimeProvider time) : IDisposable
{
    // A batch should not change much within a window, and a step of the slowest models takes a tenth of a second.
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    private readonly HttpClient http = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { Timeout = TimeSpan.FromSeconds(5), MaxResponseContentBufferSize = 4 << 20 };

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    /// <summary>Reads the pools' engines for a while and calibrates the order's fleet by what they counted.</summary>
    /// <param name="order">The order, with declared profiles.</param>
    /// <param name="pools">The pools of the route's namespace.</param>
    /// <param name="engines">Where each pool's engines listen, by the pool's name.</param>
    /// <param name="span">How long to read.</param>
    /// <param name="cancellation">Stops it.</param>
    public async Task<TrainingOrder> CalibrateAsync(
        TrainingOrder order, IReadOnlyList<ModelPool> pools, IReadOnlyDictionary<string, IReadOnlyList<Uri>> engines, TimeSpan span, CancellationToken cancellation)
    {
        screen.Line(string.Create(CultureInfo.InvariantCulture, $"Reading the engines' metrics for {span.TotalSeconds:0} s, to simulate them as they are; traffic beside it tells the most (./ops load)."));
        var windows = await ReadAsync(engines, span, cancellation);
        var calibrated = order.Fleet.Pools.Select(pool =>
        {
            var shares = pools.Any(other => other.Spec.CoResident?.Host == pool.Name || (other.Metadata.Name == pool.Name && other.Spec.CoResident is not null));
            if (shares)
            {
                screen.Line($"  {pool.Name,-20} as declared: it shares its GPUs, so its times say as much of its neighbours");
                return pool;
            }

            var found = ProfileCalibration.Of(pool.Profile, pool.Power ?? pool.Profile.Gpu.Default, windows.GetValueOrDefault(pool.Name) ?? []);
            screen.Line(Describe(pool.Name, found));
            foreach (var note in found.Notes)
                screen.Line($"  {"",-20} {note}");
            // The router goes on by the declared curve, so the policy learns to act on what that predicts of such engines.
            return pool with { Profile = found.Profile, Believed = pool.Profile };
        });
        return order with { Fleet = order.Fleet with { Pools = [.. calibrated] } };
    }

    /// <summary>One line of what was found.</summary>
    internal static string Describe(string pool, CalibratedProfile found) => found.BatchTo == 0
        ? $"  {pool,-20} as declared"
        : string.Create(CultureInfo.InvariantCulture, $"  {pool,-20} decode {found.DecodeFactor:0.00} x, prefill {found.PrefillFactor:0.00} x, power {found.PowerFactor:0.00} x the declared; residual of time {100 * found.TimeResidual:0.0} %, of power {100 * found.PowerResidual:0.0} %, {found.Windows} windows");

    private async Task<Dictionary<string, List<EngineCounters>>> ReadAsync(IReadOnlyDictionary<string, IReadOnlyList<Uri>> engines, TimeSpan span, CancellationToken cancellation)
    {
        var windows = engines.Keys.ToDictionary(pool => pool, _ => new List<EngineCounters>(), StringComparer.Ordinal);
        var last = new Dictionary<Uri, EngineCounters>();
        var began = time.GetTimestamp();
        using var timer = new PeriodicTimer(Window, time);
        do
        {
            foreach (var (pool, uri) in engines.SelectMany(pool => pool.Value.Select(uri => (pool.Key, uri))))
            {
                if (await LookAsync(uri, began, cancellation) is not { } look)
                    continue;
                if (last.TryGetValue(uri, out var before) && look.Since(before) is { } window)
                    windows[pool].Add(window);
                last[uri] = look;
            }
        }
        while (time.GetElapsedTime(began) < span && await timer.WaitForNextTickAsync(cancellation));
        return windows;
    }

    // An engine that does not answer is one that tells nothing.
    private async Task<EngineCounters?> LookAsync(Uri engine, long began, CancellationToken cancellation)
    {
        try
        {
            var page = Scrape.Parse(await http.GetStringAsync(engine, cancellation));
            return EngineCounters.Read(name => page.Sum(name), time.GetElapsedTime(began).TotalSeconds);
        }
        catch (Exception error) when (error is HttpRequestException || (error is TaskCanceledException && !cancellation.IsCancellationRequested))
        {
            return null;
        }
    }
}
