using k8s.Models;
using Ops.Api;
using Names = Ops.Api.Labels;

namespace Ops.Planning.Stores;

/// <summary>The pod of one node of a store.</summary>
internal static class StorePod
{
    internal const string PortName = "store";

    private const string DataVolume = "data";
    private const string DataPath = "/data";

    // More than clients that write at once and wait for the log. A thread costs nothing before it is needed.
    private const int GarnetThreads = 256;

    // Any user but root will do.
    private const long UserId = 65_532;

    internal static Dictionary<string, string> Labels(ShardedStore store, int? shard = null)
    {
        var labels = new Dictionary<string, string>
        {
            [Names.Store] = store.Metadata.Name,
            [Names.ManagedBy] = Names.ManagedByOps,
            [Names.Component] = Names.StoreNode,
        };
        if (shard is { } index)
            labels[Names.Shard] = StoreObjects.ShardName(index);
        return labels;
    }

    internal static V1PersistentVolumeClaim Claim(ShardedStore store) => new()
    {
        ApiVersion = "v1",
        Kind = "PersistentVolumeClaim",
        Metadata = new() { Name = DataVolume },
        Spec = new()
        {
            AccessModes = ["ReadWriteOnce"],
            StorageClassName = store.Spec.Storage.ClassName,
            Resources = new() { Requests = new Dictionary<string, ResourceQuantity> { ["storage"] = new(store.Spec.Storage.EffectiveSize) } },
        },
    };

    internal static V1PodTemplateSpec Template(ShardedStore store, int shard)
    {
        var template = Nodes(store, shard);
        StoreLogin.AddTo(template.Spec, store.Spec);
        StoreTls.MountTo(template.Spec, store.Spec);
        return template;
    }

    private static V1PodTemplateSpec Nodes(ShardedStore store, int shard) => new()
    {
        Metadata = new() { Labels = Labels(store, shard) },
        Spec = new()
        {
            Containers = [Container(store)],
            SecurityContext = PodSecurity(),
            // Nodes of a shard on different machines where there are several; a preference, so that one machine is enough.
            Affinity = new()
            {
                PodAntiAffinity = new()
                {
                    PreferredDuringSchedulingIgnoredDuringExecution =
                    [
                        new()
                        {
                            Weight = 100,
                            PodAffinityTerm = new()
                            {
                                TopologyKey = "kubernetes.io/hostname",
                                LabelSelector = new() { MatchLabels = new Dictionary<string, string> { [Names.Store] = store.Metadata.Name, [Names.Shard] = StoreObjects.ShardName(shard) } },
                            },
                        },
                    ],
                },
            },
            AutomountServiceAccountToken = false,
            // Engines wait up to 10 s for their replicas before they end.
            TerminationGracePeriodSeconds = 30,
        },
    };

    internal static V1PodSecurityContext PodSecurity() => new()
    {
        RunAsNonRoot = true,
        RunAsUser = UserId,
        FsGroup = UserId,
        SeccompProfile = new() { Type = "RuntimeDefault" },
    };

    internal static V1SecurityContext ContainerSecurity() => new()
    {
        AllowPrivilegeEscalation = false,
        Capabilities = new() { Drop = ["ALL"] },
        ReadOnlyRootFilesystem = true,
    };

    private static V1Container Container(ShardedStore store) => new()
    {
        Name = WellKnown.EngineContainer,
        Image = store.Spec.Engine.EffectiveImage,
        Args = [.. store.Spec.Engine.Type == StoreEngines.Garnet ? Garnet(store.Spec) : Redis(store.Spec)],
        Env = [new() { Name = "POD_IP", ValueFrom = new() { FieldRef = new() { FieldPath = "status.podIP" } } }],
        Ports =
        [
            new() { Name = PortName, ContainerPort = WellKnown.StorePort, Protocol = "TCP" },
            new() { Name = "bus", ContainerPort = WellKnown.StoreBusPort, Protocol = "TCP" },
        ],
        // A node that reads its log back listens at once, and the engine itself tells clients to wait.
        ReadinessProbe = Listens(period: 2, failures: 3),
        LivenessProbe = Listens(period: 10, failures: 6),
        SecurityContext = ContainerSecurity(),
        TerminationMessagePolicy = "FallbackToLogsOnError",
        VolumeMounts = [new() { Name = DataVolume, MountPath = DataPath }],
    };

    // A shard that is alone does not stop the others (require-full-coverage), no replica changes its shard behind the
    // operator's back (replica-migration), and an address is told by the pod, not guessed.
    private static IEnumerable<string> Redis(ShardedStoreSpec spec) =>
    [
        .. StoreTls.Ports(spec), "--bind", "$(POD_IP)", "--protected-mode", "no", "--dir", DataPath,
        "--cluster-enabled", "yes", "--cluster-announce-ip", "$(POD_IP)",
        "--cluster-node-timeout", $"{(int)spec.Failover.EffectiveAfter.TotalMilliseconds}",
        "--cluster-require-full-coverage", "no", "--cluster-allow-replica-migration", "no",
        "--appendonly", "yes", "--appendfsync", spec.Durability.EffectiveFsync, "--repl-diskless-sync-delay", "0",
        "--min-replicas-to-write", $"{spec.Durability.EffectiveMinReplicasToWrite}", "--min-replicas-max-lag", "10",
    ];

    // Its own defaults are 16 GiB of memory and news every 5 s. A replica that starts while its primary is away would empty
    // itself and stay so for good (resume-with-data, reestablishment), and records beyond the memory would be dropped
    // (storage-tier). The device is the one that works in cluster mode on every file system. A session blocks its thread while
    // its answer waits for the log (aof-commit-wait), and what ends that wait needs a thread of the same pool, which has as
    // many as there are cores and grows by about one a second: with 40 writers on two cores 2.2.8 took connections and
    // answered nothing for as long as they tried (minthreads).
    private static IEnumerable<string> Garnet(ShardedStoreSpec spec) =>
    [
        "--port", $"{WellKnown.StorePort}", "--bind", "$(POD_IP)", "--protected-mode", "no", "--checkpointdir", DataPath, "--logdir", DataPath,
        "--cluster", "--cluster-announce-ip", "$(POD_IP)", "--gossip-delay", "1",
        "--cluster-timeout", $"{(int)Math.Ceiling(spec.Failover.EffectiveAfter.TotalSeconds)}",
        "--cluster-replica-resume-with-data", "--cluster-replication-reestablishment-timeout", "1",
        "--storage-tier", "--device-type", "RandomAccess",
        "--memory", $"{spec.Engine.EffectiveMemoryMiB}m", "--index", "16m", "--aof-memory", "64m",
        "--aof", "--recover", "--aof-size-limit", $"{AofMiB(spec)}m", .. spec.Durability.EffectiveFsync == "always" ? (string[])["--aof-commit-wait"] : [],
        "--metrics-sampling-freq", "1", "--minthreads", $"{GarnetThreads}",
    ];

    // Beyond it Garnet writes a checkpoint and cuts the log. A quarter of the volume: two checkpoints and the records lie there too.
    private static long AofMiB(ShardedStoreSpec spec) => Math.Max(64, (long)(new ResourceQuantity(spec.Storage.EffectiveSize).ToDecimal() / 4 / (1 << 20)));

    internal static V1Probe Listens(int period, int failures) => new()
    {
        TcpSocket = new() { Port = PortName },
        PeriodSeconds = period,
        TimeoutSeconds = 5,
        FailureThreshold = failures,
    };
}
