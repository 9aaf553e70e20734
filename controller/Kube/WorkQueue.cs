namespace Ops.Kube;

/// <summary>Bounds and delays of a <see cref="WorkQueue{TKey}"/>.</summary>
public sealed record WorkQueueOptions
{
    /// <summary>Most keys known at once: waiting, delayed or in work. Default 100 000, about 20 MB with keys and entries.</summary>
    public int Capacity { get; init; } = 100_000;

    /// <summary>Longest wait after a key's first failure. Default 50 ms.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Upper end of a key's wait. Default 2 minutes.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Seed of the jitter.</summary>
    public int Seed { get; init; }
}

/// <summary>
/// A set of keys to work on. A key waits at most once, is worked on by one worker at a time, and a key added while it
/// is in work is handed out again afterwards, so that no change is lost and none is worked on twice in parallel.
/// </summary>
/// <typeparam name="TKey">What is worked on; compared by value.</typeparam>
public sealed class WorkQueue<TKey> : IDisposable
    where TKey : notnull
{
    private readonly Lock gate = new();
    private readonly Dictionary<TKey, Entry> entries = [];
    private readonly Queue<TKey> ready = new();
    private readonly PriorityQueue<(TKey Key, long Due), long> delayed = new();
    private readonly SemaphoreSlim available = new(0);
    private readonly WorkQueueOptions options;
    private readonly TimeProvider time;
    private readonly Random random;
    private readonly ITimer timer;
    private int waitingForTime;
    private bool disposed;

    /// <summary>Creates an empty queue.</summary>
    /// <param name="options">Bounds and delays.</param>
    /// <param name="time">Clock of the delays; only its monotonic part is used.</param>
    public WorkQueue(WorkQueueOptions? options = null, TimeProvider? time = null)
    {
        this.options = options ?? new WorkQueueOptions();
        this.time = time ?? TimeProvider.System;
        random = new Random(this.options.Seed);
        timer = this.time.CreateTimer(_ => MoveDueKeys(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Keys waiting for a worker.</summary>
    public int Count
    {
        get
        {
            lock (gate)
                return ready.Count;
        }
    }

    /// <summary>Keys waiting for their time.</summary>
    public int Delayed
    {
        get
        {
            lock (gate)
                return waitingForTime;
        }
    }

    /// <summary>Entries of the heap of times, for tests of its bound.</summary>
    internal int DelayEntries
    {
        get
        {
            lock (gate)
                return delayed.Count;
        }
    }

    /// <summary>Adds a key; false when the queue is full and the key was not taken.</summary>
    public bool Add(TKey key)
    {
        lock (gate)
        {
            if (EntryFor(key) is not { } entry)
                return false;
            MakeReady(key, entry);
            return true;
        }
    }

    /// <summary>Adds a key later. The earliest pending time of a key wins, and handing the key out cancels it.</summary>
    public bool AddAfter(TKey key, TimeSpan delay)
    {
        if (delay <= TimeSpan.Zero)
            return Add(key);
        lock (gate)
        {
            if (EntryFor(key) is not { } entry)
                return false;
            Delay(key, entry, delay);
            return true;
        }
    }

    /// <summary>Counts a failure of the key and adds it after its own exponential back-off.</summary>
    /// <param name="key">The key.</param>
    /// <param name="atLeast">A longer wait that somebody asked for, for example a server's Retry-After.</param>
    /// <returns>The wait that was chosen.</returns>
    public TimeSpan AddWithBackOff(TKey key, TimeSpan atLeast = default)
    {
        lock (gate)
        {
            // A key in work is known already, so a full queue never refuses the retry of a failure.
            if (EntryFor(key) is not { } entry)
                return options.MaxDelay;
            entry.Failures++;
            var delay = BackOff.Delay(entry.Failures, options.FirstDelay, options.MaxDelay, random);
            if (delay < atLeast)
                delay = atLeast;
            Delay(key, entry, delay);
            return delay;
        }
    }

    /// <summary>Resets a key's back-off.</summary>
    public void Forget(TKey key)
    {
        lock (gate)
        {
            if (!entries.TryGetValue(key, out var entry))
                return;
            entry.Failures = 0;
            RemoveIfIdle(key, entry);
        }
    }

    /// <summary>Waits for a key; the caller must call <see cref="Done"/> with it when its work ends.</summary>
    public async ValueTask<TKey> TakeAsync(CancellationToken cancellationToken)
    {
        await available.WaitAsync(cancellationToken);
        lock (gate)
        {
            var key = ready.Dequeue();
            var entry = entries[key];
            entry.Queued = false;
            entry.Working = true;
            CancelDelay(entry);
            return key;
        }
    }

    /// <summary>Ends the work on a key; if it was added meanwhile it is ready again at once.</summary>
    public void Done(TKey key)
    {
        lock (gate)
        {
            if (!entries.TryGetValue(key, out var entry) || !entry.Working)
                return;
            entry.Working = false;
            if (entry.Dirty)
            {
                entry.Dirty = false;
                MakeReady(key, entry);
            }
            else
                RemoveIfIdle(key, entry);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (gate)
            disposed = true;
        timer.Dispose();
        available.Dispose();
    }

    private Entry? EntryFor(TKey key)
    {
        if (disposed)
            return null;
        if (entries.TryGetValue(key, out var entry))
            return entry;
        if (entries.Count >= options.Capacity)
            return null;
        return entries[key] = new Entry();
    }

    private void MakeReady(TKey key, Entry entry)
    {
        if (entry.Working)
            entry.Dirty = true;
        else if (!entry.Queued)
        {
            entry.Queued = true;
            ready.Enqueue(key);
            available.Release();
        }
    }

    private void Delay(TKey key, Entry entry, TimeSpan delay)
    {
        var due = time.GetTimestamp() + (long)(delay.TotalSeconds * time.TimestampFrequency);
        if (entry.Due <= due)
            return;
        if (entry.Due is null)
            waitingForTime++;
        entry.Due = due;
        delayed.Enqueue((key, due), due);
        DropStaleDelays();
        ArmTimer();
    }

    private void CancelDelay(Entry entry)
    {
        if (entry.Due is null)
            return;
        entry.Due = null;
        waitingForTime--;
    }

    // Cancelled delays stay in the heap until their time; rebuilding at twice the live count bounds it to O(live).
    private void DropStaleDelays()
    {
        if (delayed.Count <= (2 * waitingForTime) + 64)
            return;
        delayed.Clear();
        foreach (var (key, entry) in entries)
        {
            if (entry.Due is { } due)
                delayed.Enqueue((key, due), due);
        }
    }

    private void ArmTimer()
    {
        if (disposed || !delayed.TryPeek(out _, out var due))
            return;
        // Rounded up to the timer's millisecond, so that it does not fire just before the time and spin.
        var wait = Math.Ceiling(time.GetElapsedTime(time.GetTimestamp(), due).TotalMilliseconds);
        timer.Change(TimeSpan.FromMilliseconds(Math.Clamp(wait, 0, int.MaxValue)), Timeout.InfiniteTimeSpan);
    }

    private void MoveDueKeys()
    {
        lock (gate)
        {
            var now = time.GetTimestamp();
            while (!disposed && delayed.TryPeek(out var next, out var due) && due <= now)
            {
                delayed.Dequeue();
                if (!entries.TryGetValue(next.Key, out var entry) || entry.Due != next.Due)
                    continue;
                CancelDelay(entry);
                MakeReady(next.Key, entry);
            }

            ArmTimer();
        }
    }

    private void RemoveIfIdle(TKey key, Entry entry)
    {
        if (entry is { Queued: false, Working: false, Dirty: false, Due: null, Failures: 0 })
            entries.Remove(key);
    }

    private sealed class Entry
    {
        public bool Queued { get; set; }

        public bool Working { get; set; }

        public bool Dirty { get; set; }

        public int Failures { get; set; }

        public long? Due { get; set; }
    }
}
