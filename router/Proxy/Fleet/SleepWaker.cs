using System.Collections.Concurrent;

namespace Ops.Router;

/// <summary>
/// Wakes a replica whose weights sleep when requests of its route wait for room or for any replica at all, with POST /wake_up as
/// vLLM has it; the operator, which plans who sleeps, hears of it by the load. One replica a route at a time.
/// </summary>
internal sealed partial class SleepWaker : IDisposable
{
    // Loading 140 GB at a slow 2 GB/s takes 70 s.
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

    // After a failure the next replica is not asked at once.
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(1);

    // Four rounds of the operator: it has taken the replica back into the plan by then, or put it to sleep again.
    private static readonly TimeSpan Believed = TimeSpan.FromMinutes(1);

    private readonly ModelFleet _fleet;
    private readonly ReplicaReader _reader;
    private readonly TimeProvider _time;
    private readonly ILogger<SleepWaker> _logger;
    private readonly CancellationTokenSource _end = new();
    private readonly CancellationToken _stop;
    private readonly ConcurrentDictionary<string, byte> _underWay = [];
    private uint _turn;

    public SleepWaker(ModelFleet fleet, ReplicaReader reader, TimeProvider time, ILogger<SleepWaker> logger)
    {
        (_fleet, _reader, _time, _logger) = (fleet, reader, time, logger);
        // Usable after the source is disposed.
        _stop = _end.Token;
    }

    /// <summary>Requests of a route wait: a replica that sleeps is woken, of the best variant that has one. Returns at once.</summary>
    internal void Want(LiveRoute route)
    {
        foreach (var v in route.Snapshot.ByQuality[0])
        {
            var sleeping = route.Variants[v].Config.Sleeping;
            if (sleeping.IsEmpty || !route.Config.Policy.Considers(route.Snapshot, v))
                continue;
            if (_underWay.TryAdd(route.Label, 0))
                _ = WakeAsync(route, route.Variants[v].Config.Pool, sleeping[(int)(Interlocked.Increment(ref _turn) % (uint)sleeping.Length)]);
            return;
        }
    }

    public void Dispose()
    {
        _end.Cancel();
        _end.Dispose();
    }

    private async Task WakeAsync(LiveRoute route, string pool, ReplicaAddress replica)
    {
        try
        {
            var failure = await AskAsync(replica);
            if (failure is null)
            {
                Log.Woken(_logger, route.Config.Namespace, pool, replica.Name);
                _fleet.Woken(replica.Url, awake: true);
                _ = ForgetAsync(replica.Url);
                return;
            }

            Log.Failed(_logger, route.Config.Namespace, pool, replica.Name, failure);
            await Task.Delay(AfterFailure, _time, _stop);
        }
        catch (OperationCanceledException)
        {
            // The end of the process.
        }
        finally
        {
            _underWay.TryRemove(route.Label, out _);
        }
    }

    private async Task<string?> AskAsync(ReplicaAddress replica)
    {
        using var limit = new CancellationTokenSource(Longest, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stop);
        try
        {
            using var response = await _reader.PostAsync(replica, "/wake_up", either.Token);
            return response.IsSuccessStatusCode ? null : $"it answered {(int)response.StatusCode}";
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !_stop.IsCancellationRequested))
        {
            return e.Message;
        }
    }

    private async Task ForgetAsync(string url)
    {
        try
        {
            await Task.Delay(Believed, _time, _stop);
            _fleet.Woken(url, awake: false);
        }
        catch (OperationCanceledException)
        {
            // The end of the process.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Replica {Namespace}/{Pool}/{Replica} slept and was woken, because requests waited")]
        public static partial void Woken(ILogger logger, string @namespace, string pool, string replica);

        [LoggerMessage(2, LogLevel.Warning, "Replica {Namespace}/{Pool}/{Replica} sleeps and cannot be woken: {Failure}")]
        public static partial void Failed(ILogger logger, string @namespace, string pool, string replica, string failure);
    }
}
