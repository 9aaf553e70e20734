using k8s.Models;

namespace Ops.Api;

/// <summary>Pods that serve one model on one GPU shape.</summary>
[KubernetesEntity(Group = ApiGroup.Name, ApiVersion = ApiGroup.Version, Kind = KindName, PluralName = "modelpools")]
public sealed class ModelPool : CustomResource<ModelPoolSpec, ModelPoolStatus>
{
    /// <summary>The kind as it stands on the wire.</summary>
    public const string KindName = "ModelPool";

    /// <summary>Creates an empty pool with its kind set.</summary>
    public ModelPool() => Kind = KindName;
}

/// <summary>What the user wants of a pool.</summary>
public sealed record ModelPoolSpec
{
    /// <summary>Stop reconciling; running pods stay as they are. Default false.</summary>
    public bool Suspend { get; init; }

    /// <summary>The model's name as the engine knows it, for example meta-llama/Llama-3.1-8B-Instruct.</summary>
    public string Model { get; init; } = "";

    /// <summary>The program that serves the model.</summary>
    public EngineSpec Engine { get; init; } = new();

    /// <summary>The GPUs that one replica needs.</summary>
    public GpuSpec Gpu { get; init; } = new();

    /// <summary>How many replicas to run. Default 1; 0 stops the pool.</summary>
    public int? Replicas { get; init; }

    /// <summary>Clock and power limits of the pool's GPUs; absent means the hardware's own defaults.</summary>
    public EnergySpec? Energy { get; init; }

    /// <summary>A pod template laid over the generated one by strategic merge (labels, tolerations, volumes, ...).</summary>
    public V1PodTemplateSpec? PodTemplate { get; init; }
}

/// <summary>The engine of a pool.</summary>
public sealed record EngineSpec
{
    /// <summary>vllm, llamacpp or simulated.</summary>
    public string Type { get; init; } = "vllm";

    /// <summary>Container image; the default follows the type.</summary>
    public string? Image { get; init; }

    /// <summary>Arguments appended to the generated ones.</summary>
    public IReadOnlyList<string>? Args { get; init; }

    /// <summary>Environment variables added to the generated ones.</summary>
    public IReadOnlyList<V1EnvVar>? Env { get; init; }

    /// <summary>The port of the OpenAI-compatible endpoint. Default 8000.</summary>
    public int? Port { get; init; }
}

/// <summary>GPU product and count of one replica.</summary>
public sealed record GpuSpec
{
    /// <summary>Value of the node label nvidia.com/gpu.product, for example NVIDIA-H100-80GB-HBM3.</summary>
    public string Product { get; init; } = "";

    /// <summary>GPUs a replica, 1 to 16. Default 1.</summary>
    public int? Count { get; init; }
}

/// <summary>Limits applied to every GPU of the pool.</summary>
public sealed record EnergySpec
{
    /// <summary>Locked SM clock in MHz.</summary>
    public int? ClockMHz { get; init; }

    /// <summary>Power limit of one GPU in watts.</summary>
    public int? PowerLimitWatts { get; init; }
}

/// <summary>What the operator saw of a pool.</summary>
public sealed record ModelPoolStatus
{
    /// <summary>The generation that this status was made from.</summary>
    public long? ObservedGeneration { get; init; }

    /// <summary>Pods that exist.</summary>
    public int Replicas { get; init; }

    /// <summary>Pods that pass their readiness probe.</summary>
    public int ReadyReplicas { get; init; }

    /// <summary>Label selector of the pods, for the scale subresource.</summary>
    public string? Selector { get; init; }

    /// <summary>GPU power of all pods together in watts, two significant digits.</summary>
    public double? Watts { get; init; }

    /// <summary>GPU joules by generated token over the last scrape window, two significant digits.</summary>
    public double? JoulesPerToken { get; init; }

    /// <summary>Generated tokens a second over the last scrape window, two significant digits.</summary>
    public double? TokensPerSecond { get; init; }

    /// <summary>The SM clock that the pods report, in MHz.</summary>
    public int? ClockMHz { get; init; }

    /// <summary>Ready, Progressing, Degraded, EnergyLimited.</summary>
    public IReadOnlyList<V1Condition>? Conditions { get; init; }
}
