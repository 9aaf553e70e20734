namespace Ops.Sandbox.Api.Store;

internal enum ChangeType
{
    Added,
    Modified,
    Deleted,
}

/// <summary>One committed change. <paramref name="Previous"/> is the version before it; null when the object was added.</summary>
internal sealed record StoreEvent(long Revision, ChangeType Type, StoredObject Object, StoredObject? Previous);

/// <summary>
/// The newest changes of one resource, in revision order. Watches read from here with a cursor of their own, so that a
/// slow watcher costs nothing and blocks nobody: one that falls behind the oldest kept change gets 410 and lists again.
/// Bound: <see cref="MaxEvents"/> changes and <see cref="MaxBytes"/> of documents a resource, whichever is hit first.
/// </summary>
internal sealed class EventHistory(long compactedRevision)
{
    public const int MaxEvents = 10_000;

    public const long MaxBytes = 16 << 20;

    private readonly Lock _gate = new();
    private StoreEvent[] _ring = new StoreEvent[16];
    private int _head;
    private int _count;
    private long _bytes;
    private long _compactedRevision = compactedRevision;
    private TaskCompletionSource _changed = NewSignal();

    /// <summary>Changes up to and including this revision are gone.</summary>
    public long CompactedRevision
    {
        get
        {
            lock (_gate) return _compactedRevision;
        }
    }

    /// <summary>Completes at the next change. Take it before reading, so that no change slips between.</summary>
    public Task Changed
    {
        get
        {
            lock (_gate) return _changed.Task;
        }
    }

    public void Append(StoreEvent change)
    {
        lock (_gate)
        {
            if (_count == MaxEvents) DropOldest();
            if (_count == _ring.Length) Grow();
            _ring[(_head + _count) % _ring.Length] = change;
            _count++;
            _bytes += change.Object.Json.Length;
            while (_bytes > MaxBytes && _count > 1) DropOldest();
        }
    }

    /// <summary>Wakes the watchers; called after the snapshot that holds the change is visible.</summary>
    public void Signal()
    {
        TaskCompletionSource finished;
        lock (_gate)
        {
            finished = _changed;
            _changed = NewSignal();
        }

        finished.TrySetResult();
    }

    /// <summary>Forgets every change up to <paramref name="revision"/>.</summary>
    public void Compact(long revision)
    {
        lock (_gate)
        {
            while (_count > 0 && _ring[_head].Revision <= revision) DropOldest();
            _compactedRevision = Math.Max(_compactedRevision, revision);
        }
    }

    /// <summary>At most <paramref name="limit"/> changes after a revision, or null when some of them are already gone.</summary>
    public IReadOnlyList<StoreEvent>? After(long revision, int limit)
    {
        lock (_gate)
        {
            if (revision < _compactedRevision) return null;
            var start = FirstAfter(revision);
            var result = new StoreEvent[Math.Min(limit, _count - start)];
            for (var i = 0; i < result.Length; i++) result[i] = _ring[(_head + start + i) % _ring.Length];
            return result;
        }
    }

    private int FirstAfter(long revision)
    {
        var low = 0;
        var high = _count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_ring[(_head + middle) % _ring.Length].Revision <= revision) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    private void Grow()
    {
        var larger = new StoreEvent[Math.Min(_ring.Length * 2, MaxEvents)];
        for (var i = 0; i < _count; i++) larger[i] = _ring[(_head + i) % _ring.Length];
        _ring = larger;
        _head = 0;
    }

    private void DropOldest()
    {
        var gone = _ring[_head];
        _ring[_head] = null!;
        _head = (_head + 1) % _ring.Length;
        _count--;
        _bytes -= gone.Object.Json.Length;
        _compactedRevision = gone.Revision;
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
