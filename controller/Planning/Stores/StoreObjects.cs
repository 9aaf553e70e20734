using k8s.Models;
using Ops.Api;

namespace Ops.Planning.Stores;

/// <summary>The objects that a store wants, or why it wants none now.</summary>
/// <param name="Services">To apply: one for clients, one that gives the nodes their place.</param>
/// <param name="Sets">To apply, one a shard in order; shards that leave are among them until they are empty.</param>
/// <param name="Problem">Set when the spec cannot be carried out.</param>
public sealed record StoreObjectsPlan(IReadOnlyList<V1Service> Services, IReadOnlyList<V1StatefulSet> Sets, PlanProblem? Problem)
{
    internal static StoreObjectsPlan Blocked(PlanProblem problem) => new([], [], problem);
}

/// <summary>
/// ShardedStore -> Services and StatefulSets. Pure.
/// </summary>
/// <remarks>
/// One StatefulSet a shard, not one for all: a shard can then leave with all its nodes whatever its number, a changed
/// replicasPerShard renumbers nobody, and the shard of a pod stands in its name.
/// </remarks>
public static class StoreObjects
{
    /// <summary>Plans the objects of a store.</summary>
    /// <param name="store">The store.</param>
    /// <param name="sets">StatefulSets that carry the store's label or have the name of one of its shards.</param>
    /// <param name="services">Services that have the names of the store's.</param>
    public static StoreObjectsPlan Plan(ShardedStore store, IReadOnlyCollection<V1StatefulSet> sets, IReadOnlyCollection<V1Service> services)
    {
        if (ShardedStoreRules.Broken(store).FirstOrDefault() is { } broken)
            return StoreObjectsPlan.Blocked(new("InvalidSpec", broken));
        foreach (var service in services)
        {
            if (!IsOwn(store, service))
                return StoreObjectsPlan.Blocked(Taken("Service", service.Metadata.Name));
        }

        foreach (var set in sets)
        {
            if (!IsOwn(store, set))
                return StoreObjectsPlan.Blocked(Taken("StatefulSet", set.Metadata.Name));
        }

        // What was applied before stays until its slots have left; a gap cannot be, since shards leave from the end.
        var present = sets.Select(ShardIndex).DefaultIfEmpty(-1).Max() + 1;
        var shards = Math.Max(store.Spec.EffectiveShards, present);
        return new(
            [Service(store, Name(store), headless: false), Service(store, NodesName(store), headless: true)],
            [.. Enumerable.Range(0, shards).Select(shard => Set(store, shard))],
            null);
    }

    /// <summary>Name of the Service that clients use.</summary>
    public static string Name(ShardedStore store) => store.Metadata.Name;

    /// <summary>Name of the headless Service of the nodes.</summary>
    public static string NodesName(ShardedStore store) => $"{store.Metadata.Name}-nodes";

    /// <summary>Name of a shard: s0, s1, ...</summary>
    public static string ShardName(int shard) => $"s{shard}";

    /// <summary>Name of a shard's StatefulSet.</summary>
    public static string SetName(ShardedStore store, int shard) => $"{store.Metadata.Name}-{ShardName(shard)}";

    /// <summary>Names of a shard's pods, which are the members of the store.</summary>
    public static IEnumerable<string> PodNames(ShardedStore store, int shard) =>
        Enumerable.Range(0, store.Spec.EffectiveReplicasPerShard + 1).Select(ordinal => $"{SetName(store, shard)}-{ordinal}");

    /// <summary>The shard's number from the StatefulSet's label; -1 for a set of another.</summary>
    public static int ShardIndex(V1StatefulSet set) =>
        set.Metadata.Labels?.TryGetValue(Labels.Shard, out var name) == true && name.StartsWith('s') && int.TryParse(name.AsSpan(1), out var index) ? index : -1;

    /// <summary>Whether an object is controlled by this very store.</summary>
    public static bool IsOwn(ShardedStore store, IMetadata<V1ObjectMeta> obj) =>
        obj.Metadata.OwnerReferences?.Any(owner => owner.Controller == true && owner.Uid == store.Metadata.Uid) == true;

    private static PlanProblem Taken(string kind, string name) =>
        new("NameConflict", $"{kind} {name} exists and does not belong to this store; delete it or rename the store");

    private static V1StatefulSet Set(ShardedStore store, int shard)
    {
        var labels = StorePod.Labels(store, shard);
        return new()
        {
            ApiVersion = "apps/v1",
            Kind = "StatefulSet",
            Metadata = Metadata(store, SetName(store, shard), labels),
            Spec = new()
            {
                ServiceName = NodesName(store),
                Replicas = store.Spec.EffectiveReplicasPerShard + 1,
                Selector = new() { MatchLabels = new Dictionary<string, string> { [Labels.Store] = store.Metadata.Name, [Labels.Shard] = ShardName(shard) } },
                // All at once: after an outage the nodes need each other, so none may wait for the one before it.
                PodManagementPolicy = "Parallel",
                // The operator restarts the pods: which node is the primary, and which has caught up, the set does not know.
                UpdateStrategy = new() { Type = "OnDelete" },
                RevisionHistoryLimit = 5,
                Template = StorePod.Template(store, shard),
                VolumeClaimTemplates = [StorePod.Claim(store)],
            },
        };
    }

    private static V1Service Service(ShardedStore store, string name, bool headless) => new()
    {
        ApiVersion = "v1",
        Kind = "Service",
        Metadata = Metadata(store, name, StorePod.Labels(store)),
        Spec = new()
        {
            ClusterIP = headless ? "None" : null,
            // Nodes find each other before any of them is ready.
            PublishNotReadyAddresses = headless ? true : null,
            Selector = new Dictionary<string, string> { [Labels.Store] = store.Metadata.Name, [Labels.Component] = Labels.StoreNode },
            Ports = [new() { Name = StorePod.PortName, Port = WellKnown.StorePort, TargetPort = StorePod.PortName, Protocol = "TCP" }],
        },
    };

    internal static V1ObjectMeta Metadata(ShardedStore store, string name, Dictionary<string, string> labels) => new()
    {
        Name = name,
        NamespaceProperty = store.Metadata.NamespaceProperty,
        Labels = labels,
        OwnerReferences =
        [
            new()
            {
                ApiVersion = store.ApiVersion,
                Kind = ShardedStore.KindName,
                Name = store.Metadata.Name,
                Uid = store.Metadata.Uid,
                Controller = true,
                BlockOwnerDeletion = true,
            },
        ],
    };
}
