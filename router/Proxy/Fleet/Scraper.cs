using System.Buffers;
using System.Net;
using Ops.Picking;

namespace Ops.Router;

/// <summary>Reads each replica's metrics, see <see cref="ScrapePace"/>, and publishes what changed ten times a second.</summary>
internal sealed partial class Scraper : BackgroundService
{
    private const int TickMs = 100;

    // vLLM's text has 50 to 100 KB; a text that is longer is not read to its end.
    private const int MaxTextBytes = 1 << 20;

    // 64 at once are 64,000 replicas a minute at 60 ms each, and at most 64 MB of text.
    private const int MaxConcurrent = 64;

    private readonly ModelFleet _fleet;
    private readonly ReplicaReader _reader;
    private readonly RouterMetrics _metrics;
    private readonly RouterOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<Scraper> _logger;
    private readonly SemaphoreSlim _slots = new(MaxConcurrent);

    private int _dirty;

    public Scraper(ModelFleet fleet, ReplicaReader reader, RouterMetrics metrics, RouterOptions options, TimeProvider time, ILogger<Scraper> logger)
    {
        _fleet = fleet;
        _reader = reader;
        _metrics = metrics;
        _options = options;
        _time = time;
        _logger = logger;
    }

    public override void Dispose()
    {
        _slots.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(TickMs), _time);
        var running = new List<Task>();
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                running.RemoveAll(t => t.IsCompleted);
                StartDue(running, stoppingToken);
                if (Interlocked.Exchange(ref _dirty, 0) == 1)
                    _fleet.PublishObservations();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await Task.WhenAll(running);
        }
    }

    private void StartDue(List<Task> running, CancellationToken cancellationToken)
    {
        var now = _time.NowMs();
        var replicas = _fleet.Replicas;
        var interval = ScrapePace.IntervalMs(_options.ScrapeInterval, replicas.Count);
        foreach (var (_, target) in replicas)
        {
            var state = target.Replica.Scrape;
            if (state.DueMs > now || Interlocked.Exchange(ref state.Busy, 1) == 1)
                continue;
            // The second scrape of pods that appeared together is spread over an interval, and so are all later ones.
            var spread = state.DueMs == 0 ? (uint)target.Replica.Url.GetHashCode(StringComparison.Ordinal) % Math.Max(1, interval / TickMs) * TickMs : 0;
            state.DueMs = now + interval + spread;
            running.Add(ScrapeAsync(target, cancellationToken));
        }
    }

    private async Task ScrapeAsync(PoolReplica target, CancellationToken cancellationToken)
    {
        var replica = target.Replica;
        try
        {
            await _slots.WaitAsync(cancellationToken);
            try
            {
                await ReadAsync(target, cancellationToken);
            }
            finally
            {
                _slots.Release();
            }

            if (replica.Scrape.Failures > 0)
                Log.Recovered(_logger, target.Pool, replica.Name);
            replica.Scrape.Failures = 0;
            _metrics.Scrapes.WithLabels("ok").Inc();
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException or InvalidDataException)
        {
            if (cancellationToken.IsCancellationRequested)
                return;
            _metrics.Scrapes.WithLabels("failed").Inc();
            // Said once, when it begins; the figures become stale by themselves.
            if (++replica.Scrape.Failures == 3)
                Log.Failing(_logger, target.Pool, replica.Name, replica.Url, e.Message);
        }
        finally
        {
            Volatile.Write(ref replica.Scrape.Busy, 0);
        }
    }

    private async Task ReadAsync(PoolReplica target, CancellationToken cancellationToken)
    {
        var replica = target.Replica;
        using var limit = new CancellationTokenSource(ReplicaReader.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        using var response = await _reader.GetAsync(replica, replica.Metrics, either.Token);
        if (response.StatusCode != HttpStatusCode.OK)
            throw new InvalidDataException($"GET /metrics answered {(int)response.StatusCode}.");
        // The counts on both sides of the comparison belong to the same moment as nearly as can be had.
        var (at, own) = (_time.NowMs(), replica.Load.InFlight);
        var buffer = ArrayPool<byte>.Shared.Rent(MaxTextBytes);
        try
        {
            var length = await response.Content.ReadAsStream(either.Token).ReadAtLeastAsync(buffer.AsMemory(0, MaxTextBytes), MaxTextBytes, throwOnEndOfStream: false, either.Token);
            Take(target, PrometheusText.Parse(buffer.AsSpan(0, length)), at, own);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void Take(PoolReplica target, in EngineSample sample, long at, int own)
    {
        if (sample.Series == 0)
            throw new InvalidDataException("GET /metrics has no series of vLLM or llama.cpp.");
        var replica = target.Replica;
        var restarts = replica.Scrape.Restarts;
        replica.Figures = replica.Scrape.Add(sample, at, own, out var joules);
        if (replica.Scrape.Restarts != restarts)
            replica.ForgetCache();
        replica.ForgetsPrompts = sample.ForgetsPrompts;
        if (sample.KvCacheTokens > 0)
            replica.HasCacheOf(sample.KvCacheTokens);
        if (sample.EnergyJoules > 0)
            _metrics.Energy(target.Namespace, target.Pool, joules);
        Volatile.Write(ref _dirty, 1);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Metrics of {Pool}/{Replica} at {Url} cannot be read, its load is judged by own counts: {Reason}")]
        public static partial void Failing(ILogger logger, string pool, string replica, string url, string reason);

        [LoggerMessage(2, LogLevel.Information, "Metrics of {Pool}/{Replica} can be read again")]
        public static partial void Recovered(ILogger logger, string pool, string replica);
    }
}
