using Ops.Api;
using Ops.Kube;
using Ops.Rca.Service.Incidents;
using Ops.Rca.Service.Topology;
using Ops.Rca.Sources;
using Ops.Rca.Sources.Prometheus;
using Ops.Rca.Sources.Recording;
using Ops.Rca.Sources.Scraping;

namespace Ops.Rca.Service;

/// <summary>Reads the source in rounds, and writes what the monitor makes of them. Runs while this process leads.</summary>
internal sealed partial class MonitorLoop(ClusterCaches caches, IncidentWriter writer, RcaOptions options, TimeProvider time, ILogger<MonitorLoop> logger)
{
    // An hour of history is there at once where a server has it.
    private static readonly TimeSpan Past = TimeSpan.FromHours(1);
    private static readonly TimeSpan UsualInterval = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan CleanEvery = TimeSpan.FromMinutes(1);

    private readonly HashSet<TrackedIncident> unwritten = [];
    private readonly Dictionary<TrackedIncident, AnalysedIncident> rankings = [];
    private TopologyMap map = new([], [], [], DateTimeOffset.UnixEpoch);
    private string? trouble;

    /// <summary>Works until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        foreach (var (_, cache) in caches.All)
            await cache.WaitForSyncAsync(cancellationToken);
        unwritten.Clear();
        rankings.Clear();
        var mapping = options.Mapping with { Resolve = (from, name) => map.Resolve(from, name) };
        var source = options.Record is { } file ? new RecordedSource(Source(), file) : Source();
        try
        {
            Monitor? monitor = null;
            using var timer = new PeriodicTimer(options.Interval ?? UsualInterval, time);
            var cleaned = time.GetTimestamp();
            do
            {
                map = new TopologyMap(caches.Pods.List(), caches.Services.List(), caches.Slices.List(), time.GetUtcNow());
                var rounds = await ReadAsync(source, cancellationToken);
                // The step is known only once the source has been read.
                if (rounds.Count > 0 && monitor is null)
                {
                    monitor = new Monitor(source.StepSeconds, mapping);
                    Restore(monitor);
                    timer.Period = TimeSpan.FromSeconds(source.StepSeconds);
                }

                if (monitor is not null)
                    await StepAsync(monitor, rounds, source.Notes, cancellationToken);
                if (time.GetElapsedTime(cleaned) > CleanEvery)
                {
                    cleaned = time.GetTimestamp();
                    await TryAsync(() => writer.CleanAsync(time.GetUtcNow(), cancellationToken));
                }
            }
            while (await timer.WaitForNextTickAsync(cancellationToken));
        }
        finally
        {
            (source as IDisposable)?.Dispose();
        }
    }

    private ISampleSource Source()
    {
        if (options.Prometheus is null)
            return new PodScraper(new() { Interval = options.Interval ?? UsualInterval, MaxSeries = options.MaxSeries }, () => map.Targets);
        var prometheus = new PrometheusOptions { Url = options.Prometheus, StepSeconds = options.Interval?.TotalSeconds, MaxSeries = options.MaxSeries, TokenFile = options.TokenFile };
        return new PrometheusSource(options.Selector is { } selector ? prometheus with { Selector = selector } : prometheus, Past);
    }

    private void Restore(Monitor monitor)
    {
        foreach (var stored in writer.Open)
            if (IncidentMemory.Read(stored) is { } incident)
            {
                monitor.Restore(incident);
                Log.Restored(logger, stored.Metadata.NamespaceProperty, stored.Metadata.Name);
            }
    }

    private async Task<IReadOnlyList<SampleRound>> ReadAsync(ISampleSource source, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        try
        {
            var rounds = await source.ReadAsync(time.GetUtcNow(), cancellationToken);
            RcaMetrics.Round(true);
            if (trouble is not null)
                Log.ReadsAgain(logger);
            trouble = null;
            return rounds;
        }
        catch (SourceException error)
        {
            RcaMetrics.Round(false);
            if (trouble != error.Message)
                Log.CannotRead(logger, error.Message);
            trouble = error.Message;
            return [];
        }
        finally
        {
            RcaMetrics.Took("read", time.GetElapsedTime(start));
        }
    }

    private async Task StepAsync(Monitor monitor, IReadOnlyList<SampleRound> rounds, IReadOnlyList<string> notes, CancellationToken cancellationToken)
    {
        while (writer.TakeDeleted() is { } name)
            foreach (var incident in monitor.Tracker.Open.Where(incident => incident.Name == name))
                incident.IsMuted = true;
        var start = time.GetTimestamp();
        // Of a past that is read at once only the end is news: what was opened and closed in it is history.
        var changed = rounds.SelectMany(monitor.Take).ToHashSet();
        changed.RemoveWhere(incident => incident.Resolved is not null && incident.Namespace is null);
        RcaMetrics.Took("detect", time.GetElapsedTime(start));
        RcaMetrics.State(monitor.Signals, monitor.References, monitor.Tracker.Open.Count);
        foreach (var incident in changed.Where(incident => incident.Resolved is null))
            Announce(incident);
        unwritten.UnionWith(changed);
        if (rounds.Count > 0)
            await AnalyseAsync(monitor, rounds[^1].Seconds, cancellationToken);
        foreach (var incident in unwritten.Where(incident => !incident.IsMuted && !writer.IsSuspended(incident)).ToList())
            if (await TryAsync(() => writer.WriteAsync(incident, Status(incident, notes), cancellationToken)))
                unwritten.Remove(incident);
        foreach (var gone in rankings.Keys.Where(incident => incident.Resolved is not null && !unwritten.Contains(incident)).ToList())
            rankings.Remove(gone);
        unwritten.RemoveWhere(incident => incident.IsMuted);
    }

    private void Announce(TrackedIncident incident)
    {
        var own = IncidentText.Target(incident.Services.First()).Namespace;
        // Where the service is, so that whoever may see it may see its incident; telemetry can name namespaces that do not exist.
        incident.Namespace = own is not null && map.HasNamespace(own) ? own : options.Namespace;
        RcaMetrics.IncidentOpened(incident.Type);
        Log.Opened(logger, incident.Type, incident.Namespace, incident.Name, incident.Symptoms.Select(IncidentText.Words).First());
    }

    private async Task AnalyseAsync(Monitor monitor, double now, CancellationToken cancellationToken)
    {
        foreach (var incident in monitor.Due(now))
        {
            unwritten.Add(incident);
            if (monitor.InputOf(incident) is not { } input)
                continue;
            var start = time.GetTimestamp();
            var moved = monitor.Moved;
            try
            {
                var ranking = await Task.Run(() => IncidentAnalyst.Run(input, moved), cancellationToken);
                rankings[incident] = ranking;
                Log.Ranked(logger, incident.Name, ranking.Ranking.Services[0].Service);
                foreach (var parted in monitor.Part(incident, ranking, now))
                {
                    Announce(parted);
                    unwritten.Add(parted);
                    incident.Grew = true;
                }
            }
            catch (BadInputException error)
            {
                Log.CannotRank(logger, incident.Name, error.Message);
            }

            RcaMetrics.Took("analyse", time.GetElapsedTime(start));
        }
    }

    private Func<Api.Incident?, IncidentStatus> Status(TrackedIncident incident, IReadOnlyList<string> notes) =>
        observed => IncidentReporter.StatusOf(incident, rankings.GetValueOrDefault(incident), notes, observed?.Status, observed?.Metadata.Generation);

    // What fails now is written in the next round, with what is known then.
    private async Task<bool> TryAsync(Func<Task> write)
    {
        try
        {
            await write();
            return true;
        }
        catch (Exception error) when (error is KubeApiException or HttpRequestException or IOException or TimeoutException)
        {
            Log.CannotWrite(logger, error.Message);
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Opened {Type} incident {Namespace}/{Name}: {Symptom}.")]
        public static partial void Opened(ILogger logger, string type, string @namespace, string name, string symptom);

        [LoggerMessage(Level = LogLevel.Information, Message = "Incident {Name}: {Service} is the most suspect.")]
        public static partial void Ranked(ILogger logger, string name, string service);

        [LoggerMessage(Level = LogLevel.Information, Message = "Incident {Namespace}/{Name} was open before; it goes on.")]
        public static partial void Restored(ILogger logger, string @namespace, string name);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Incident {Name} cannot be ranked: {Error}")]
        public static partial void CannotRank(ILogger logger, string name, string error);

        [LoggerMessage(Level = LogLevel.Warning, Message = "{Error}")]
        public static partial void CannotRead(ILogger logger, string error);

        [LoggerMessage(Level = LogLevel.Information, Message = "The metric source answers again.")]
        public static partial void ReadsAgain(ILogger logger);

        [LoggerMessage(Level = LogLevel.Warning, Message = "An incident was not written and will be in the next round: {Error}")]
        public static partial void CannotWrite(ILogger logger, string error);
    }
}
