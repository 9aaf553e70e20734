namespace Ops.Api;

/// <summary>Labels and annotations that Ops reads or writes.</summary>
public static class Labels
{
    /// <summary>On pods, the Deployment and the Service of a pool: the pool's name.</summary>
    public const string Pool = ApiGroup.Name + "/pool";

    /// <summary>The standard label that says which program looks after an object.</summary>
    public const string ManagedBy = "app.kubernetes.io/managed-by";

    /// <summary>Value of <see cref="ManagedBy"/> on everything that Ops creates.</summary>
    public const string ManagedByOps = "ops";

    /// <summary>Value of <see cref="ManagedBy"/> on incidents and remediations of the healer.</summary>
    public const string ManagedByHealing = "ops-healing";

    /// <summary>The standard label for an object's part in its application.</summary>
    public const string Component = "app.kubernetes.io/component";

    /// <summary>Value of <see cref="Component"/> on pods that serve a model.</summary>
    public const string ModelServer = "model-server";

    /// <summary>Value of <see cref="Component"/> on router pods.</summary>
    public const string Router = "router";

    /// <summary>Value of <see cref="Component"/> on the operator's pods.</summary>
    public const string Operator = "operator";

    /// <summary>On Secrets: "true" when each data entry is an API key of the router (entry name = key id).</summary>
    public const string ApiKeys = ApiGroup.Name + "/api-keys";

    /// <summary>On ConfigMaps in the routers' namespace: "true" when they hold a learned policy.</summary>
    public const string LearnedPolicy = ApiGroup.Name + "/policy";

    /// <summary>On pods, StatefulSets and Services of a sharded store: the store's name.</summary>
    public const string Store = ApiGroup.Name + "/store";

    /// <summary>On pods and StatefulSets of a sharded store: the shard's name, s0, s1, ...</summary>
    public const string Shard = ApiGroup.Name + "/shard";

    /// <summary>Value of <see cref="Component"/> on nodes of a sharded store.</summary>
    public const string StoreNode = "store-node";

    /// <summary>Value of <see cref="Component"/> on pods that write a backup of a store.</summary>
    public const string StoreBackup = "store-backup";

    /// <summary>Value of <see cref="Component"/> on pods that load a backup for a store.</summary>
    public const string StoreLoader = "store-loader";

    /// <summary>On pods that load a backup: the shard of the backup that they have, s0, s1, ...</summary>
    public const string LoadedShard = ApiGroup.Name + "/loaded-shard";

    /// <summary>On EndpointSlices: the name of the Service that they belong to.</summary>
    public const string ServiceName = "kubernetes.io/service-name";

    /// <summary>On nodes: the GPU product, as NVIDIA's feature discovery writes it.</summary>
    public const string GpuProduct = "nvidia.com/gpu.product";
}

/// <summary>Annotations that Ops writes.</summary>
public static class Annotations
{
    /// <summary>On a pool's pod template: its digest, by which pods of the newest template are told from older ones.</summary>
    public const string Template = ApiGroup.Name + "/template";
}

/// <summary>Other names that several programs have to agree on.</summary>
public static class WellKnown
{
    /// <summary>The extended resource of one GPU.</summary>
    public const string GpuResource = "nvidia.com/gpu";

    /// <summary>Namespace of operator and router in the manifests.</summary>
    public const string SystemNamespace = "ops-system";

    /// <summary>Name of the serving port in pods and Services of a pool.</summary>
    public const string HttpPortName = "http";

    /// <summary>Name of the Service port of an engine, where a pod has several of one pool: http, http-1, http-2, ...</summary>
    /// <param name="engine">Index of the engine in the pod.</param>
    public static string HttpPort(int engine) => engine == 0 ? HttpPortName : $"{HttpPortName}-{engine}";

    /// <summary>Name of the container that runs the engine in a pool's pod.</summary>
    public const string EngineContainer = "engine";

    /// <summary>The entry of a policy's ConfigMap (binaryData) that holds the file.</summary>
    public const string PolicyEntry = "policy.bin";

    /// <summary>The port on which nodes of a sharded store serve clients.</summary>
    public const int StorePort = 6379;

    /// <summary>The port of their cluster bus; the engines put it 10,000 above.</summary>
    public const int StoreBusPort = 16_379;

    /// <summary>The key that every variant's quality table must have.</summary>
    public const string DefaultTask = "default";
}
