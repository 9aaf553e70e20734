using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace Ops.Sandbox.Api.Store;

/// <summary>
/// The store: one writer at a time, readers on immutable snapshots. A write is committed to disk before its snapshot
/// is published, so nobody ever sees, and no client is ever told of, a change that a crash could take back.
/// </summary>
internal sealed class ObjectStore : IDisposable
{
    private readonly Lock _writer = new();
    private readonly StoreFile? _file;
    private readonly ConcurrentDictionary<ResourceId, EventHistory> _histories = new();
    private StoreSnapshot _snapshot = StoreSnapshot.Empty;
    private long _compactedRevision;
    private long _writes;

    public ObjectStore(StoreFile? file)
    {
        _file = file;
        if (file is null) return;
        var resources = ImmutableDictionary.CreateBuilder<ResourceId, ImmutableSortedDictionary<ObjectId, StoredObject>>();
        foreach (var group in file.ReadObjects().GroupBy(o => o.Resource))
            resources[group.Key] = group.ToImmutableSortedDictionary(o => o.Id, o => o, ObjectId.Order);
        _snapshot = new StoreSnapshot(file.ReadRevision(), resources.ToImmutable());
        _compactedRevision = _snapshot.Revision;
    }

    public StoreSnapshot Snapshot => Volatile.Read(ref _snapshot);

    /// <summary>Committed changes since the start; equal numbers mean that nothing was written.</summary>
    public long Writes => Interlocked.Read(ref _writes);

    public EventHistory History(ResourceId resource) =>
        _histories.GetOrAdd(resource, static (_, store) => new EventHistory(Volatile.Read(ref store._compactedRevision)), this);

    /// <summary>Forgets all history up to now; later watches from before get 410.</summary>
    public void Compact()
    {
        lock (_writer)
        {
            var revision = _snapshot.Revision;
            Volatile.Write(ref _compactedRevision, revision);
            foreach (var history in _histories.Values) history.Compact(revision);
        }
    }

    /// <summary>Runs a writer. When it throws, nothing has happened.</summary>
    public T Write<T>(Func<StoreTransaction, T> body)
    {
        lock (_writer)
        {
            var transaction = new StoreTransaction(_snapshot);
            var result = body(transaction);
            Commit(transaction);
            return result;
        }
    }

    public void Write(Action<StoreTransaction> body) => Write(transaction =>
    {
        body(transaction);
        return true;
    });

    public void Dispose() => _file?.Dispose();

    /// <summary>
    /// The objects of a resource as they were at an older revision, by undoing the changes since; null when the
    /// history does not reach back that far.
    /// </summary>
    public ImmutableSortedDictionary<ObjectId, StoredObject>? At(ResourceId resource, long revision)
    {
        var snapshot = Snapshot;
        var objects = snapshot.Of(resource);
        if (revision >= snapshot.Revision) return objects;
        var changes = History(resource).After(revision, EventHistory.MaxEvents);
        if (changes is null) return null;
        var builder = objects.ToBuilder();
        for (var i = changes.Count - 1; i >= 0; i--)
        {
            var change = changes[i];
            if (change.Revision > snapshot.Revision) continue;
            if (change.Previous is null) builder.Remove(change.Object.Id);
            else builder[change.Object.Id] = change.Previous;
        }

        return builder.ToImmutable();
    }

    private void Commit(StoreTransaction transaction)
    {
        if (transaction.Events.Count == 0) return;
        _file?.Commit(transaction.Events, transaction.Snapshot.Revision);
        foreach (var change in transaction.Events) History(change.Object.Resource).Append(change);
        Volatile.Write(ref _snapshot, transaction.Snapshot);
        Interlocked.Add(ref _writes, transaction.Events.Count);
        foreach (var change in transaction.Events) History(change.Object.Resource).Signal();
    }
}
