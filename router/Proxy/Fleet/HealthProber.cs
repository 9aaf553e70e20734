namespace Ops.Router;

/// <summary>
/// Asks GET /health of replicas that are in doubt: those that failed requests and those whose metrics cannot be read,
/// which tells of the dead among the idle ones too. Sound replicas cost nothing.
/// </summary>
internal sealed partial class HealthProber(ModelFleet fleet, ReplicaReader reader, RouterMetrics metrics, RouterOptions options, TimeProvider time, ILogger<HealthProber> logger) : BackgroundService
{
    // 64 at once that all hang for 1 s are 64 a second; a pool that died as a whole is known within a few seconds.
    private const int MaxConcurrent = 64;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.HealthInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await RoundAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end of the process.
        }
    }

    private async Task RoundAsync(CancellationToken cancellationToken)
    {
        var now = time.NowMs();
        var doubtful = fleet.Replicas.Values.Where(r => r.Replica.Scrape.Failures > 0 || r.Replica.Health.IsDoubtful(now)).ToList();
        if (doubtful.Count == 0)
            return;
        var pools = fleet.Replicas.Values.GroupBy(r => (r.Namespace, r.Pool)).ToDictionary(g => g.Key, g => g.Select(r => r.Replica).ToArray());
        await Parallel.ForEachAsync(
            doubtful, new ParallelOptions { MaxDegreeOfParallelism = MaxConcurrent, CancellationToken = cancellationToken },
            async (target, token) => Judge(target, pools[(target.Namespace, target.Pool)], await IsAliveAsync(target.Replica, token)));
    }

    private void Judge(PoolReplica target, Replica[] siblings, bool isAlive)
    {
        var now = time.NowMs();
        // Three rounds, each with its longest answer: the mark must not run out between two questions.
        var next = now + (3 * (long)(options.HealthInterval + ReplicaReader.Timeout).TotalMilliseconds);
        if (!target.Replica.Health.Probed(now, isAlive, next, siblings))
            return;
        metrics.Ejected(target.Namespace, target.Pool, "health");
        Log.Unhealthy(logger, target.Namespace, target.Pool, target.Replica.Name, target.Replica.Url);
    }

    // Any answer below 500 shows a server that works, also one that does not know the path.
    private async Task<bool> IsAliveAsync(Replica replica, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(ReplicaReader.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var response = await reader.GetAsync(replica, replica.HealthPage, either.Token);
            return (int)response.StatusCode < 500;
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Replica {Namespace}/{Pool}/{Replica} at {Url} does not answer /health; others are preferred until it does")]
        public static partial void Unhealthy(ILogger logger, string @namespace, string pool, string replica, string url);
    }
}
