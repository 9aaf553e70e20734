using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Ops.Sandbox.Api.Store;

/// <summary>What one writer sees and changes while it holds the writer lock. Nothing is visible outside before the commit.</summary>
internal sealed class StoreTransaction(StoreSnapshot start)
{
    private readonly List<StoreEvent> _events = [];

    public StoreSnapshot Snapshot { get; private set; } = start;

    public IReadOnlyList<StoreEvent> Events => _events;

    public StoredObject? Find(ResourceId resource, ObjectId id) => Snapshot.Find(resource, id);

    /// <summary>Adds or replaces an object; gives it the next revision.</summary>
    public StoredObject Put(ResourceId resource, JsonObject document)
    {
        var stored = StoredObject.Create(resource, document, Snapshot.Revision + 1);
        var objects = Snapshot.Of(resource);
        var previous = objects.GetValueOrDefault(stored.Id);
        _events.Add(new StoreEvent(stored.Revision, previous is null ? ChangeType.Added : ChangeType.Modified, stored, previous));
        Snapshot = new StoreSnapshot(stored.Revision, Snapshot.Resources.SetItem(resource, objects.SetItem(stored.Id, stored)));
        return stored;
    }

    /// <summary>Removes an object. The final document carries the revision of the removal, as watchers expect.</summary>
    public StoredObject Remove(ResourceId resource, StoredObject live, JsonObject? final = null)
    {
        var last = StoredObject.Create(resource, final ?? live.Parse(), Snapshot.Revision + 1);
        _events.Add(new StoreEvent(last.Revision, ChangeType.Deleted, last, live));
        Snapshot = new StoreSnapshot(last.Revision, Snapshot.Resources.SetItem(resource, Snapshot.Of(resource).Remove(live.Id)));
        return last;
    }
}
