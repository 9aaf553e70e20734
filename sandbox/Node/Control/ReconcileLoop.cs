using Microsoft.Extensions.Logging;

namespace Ops.Sandbox.Node.Control;

/// <summary>Keys in, one look at a time: equal keys wait once, a failed key comes back later and later.</summary>
internal sealed partial class ReconcileLoop : IAsyncDisposable
{
    /// <summary>First and longest wait after a failure; doubling in between.</summary>
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(20);

    private static readonly TimeSpan LastRetry = TimeSpan.FromSeconds(30);

    /// <summary>Timers take at most 49 days; a later appointment is looked at in between.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    private readonly string name;
    private readonly Func<ObjectName, TimeSpan?> reconcile;
    private readonly TimeProvider clock;
    private readonly ILogger logger;
    private readonly Lock guard = new();

    // At most one entry a key in each of the three, so they are bounded by the number of objects.
    private readonly LinkedList<ObjectName> ready = new();
    private readonly HashSet<ObjectName> waiting = [];
    private readonly Dictionary<ObjectName, int> failures = [];
    private readonly Dictionary<ObjectName, DateTimeOffset> later = [];
    private readonly WakeSignal wake = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly Task loop;

    public ReconcileLoop(string name, Func<ObjectName, TimeSpan?> reconcile, TimeProvider clock, ILogger logger)
    {
        this.name = name;
        this.reconcile = reconcile;
        this.clock = clock;
        this.logger = logger;
        loop = Task.Run(RunAsync);
    }

    public void Enqueue(ObjectName key)
    {
        lock (guard)
        {
            if (waiting.Add(key))
                ready.AddLast(key);
        }
        wake.Set();
    }

    /// <summary>Comes back after a while; an earlier appointment stands.</summary>
    public void EnqueueAfter(ObjectName key, TimeSpan delay)
    {
        lock (guard)
        {
            var at = clock.GetUtcNow() + delay;
            if (!later.TryGetValue(key, out var present) || at < present)
                later[key] = at;
        }
        wake.Set();
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await loop;
        stopping.Dispose();
    }

    private async Task RunAsync()
    {
        while (!stopping.IsCancellationRequested)
        {
            if (Next() is { } key)
            {
                LookAt(key);
                continue;
            }
            try
            {
                await WaitAsync();
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private ObjectName? Next()
    {
        lock (guard)
        {
            var now = clock.GetUtcNow();
            foreach (var key in later.Where(pair => pair.Value <= now).Select(pair => pair.Key).ToList())
            {
                later.Remove(key);
                if (waiting.Add(key))
                    ready.AddLast(key);
            }
            if (ready.First is not { } first)
                return null;
            ready.RemoveFirst();
            waiting.Remove(first.Value);
            return first.Value;
        }
    }

    private void LookAt(ObjectName key)
    {
        try
        {
            var again = reconcile(key);
            lock (guard)
                failures.Remove(key);
            if (again is { } delay)
                EnqueueAfter(key, delay);
        }
        catch (Exception problem) when (problem is not OutOfMemoryException)
        {
            // Whatever one object does to us, the others go on; the key comes back.
            int count;
            lock (guard)
                failures[key] = count = failures.GetValueOrDefault(key) + 1;
            var delay = FirstRetry * Math.Pow(2, Math.Min(count - 1, 16));
            Log.Failed(logger, name, key, count, problem.Message);
            EnqueueAfter(key, delay < LastRetry ? delay : LastRetry);
        }
    }

    private async Task WaitAsync()
    {
        TimeSpan? until;
        lock (guard)
            until = later.Count == 0 ? null : later.Values.Min() - clock.GetUtcNow();
        if (until > TimeSpan.Zero || until is null)
            await wake.WaitAsync(until < LongestWait ? until : until is null ? null : LongestWait, clock, stopping.Token);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Debug, "{Controller}: {Key} failed ({Count} in a row): {Problem}")]
        public static partial void Failed(ILogger logger, string controller, ObjectName key, int count, string problem);
    }
}
