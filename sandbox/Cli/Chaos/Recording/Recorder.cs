using Ops.Cli.Terminal;

namespace Ops.Cli.Chaos.Recording;

/// <summary>How long each part of an incident takes.</summary>
/// <param name="Normal">Before the fault.</param>
/// <param name="Fault">The fault.</param>
/// <param name="Recovery">After it; not part of any recording.</param>
internal sealed record Pace(TimeSpan Normal, TimeSpan Fault, TimeSpan Recovery);

/// <summary>One second of a recording.</summary>
/// <param name="Time">Seconds since 1970.</param>
/// <param name="Values">In the order of <see cref="Columns.All"/>.</param>
internal sealed record Row(double Time, IReadOnlyList<double> Values);

/// <summary>Injects one incident after the other into a running shop and writes down its metrics once a second.</summary>
internal sealed class Recorder(RunningShop shop, string folder, Pace pace, Screen screen, TimeProvider time)
{
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(1);

    private IReadOnlyDictionary<string, Scrape>? last;
    private long lastAt;

    /// <summary>Records all; what is done stays when it is interrupted.</summary>
    public async Task RunAsync(IReadOnlyList<PlannedIncident> incidents, CancellationToken cancellation)
    {
        try
        {
            foreach (var incident in incidents)
            {
                screen.Line($"{incident.Number,4} of {incidents.Count}  {incident.Folder}");
                await RecordAsync(incident, cancellation);
            }
        }
        finally
        {
            await shop.StopAsync(CancellationToken.None);
        }
    }

    private async Task RecordAsync(PlannedIncident incident, CancellationToken cancellation)
    {
        await shop.StopAsync(cancellation);
        await WatchAsync(pace.Recovery, cancellation);
        var rows = await WatchAsync(pace.Normal, cancellation);
        var onset = Now();
        foreach (var order in incident.Orders)
            await shop.InjectAsync(order, cancellation);
        rows.AddRange(await WatchAsync(pace.Fault, cancellation));
        Recording.Write(folder, incident, onset, rows);
    }

    private async Task<List<Row>> WatchAsync(TimeSpan span, CancellationToken cancellation)
    {
        var rows = new List<Row>();
        using var clock = new PeriodicTimer(Step, time);
        for (var second = 0; second < span.TotalSeconds; second++)
        {
            await clock.WaitForNextTickAsync(cancellation);
            var now = await ScrapeAsync(cancellation);
            var at = time.GetTimestamp();
            if (last is not null)
            {
                var interval = new Interval(last, now, time.GetElapsedTime(lastAt, at).TotalSeconds);
                rows.Add(new Row(Now(), [.. Columns.All.Select(column => column.Read(interval))]));
            }

            (last, lastAt) = (now, at);
        }

        return rows;
    }

    private async Task<IReadOnlyDictionary<string, Scrape>> ScrapeAsync(CancellationToken cancellation)
    {
        var texts = await Task.WhenAll(shop.Pods.Select(async pod => (pod.Service, Text: await shop.MetricsAsync(pod, cancellation))));
        return texts.ToDictionary(pod => pod.Service, pod => Scrape.Parse(pod.Text));
    }

    private double Now() => time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0;
}
