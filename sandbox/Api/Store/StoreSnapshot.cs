using System.Collections.Immutable;

namespace Ops.Sandbox.Api.Store;

using ObjectMap = ImmutableSortedDictionary<ObjectId, StoredObject>;

/// <summary>Everything that is stored, at one revision. Readers keep the reference; writers swap it.</summary>
internal sealed record StoreSnapshot(long Revision, ImmutableDictionary<ResourceId, ObjectMap> Resources)
{
    public static readonly StoreSnapshot Empty = new(0, ImmutableDictionary<ResourceId, ObjectMap>.Empty);

    private static readonly ObjectMap NoObjects = ObjectMap.Empty.WithComparers(ObjectId.Order);

    public ObjectMap Of(ResourceId resource) => Resources.GetValueOrDefault(resource, NoObjects);

    public StoredObject? Find(ResourceId resource, ObjectId id) => Of(resource).GetValueOrDefault(id);
}
