using Ops.Sandbox.Api.Store;

namespace Ops.Sandbox.Api.Resources;

internal enum WatchEventKind
{
    Added,
    Modified,
    Deleted,
}

/// <summary>One event as one watcher sees it, after its selectors.</summary>
internal readonly record struct WatchedEvent(WatchEventKind Kind, StoredObject Object);

/// <summary>
/// One watcher's place in the history of a resource. It holds no buffer: events stay in the shared history until the
/// watcher reads them, and a watcher that is too slow finds them gone (<see cref="Expired"/>).
/// </summary>
internal sealed class WatchCursor(ObjectStore store, ServedResource resource, ListQuery query, long start)
{
    /// <summary>Events taken at once, so that a long backlog does not hold the history's lock.</summary>
    private const int Batch = 256;

    private readonly EventHistory _history = store.History(resource.Storage);
    private Task _changed = Task.CompletedTask;

    /// <summary>All changes up to here were read; safe to resume from.</summary>
    public long Revision { get; private set; } = start;

    /// <summary>True when changes after <see cref="Revision"/> are already gone.</summary>
    public bool Expired { get; private set; }

    public long CompactedRevision => _history.CompactedRevision;

    /// <summary>Completes when there may be more to read. Valid after <see cref="Read"/> returned nothing.</summary>
    public Task Changed => _changed;

    /// <summary>The next events that match; false in the second value when the cursor has caught up.</summary>
    public (IReadOnlyList<WatchedEvent> Events, bool More) Read()
    {
        _changed = _history.Changed;
        var visible = store.Snapshot.Revision;
        var changes = _history.After(Revision, Batch);
        if (changes is null)
        {
            Expired = true;
            return ([], false);
        }

        var events = new List<WatchedEvent>();
        foreach (var change in changes)
        {
            // The history is filled just before the snapshot is swapped: what is not visible yet is signalled in a moment.
            if (change.Revision > visible) return (events, false);
            Revision = change.Revision;
            if (Translate(change) is { } translated) events.Add(translated);
        }

        var more = changes.Count == Batch;
        if (!more) Revision = Math.Max(Revision, visible);
        return (events, more);
    }

    /// <summary>A change that moves an object into or out of the selection is an addition or a deletion to this watcher.</summary>
    private WatchedEvent? Translate(StoreEvent change)
    {
        var was = change.Previous is not null && query.Selects(change.Previous);
        if (change.Type == ChangeType.Deleted) return was ? new WatchedEvent(WatchEventKind.Deleted, change.Object) : null;
        var matches = query.Selects(change.Object);
        return (was, matches) switch
        {
            (false, true) => new WatchedEvent(WatchEventKind.Added, change.Object),
            (true, true) => new WatchedEvent(WatchEventKind.Modified, change.Object),
            (true, false) => new WatchedEvent(WatchEventKind.Deleted, LastMatching(change)),
            _ => null,
        };
    }

    /// <summary>The last version that matched, with the revision of the change that ended it.</summary>
    private static StoredObject LastMatching(StoreEvent change) =>
        StoredObject.Create(change.Object.Resource, change.Previous!.Parse(), change.Revision);
}
