using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using k8s.Models;
using Ops.Api.Schema;

namespace Ops.Api;

/// <summary>The model name that clients send, and the pools that can answer it.</summary>
[KubernetesEntity(Group = ApiGroup.Name, ApiVersion = ApiGroup.Version, Kind = KindName, PluralName = PluralName)]
[KubectlNames("mr", Categories = ["ops"])]
[PrinterColumn("Model", "string", ".status.model", Description = "The model name that clients send.")]
[PrinterColumn("State", "string", ".status.conditions[?(@.type==\"Ready\")].reason", Description = "Why the route is ready, or is not.")]
[PrinterColumn("Degraded", "string", ".status.conditions[?(@.type==\"Degraded\")].status", Description = "True when something needs a person.")]
[PrinterColumn("Policy", "string", ".status.policy.type", Description = "The policy in force.")]
[PrinterColumn("Req/s", "number", ".status.requestsPerSecond", Description = "Requests a second.")]
[PrinterColumn("Availability", "number", ".status.availability", Description = "Share of requests answered before the hard deadline.")]
[PrinterColumn("Quality", "number", ".status.meanQuality", Description = "Mean declared quality of the answers.")]
[PrinterColumn("J/Req", "number", ".status.joulesPerRequest", Description = "GPU joules by request.", Priority = 1)]
[PrinterColumn("Age", "date", ".metadata.creationTimestamp")]
public sealed class ModelRoute : CustomResource<ModelRouteSpec, ModelRouteStatus>
{
    /// <summary>The kind as it stands on the wire.</summary>
    public const string KindName = "ModelRoute";

    /// <summary>The kind's name in URLs.</summary>
    public const string PluralName = "modelroutes";

    /// <summary>Creates an empty route with its kind set.</summary>
    public ModelRoute() => Kind = KindName;

    /// <summary>The model name that clients send: spec.model, or the resource's name.</summary>
    [JsonIgnore]
    public string EffectiveModel => Spec.Model ?? Metadata.Name;
}

/// <summary>What the user wants of a route.</summary>
[CelRule(ModelRouteRules.StaticPoolKnownRule, ModelRouteRules.StaticPoolKnownMessage, FieldPath = ".policy")]
public sealed record ModelRouteSpec
{
    /// <summary>Stop serving this route: requests for it get 503 with the reason. Default false.</summary>
    [DefaultValue(false)]
    public bool Suspend { get; init; }

    /// <summary>The model name that clients send. Default: the resource's name.</summary>
    [MinLength(1)]
    [MaxLength(253)]
    [RegularExpression("^[A-Za-z0-9][A-Za-z0-9._:/@+-]*$")]
    public string? Model { get; init; }

    /// <summary>The pools to choose from, in any order. At least one, each pool once.</summary>
    [Required]
    [MinLength(1)]
    [MaxLength(32)]
    [ListMapKeys("pool")]
    public IReadOnlyList<VariantSpec> Variants { get; init; } = [];

    /// <summary>Latency objective of the route.</summary>
    [DefaultsFromFields]
    public ObjectiveSpec? Objective { get; init; }

    /// <summary>How a variant is chosen.</summary>
    [DefaultsFromFields]
    public PolicySpec? Policy { get; init; }

    /// <summary>How requests wait for room at the replicas, and in which order.</summary>
    [DefaultsFromFields]
    public AdmissionSpec? Admission { get; init; }

    /// <summary>What counts how much when a replica is picked.</summary>
    [DefaultsFromFields]
    public ScorerSpec? Scorers { get; init; }

    /// <summary>Sessions, and the bound on uneven load.</summary>
    [DefaultsFromFields]
    public AffinitySpec? Affinity { get; init; }

    /// <summary>When a prompt is read by a replica of a pool with the role prefill.</summary>
    [DefaultsFromFields]
    public PrefillSpec? Prefill { get; init; }

    /// <summary>Retries before the first byte.</summary>
    [DefaultsFromFields]
    public RetrySpec? Retry { get; init; }

    /// <summary>Upstream time limits.</summary>
    [DefaultsFromFields]
    public TimeoutSpec? Timeouts { get; init; }

    /// <summary>
    /// Answer with the header x-ops-expected-joules: the GPU joules that the request is expected to add where it was sent, by
    /// the pool's energy profile, its prompt and its expected length. What it really took is known only after its last token
    /// and stands in the access log and the metrics. Pools without a profile send none. Default false.
    /// </summary>
    [DefaultValue(false)]
    public bool EnergyHeader { get; init; }

    /// <summary>Objective with the defaults filled in.</summary>
    [JsonIgnore]
    public ObjectiveSpec EffectiveObjective => Objective ?? new();

    /// <summary>Policy with the defaults filled in.</summary>
    [JsonIgnore]
    public PolicySpec EffectivePolicy => Policy ?? new();

    /// <summary>Admission with the defaults filled in.</summary>
    [JsonIgnore]
    public AdmissionSpec EffectiveAdmission => Admission ?? new();

    /// <summary>Scorers with the defaults filled in.</summary>
    [JsonIgnore]
    public ScorerSpec EffectiveScorers => Scorers ?? new();

    /// <summary>Affinity with the defaults filled in.</summary>
    [JsonIgnore]
    public AffinitySpec EffectiveAffinity => Affinity ?? new();

    /// <summary>Prefill with the defaults filled in.</summary>
    [JsonIgnore]
    public PrefillSpec EffectivePrefill => Prefill ?? new();

    /// <summary>Retry with the defaults filled in.</summary>
    [JsonIgnore]
    public RetrySpec EffectiveRetry => Retry ?? new();

    /// <summary>Timeouts with the defaults filled in.</summary>
    [JsonIgnore]
    public TimeoutSpec EffectiveTimeouts => Timeouts ?? new();
}

/// <summary>A pool as a choice of a route.</summary>
public sealed record VariantSpec
{
    /// <summary>Name of a ModelPool in the route's namespace.</summary>
    [Required]
    [MaxLength(ModelPoolRules.MaxNameLength)]
    [RegularExpression("^[a-z]([-a-z0-9]*[a-z0-9])?$")]
    public string Pool { get; init; } = "";

    /// <summary>
    /// Name of a LoRA adapter that the pool's engine serves (vLLM's --lora-modules). Requests then ask the engine for the
    /// adapter instead of the pool's model, and replicas that have it loaded are preferred. Default: the base model.
    /// </summary>
    [MinLength(1)]
    [MaxLength(253)]
    [RegularExpression("^[A-Za-z0-9][A-Za-z0-9._:/@+-]*$")]
    public string? Adapter { get; init; }

    /// <summary>
    /// Expected answer quality by task, each 0..1. The key "default" is required: it serves requests without an
    /// x-ops-task header and tasks that the table does not name.
    /// </summary>
    [Required]
    [MinLength(1)]
    [MaxLength(64)]
    [Items(Minimum = 0, Maximum = 1)]
    [CelRule(ModelRouteRules.QualityDefaultRule, ModelRouteRules.QualityDefaultMessage)]
    public IReadOnlyDictionary<string, double> Quality { get; init; } = new Dictionary<string, double>();

    /// <summary>Expected quality on a task: its own entry, else that of "default", else 0.</summary>
    /// <param name="task">The task's name.</param>
    public double QualityFor(string task) =>
        Quality.TryGetValue(task, out var own) ? own : Quality.GetValueOrDefault(WellKnown.DefaultTask);
}

/// <summary>Latency objective. Durations are Go duration strings such as 500ms or 1m30s.</summary>
[CelRule(ModelRouteRules.DeadlineOrderRule, ModelRouteRules.DeadlineOrderMessage, FieldPath = ".hardDeadline")]
[CelRule(ModelRouteRules.FirstTokenOrderRule, ModelRouteRules.FirstTokenOrderMessage, FieldPath = ".timeToFirstToken")]
[CelRule(ModelRouteRules.ObjectivePositiveRule, ModelRouteRules.ObjectivePositiveMessage)]
public sealed record ObjectiveSpec
{
    internal const string DefaultTimeToFirstToken = "1s";
    internal const string DefaultTimePerOutputToken = "100ms";
    internal const string DefaultEndToEnd = "30s";
    internal const string DefaultHardDeadline = "60s";

    /// <summary>Time to first token. Default 1s.</summary>
    [MaxLength(GoDuration.MaxLength)]
    [RegularExpression(GoDuration.Pattern)]
    [DefaultValue(DefaultTimeToFirstToken)]
    public string? TimeToFirstToken { get; init; }

    /// <summary>Time per output token after the first. Default 100ms.</summary>
    [MaxLength(GoDuration.MaxLength)]
    [RegularExpression(GoDuration.Pattern)]
    [DefaultValue(DefaultTimePerOutputToken)]
    public string? TimePerOutputToken { get; init; }

    /// <summary>Soft deadline of the whole answer. Default 30s.</summary>
    [MaxLength(GoDuration.MaxLength)]
    [RegularExpression(GoDuration.Pattern)]
    [DefaultValue(DefaultEndToEnd)]
    public string? EndToEnd { get; init; }

    /// <summary>After it the answer is worth nothing. Default 60s.</summary>
    [MaxLength(GoDuration.MaxLength)]
    [RegularExpression(GoDuration.Pattern)]
    [DefaultValue(DefaultHardDeadline)]
    public string? HardDeadline { get; init; }

    /// <summary>Time to first token with the default filled in.</summary>
    [JsonIgnore]
    public TimeSpan EffectiveTimeToFirstToken => GoDuration.ParseOrDefault(TimeToFirstToken, DefaultTimeToFirstToken);

    /// <summary>Time per output token with the default filled in.</summary>
    [JsonIgnore]
    public TimeSpan EffectiveTimePerOutputToken => GoDuration.ParseOrDefault(TimePerOutputToken, DefaultTimePerOutputToken);

    /// <summary>Soft deadline with the default filled in.</summary>
    [JsonIgnore]
    public TimeSpan EffectiveEndToEnd => GoDuration.ParseOrDefault(EndToEnd, DefaultEndToEnd);

    /// <summary>Hard deadline with the default filled in.</summary>
    [JsonIgnore]
    public TimeSpan EffectiveHardDeadline => GoDuration.ParseOrDefault(HardDeadline, DefaultHardDeadline);
}

/// <summary>The ways to choose a variant.</summary>
public static class PolicyTypes
{
    /// <summary>Always the same pool.</summary>
    public const string Static = "static";

    /// <summary>The best variant that still meets the objective, stepping down as load grows.</summary>
    public const string Ladder = "ladder";

    /// <summary>The variant with the best expected worth right now.</summary>
    public const string Greedy = "greedy";

    /// <summary>The best expected worth, less a price of work that rises with the load, less energy.</summary>
    public const string Price = "price";

    /// <summary>The price rule, corrected by a trained network where that promises more.</summary>
    public const string Learned = "learned";
}

/// <summary>Policy of a route.</summary>
[CelRule(ModelRouteRules.StaticNeedsPoolRule, ModelRouteRules.StaticNeedsPoolMessage)]
[CelRule(ModelRouteRules.LearnedNeedsRefRule, ModelRouteRules.LearnedNeedsRefMessage)]
[CelRule(ModelRouteRules.ExplorationNeedsLearnedRule, ModelRouteRules.ExplorationNeedsLearnedMessage)]
public sealed record PolicySpec
{
    /// <summary>The largest exploration.</summary>
    public const double MostExploration = 0.05;

    /// <summary>static, ladder, greedy, price or learned. Default price.</summary>
    [AllowedValues(PolicyTypes.Static, PolicyTypes.Ladder, PolicyTypes.Greedy, PolicyTypes.Price, PolicyTypes.Learned)]
    [DefaultValue(PolicyTypes.Price)]
    public string? Type { get; init; }

    /// <summary>The pool that a static policy always takes; required for static, unused by other types.</summary>
    [MinLength(1)]
    [MaxLength(ModelPoolRules.MaxNameLength)]
    public string? StaticPool { get; init; }

    /// <summary>
    /// Name of the ConfigMap with the trained policy; required for learned, unused by other types. It lies in the routers'
    /// namespace, has the label ops.autonomic.dev/policy: "true", and is written by ./ops train. While it is missing, unusable,
    /// on probation or did worse, the price rule decides, and status.policy says why.
    /// </summary>
    [MinLength(1)]
    [MaxLength(253)]
    [RegularExpression("^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")]
    public string? PolicyRef { get; init; }

    /// <summary>
    /// What a joule counts against quality when type is price or learned: quality (0..1) by joule, at least 0. With 0.0001 an answer
    /// that costs 1,000 J more must be better by 0.1. Default 0: energy does not count.
    /// </summary>
    [Range(0.0, 1.0)]
    [DefaultValue(0.0)]
    public double? EnergyWeight { get; init; }

    /// <summary>
    /// Share of the best variant's quality that the mean answer keeps, 0 to 1, where the fleet's planner sizes pools whose
    /// scaling.objective is energy: down to it the least energy decides. Default 1: quality first. Single requests are still
    /// chosen by the policy's type.
    /// </summary>
    [Range(0.0, 1.0)]
    [DefaultValue(1.0)]
    public double? QualityFloor { get; init; }

    /// <summary>
    /// Share of requests, 0 to 0.05, for which a learned policy that is in force takes another variant than its choice, so that
    /// ./ops train --continue can learn from what came of it: one whose predicted advantage is at most 0.02 of quality below the choice's,
    /// so at 0.05 it costs 0.001 of mean quality at most by the policy's own word. Needs type learned. Default 0: none.
    /// </summary>
    [Range(0.0, MostExploration)]
    [DefaultValue(0.0)]
    public double? Exploration { get; init; }

    /// <summary>Exploration with the default filled in.</summary>
    [JsonIgnore]
    public double EffectiveExploration => Exploration ?? 0;

    /// <summary>Quality floor with the default filled in.</summary>
    [JsonIgnore]
    public double EffectiveQualityFloor => QualityFloor ?? 1;

    /// <summary>Energy weight with the default filled in.</summary>
    [JsonIgnore]
    public double EffectiveEnergyWeight => EnergyWeight ?? 0;

    /// <summary>Type with the default filled in.</summary>
    [JsonIgnore]
    public string EffectiveType => Type ?? PolicyTypes.Price;

    /// <summary>Whether single requests are chosen by a price, in which energy can count.</summary>
    [JsonIgnore]
    public bool WeighsEnergy => EffectiveType is PolicyTypes.Price or PolicyTypes.Learned;
}

/// <summary>Prefill on another replica; without effect on routes that name no pool with the role prefill.</summary>
public sealed record PrefillSpec
{
    /// <summary>Default of threshold.</summary>
    public const int DefaultThreshold = 512;

    /// <summary>
    /// Prompt tokens that the answering replica does not hold in its cache yet, from which on a replica with the role
    /// prefill reads the prompt. Short prompts are read sooner than their KV entries are sent. 0: every prompt. Default 512.
    /// </summary>
    [Range(0, 10_000_000)]
    [DefaultValue(DefaultThreshold)]
    public int? Threshold { get; init; }

    /// <summary>Threshold with the default filled in.</summary>
    [JsonIgnore]
    public int EffectiveThreshold => Threshold ?? DefaultThreshold;
}
