using k8s.Models;
using Ops.Api;

namespace Ops.Planning.Stores;

/// <summary>
/// A node that has one shard of a backup in memory and belongs to no cluster; its keys go from it to the store. One pod,
/// for one shard after the other.
/// </summary>
public static class StoreLoader
{
    private const string Volume = "backup";
    private const string Path = "/backup";

    // A missing file would be an empty shard to the engine.
    private const string Check = $$"""
        [ -s "{{Path}}/$BACKUP/$SHARD.rdb" ] || { echo "the claim has no file $BACKUP/$SHARD.rdb" >&2; exit 1; }

        """;

    /// <summary>Name of its StatefulSet.</summary>
    public static string Name(ShardedStore store)
    {
        ArgumentNullException.ThrowIfNull(store);
        return $"{store.Metadata.Name}-restore";
    }

    /// <summary>Name of its pod.</summary>
    public static string PodName(ShardedStore store) => $"{Name(store)}-0";

    /// <summary>The StatefulSet that loads a shard.</summary>
    /// <param name="store">The store; it has a spec.restoreFrom.</param>
    /// <param name="shard">The shard of the backup, from 0.</param>
    public static V1StatefulSet Plan(ShardedStore store, int shard)
    {
        ArgumentNullException.ThrowIfNull(store);
        var from = store.Spec.RestoreFrom!;
        var selector = new Dictionary<string, string> { [Labels.Store] = store.Metadata.Name, [Labels.Component] = Labels.StoreLoader };
        var labels = new Dictionary<string, string>(selector) { [Labels.ManagedBy] = Labels.ManagedByOps };
        var pod = new V1PodSpec
        {
            AutomountServiceAccountToken = false,
            SecurityContext = StorePod.PodSecurity(),
            Volumes = [new() { Name = Volume, PersistentVolumeClaim = new() { ClaimName = from.ClaimName } }],
            Containers =
            [
                new()
                {
                    Name = WellKnown.EngineContainer,
                    Image = store.Spec.Engine.EffectiveImage,
                    Args =
                    [
                        .. StoreTls.Ports(store.Spec), "--bind", "$(POD_IP)", "--protected-mode", "no", "--save", "", "--appendonly", "no",
                        "--dir", $"{Path}/{from.Store}/{from.Backup}", "--dbfilename", $"{StoreObjects.ShardName(shard)}.rdb",
                    ],
                    Env =
                    [
                        new() { Name = "POD_IP", ValueFrom = new() { FieldRef = new() { FieldPath = "status.podIP" } } },
                        new() { Name = "BACKUP", Value = $"{from.Store}/{from.Backup}" },
                        new() { Name = "SHARD", Value = StoreObjects.ShardName(shard) },
                    ],
                    Ports = [new() { Name = StorePod.PortName, ContainerPort = WellKnown.StorePort, Protocol = "TCP" }],
                    ReadinessProbe = StorePod.Listens(period: 2, failures: 3),
                    SecurityContext = StorePod.ContainerSecurity(),
                    TerminationMessagePolicy = "FallbackToLogsOnError",
                    VolumeMounts = [new() { Name = Volume, MountPath = Path, ReadOnlyProperty = true }],
                },
            ],
        };
        StoreLogin.AddTo(pod, store.Spec);
        StoreLogin.Before(pod, Check, store.Spec);
        StoreTls.MountTo(pod, store.Spec);
        return new()
        {
            ApiVersion = "apps/v1",
            Kind = "StatefulSet",
            Metadata = StoreObjects.Metadata(store, Name(store), labels),
            Spec = new()
            {
                ServiceName = StoreObjects.NodesName(store),
                Replicas = 1,
                Selector = new() { MatchLabels = selector },
                UpdateStrategy = new() { Type = "RollingUpdate" },
                Template = new() { Metadata = new() { Labels = new Dictionary<string, string>(labels) { [Labels.LoadedShard] = StoreObjects.ShardName(shard) } }, Spec = pod },
            },
        };
    }
}
