using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using k8s.Models;
using Ops.Api.Schema;

namespace Ops.Api;

/// <summary>Pods that serve one model on one GPU shape.</summary>
[KubernetesEntity(Group = ApiGroup.Name, ApiVersion = ApiGroup.Version, Kind = KindName, PluralName = PluralName)]
[KubectlNames("mp", Categories = ["ops"])]
[ScaleSubresource(".spec.replicas", ".status.replicas", ".status.selector")]
[CelRule(ModelPoolRules.NameRule, ModelPoolRules.NameMessage)]
[CelRule(ModelPoolRules.OwnGuestRule, ModelPoolRules.OwnGuestMessage)]
[PrinterColumn("Model", "string", ".spec.model", Description = "The model that the pool serves.")]
[PrinterColumn("GPU", "string", ".spec.gpu.product", Description = "The GPU product of a replica.", Priority = 1)]
[PrinterColumn("GPUs", "integer", ".spec.gpu.count", Description = "GPUs a replica.", Priority = 1)]
[PrinterColumn("Desired", "integer", ".spec.replicas", Description = "Replicas wanted.")]
[PrinterColumn("Ready", "integer", ".status.readyReplicas", Description = "Replicas that can answer.")]
[PrinterColumn("State", "string", ".status.conditions[?(@.type==\"Ready\")].reason", Description = "Why the pool is ready, or is not.")]
[PrinterColumn("Watts", "number", ".status.watts", Description = "GPU power of all replicas.")]
[PrinterColumn("Awake", "integer", ".status.plan.awake", Description = "Replicas that are to be awake, where the others sleep.", Priority = 1)]
[PrinterColumn("Tokens/s", "number", ".status.tokensPerSecond", Description = "Generated tokens a second.")]
[PrinterColumn("J/Token", "number", ".status.joulesPerToken", Description = "GPU joules by generated token.", Priority = 1)]
[PrinterColumn("Clock", "integer", ".status.clockMHz", Description = "SM clock in MHz.", Priority = 1)]
[PrinterColumn("Age", "date", ".metadata.creationTimestamp")]
public sealed class ModelPool : CustomResource<ModelPoolSpec, ModelPoolStatus>
{
    /// <summary>The kind as it stands on the wire.</summary>
    public const string KindName = "ModelPool";

    /// <summary>The kind's name in URLs.</summary>
    public const string PluralName = "modelpools";

    /// <summary>Creates an empty pool with its kind set.</summary>
    public ModelPool() => Kind = KindName;
}

/// <summary>What the user wants of a pool.</summary>
[CelRule(ModelPoolRules.GuestEngineRule, ModelPoolRules.GuestEngineMessage)]
[CelRule(ModelPoolRules.GuestFieldsRule, ModelPoolRules.GuestFieldsMessage)]
[CelRule(ModelPoolRules.SleepEngineRule, ModelPoolRules.SleepEngineMessage)]
public sealed record ModelPoolSpec
{
    /// <summary>Default of replicas.</summary>
    public const int DefaultReplicas = 1;

    /// <summary>Stop reconciling; running pods stay as they are. Default false.</summary>
    [DefaultValue(false)]
    public bool Suspend { get; init; }

    /// <summary>The model's name as the engine knows it, for example meta-llama/Llama-3.1-8B-Instruct.</summary>
    [Required]
    [MaxLength(253)]
    [RegularExpression("^[A-Za-z0-9/][A-Za-z0-9._:/@+-]*$")]
    public string Model { get; init; } = "";

    /// <summary>The program that serves the model.</summary>
    [DefaultsFromFields]
    public EngineSpec Engine { get; init; } = new();

    /// <summary>
    /// What the replicas do of a request, named as llm-d's pod label llm-d.ai/role: both (vLLM's kv_role kv_both), decode
    /// (kv_consumer) or prefill (kv_producer). A prefill pool answers no client: routers name one of its replicas to a
    /// replica with the same model that does, in the header x-prefiller-host-port, which llm-d's routing sidecar beside the
    /// engine reads. The engines' own arguments and the sidecar are yours to add; leave scaling out of a prefill pool, since
    /// nobody counts requests for it. Default both.
    /// </summary>
    [AllowedValues(PoolRoles.Both, PoolRoles.Prefill, PoolRoles.Decode)]
    [DefaultValue(PoolRoles.Both)]
    public string? Role { get; init; }

    /// <summary>The GPUs that one replica needs.</summary>
    [Required]
    public GpuSpec Gpu { get; init; } = new();

    /// <summary>
    /// How many replicas to run; without effect where coResident is set. Default 1; 0 stops the pool. Where scaling.objective is latency or energy the operator
    /// writes this number through the scale subresource, as an autoscaler does: leave it out of your manifests then.
    /// </summary>
    [Range(0, 1000)]
    [DefaultValue(DefaultReplicas)]
    public int? Replicas { get; init; }

    /// <summary>Who decides the number of replicas, and between which bounds. Absent means fixed: replicas is what runs.</summary>
    public ScalingSpec? Scaling { get; init; }

    /// <summary>
    /// Clock and power limits of the pool's GPUs; absent means the hardware's own defaults. Engines of type simulated start
    /// with the numbers given here. What the planner or a budget asks beyond them stands in status.plan; the power agent of
    /// each node applies it, and the condition EnergyLimited says what is really in force.
    /// </summary>
    public EnergySpec? Energy { get; init; }

    /// <summary>The pool whose GPUs this model shares; absent means GPUs of its own.</summary>
    public CoResidentSpec? CoResident { get; init; }

    /// <summary>
    /// A pod template laid over the generated one by strategic merge (labels, tolerations, volumes, resources, ...).
    /// The engine's container is named engine. What the operator needs (its labels, the GPU limit, the port, the
    /// generated arguments) cannot be taken away; the pool then turns Degraded and says which field is in the way.
    /// </summary>
    [PreserveUnknownFields]
    public JsonObject? PodTemplate { get; init; }

    /// <summary>Replicas with the default filled in.</summary>
    [JsonIgnore]
    public int EffectiveReplicas => Replicas ?? DefaultReplicas;

    /// <summary>Role with the default filled in.</summary>
    [JsonIgnore]
    public string EffectiveRole => Role ?? PoolRoles.Both;

    /// <summary>Scaling with the default filled in.</summary>
    [JsonIgnore]
    public ScalingSpec EffectiveScaling => Scaling ?? new();
}

/// <summary>What the replicas of a pool do of a request.</summary>
public static class PoolRoles
{
    /// <summary>They read the prompt and write the answer.</summary>
    public const string Both = "both";

    /// <summary>They read prompts for others.</summary>
    public const string Prefill = "prefill";

    /// <summary>They write answers to prompts that others have read; like both, they can read them as well.</summary>
    public const string Decode = "decode";
}

/// <summary>The engine of a pool.</summary>
public sealed record EngineSpec
{
    /// <summary>Default of port.</summary>
    public const int DefaultPort = 8000;

    /// <summary>vllm, llamacpp or simulated.</summary>
    [AllowedValues(EngineTypes.Vllm, EngineTypes.LlamaCpp, EngineTypes.Simulated)]
    [DefaultValue(EngineTypes.Vllm)]
    public string Type { get; init; } = EngineTypes.Vllm;

    /// <summary>Container image; the default follows the type.</summary>
    [MinLength(1)]
    [MaxLength(512)]
    public string? Image { get; init; }

    /// <summary>Arguments appended to the generated ones.</summary>
    [MaxLength(64)]
    [Items(MaxLength = 4096)]
    public IReadOnlyList<string>? Args { get; init; }

    /// <summary>Environment variables added to the generated ones.</summary>
    [MaxLength(64)]
    [ListMapKeys("name")]
    public IReadOnlyList<V1EnvVar>? Env { get; init; }

    /// <summary>The port of the OpenAI-compatible endpoint. Default 8000.</summary>
    [Range(1, 65535)]
    [DefaultValue(DefaultPort)]
    public int? Port { get; init; }

    /// <summary>Port with the default filled in.</summary>
    [JsonIgnore]
    public int EffectivePort => Port ?? DefaultPort;

    /// <summary>Image with the type's default filled in.</summary>
    [JsonIgnore]
    public string EffectiveImage => Image ?? EngineTypes.DefaultImage(Type);
}

/// <summary>The engines that a pool can run.</summary>
public static class EngineTypes
{
    /// <summary>vLLM's OpenAI server.</summary>
    public const string Vllm = "vllm";

    /// <summary>llama.cpp's llama-server.</summary>
    public const string LlamaCpp = "llamacpp";

    /// <summary>The simulated model server of this project.</summary>
    public const string Simulated = "simulated";

    /// <summary>The image of a type whose pool names none.</summary>
    /// <param name="type">One of the constants above.</param>
    public static string DefaultImage(string type) => type switch
    {
        LlamaCpp => "ghcr.io/ggml-org/llama.cpp:server-cuda",
        Simulated => "ops.autonomic.dev/model-server:0.1.0",
        _ => "docker.io/vllm/vllm-openai:v0.11.0",
    };
}

/// <summary>GPU product and count of one replica.</summary>
public sealed record GpuSpec
{
    /// <summary>Default of count.</summary>
    public const int DefaultCount = 1;

    /// <summary>Value of the node label nvidia.com/gpu.product, for example NVIDIA-H100-80GB-HBM3.</summary>
    [Required]
    [MaxLength(63)]
    [RegularExpression("^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$")]
    public string Product { get; init; } = "";

    /// <summary>GPUs a replica, 1 to 16. Default 1.</summary>
    [Range(1, 16)]
    [DefaultValue(DefaultCount)]
    public int? Count { get; init; }

    /// <summary>Count with the default filled in.</summary>
    [JsonIgnore]
    public int EffectiveCount => Count ?? DefaultCount;
}

/// <summary>What the operator saw of a pool.</summary>
public sealed record ModelPoolStatus
{
    /// <summary>Most names in sleeping: 1,000 of 64 bytes are 64 kB of an object's 1.5 MB.</summary>
    public const int MaxSleeping = 1000;

    /// <summary>The generation that this status was made from.</summary>
    public long? ObservedGeneration { get; init; }

    /// <summary>Pods that exist.</summary>
    public int Replicas { get; init; }

    /// <summary>Pods that pass their readiness probe.</summary>
    public int ReadyReplicas { get; init; }

    /// <summary>Label selector of the pods, for the scale subresource.</summary>
    [MaxLength(512)]
    public string? Selector { get; init; }

    /// <summary>GPU power of all pods together in watts, two significant digits.</summary>
    public double? Watts { get; init; }

    /// <summary>GPU joules by generated token over the last scrape window, two significant digits.</summary>
    public double? JoulesPerToken { get; init; }

    /// <summary>Generated tokens a second over the last scrape window, two significant digits.</summary>
    public double? TokensPerSecond { get; init; }

    /// <summary>The SM clock that the pods report, in MHz; the slowest where they differ.</summary>
    public int? ClockMHz { get; init; }

    /// <summary>
    /// Replicas that are asleep, on their way to it or being woken, by the pod's name, with /N for a co-resident pool's engine N
    /// of that pod. Routers send them nothing; a name goes when its engine says that it is awake.
    /// </summary>
    [MaxLength(MaxSleeping)]
    [Items(MaxLength = 256)]
    public IReadOnlyList<string>? Sleeping { get; init; }

    /// <summary>What the fleet's plan asks of the pool, and why; absent where no planner has a say.</summary>
    public PoolPlanStatus? Plan { get; init; }

    /// <summary>Ready, Progressing, Degraded, EnergyLimited.</summary>
    [MaxLength(16)]
    [ListMapKeys("type")]
    public IReadOnlyList<V1Condition>? Conditions { get; init; }
}
