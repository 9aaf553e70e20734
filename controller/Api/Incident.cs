using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using k8s.Models;
using Ops.Api.Schema;

namespace Ops.Api;

/// <summary>Something that went wrong, and what caused it. Written by the root-cause service and the healer; people may suspend or delete it.</summary>
[KubernetesEntity(Group = ApiGroup.Name, ApiVersion = ApiGroup.Version, Kind = KindName, PluralName = PluralName)]
[KubectlNames("inc", Categories = ["ops"])]
[PrinterColumn("Type", "string", ".spec.type", Description = "performance, security or configuration.")]
[PrinterColumn("Phase", "string", ".status.phase", Description = "Open while there is a symptom, then Resolved.")]
[PrinterColumn("Symptom", "string", ".status.symptom", Description = "What was noticed, and where.")]
[PrinterColumn("Cause", "string", ".status.cause", Description = "The most suspect service.")]
[PrinterColumn("Why", "string", ".status.reason", Description = "What speaks for it.")]
[PrinterColumn("Symptoms", "integer", ".status.symptomCount", Description = "Metrics that showed a symptom.", Priority = 1)]
[PrinterColumn("Onset", "date", ".status.onset", Description = "When it began.", Priority = 1)]
[PrinterColumn("Age", "date", ".metadata.creationTimestamp")]
public sealed class Incident : CustomResource<IncidentSpec, IncidentStatus>
{
    /// <summary>The kind as it stands on the wire.</summary>
    public const string KindName = "Incident";

    /// <summary>The kind's name in URLs.</summary>
    public const string PluralName = "incidents";

    /// <summary>Creates an empty incident with its kind set.</summary>
    public Incident() => Kind = KindName;
}

/// <summary>What kind of incident it is and how long it is kept.</summary>
[CelRule(IncidentRules.KeepForRule, IncidentRules.KeepForMessage, FieldPath = ".keepFor")]
public sealed record IncidentSpec
{
    /// <summary>Default of keepFor.</summary>
    public const string DefaultKeepFor = "24h";

    /// <summary>Stop analysing and updating this incident; what it says stays as it is. Default false.</summary>
    [DefaultValue(false)]
    public bool Suspend { get; init; }

    /// <summary>
    /// performance: a service got slow or fails. security: a workload does what it never did. configuration: objects say what
    /// cannot work. Default performance.
    /// </summary>
    [AllowedValues(IncidentTypes.Performance, IncidentTypes.Security, IncidentTypes.Configuration)]
    [DefaultValue(IncidentTypes.Performance)]
    public string Type { get; init; } = IncidentTypes.Performance;

    /// <summary>How long it is kept once it is resolved, at least 1m. Default 24h.</summary>
    [MaxLength(GoDuration.MaxLength)]
    [RegularExpression(GoDuration.Pattern)]
    [DefaultValue(DefaultKeepFor)]
    public string? KeepFor { get; init; }

    /// <summary>keepFor with the default filled in.</summary>
    [JsonIgnore]
    public TimeSpan EffectiveKeepFor => GoDuration.ParseOrDefault(KeepFor, DefaultKeepFor);
}

/// <summary>Values of spec.type.</summary>
public static class IncidentTypes
{
    /// <summary>A service got slow or fails.</summary>
    public const string Performance = "performance";

    /// <summary>A workload does what it never did.</summary>
    public const string Security = "security";

    /// <summary>Objects say what cannot work.</summary>
    public const string Configuration = "configuration";
}

/// <summary>Values of status.phase.</summary>
public static class IncidentPhases
{
    /// <summary>At least one symptom is still there, or was a moment ago.</summary>
    public const string Open = "Open";

    /// <summary>Every symptom has been gone for a while.</summary>
    public const string Resolved = "Resolved";
}

/// <summary>What was seen, and what is thought to have caused it. Names and texts that come from telemetry are cut and free of control characters.</summary>
public sealed record IncidentStatus
{
    /// <summary>Most symptoms that are listed.</summary>
    public const int MaxSymptoms = 20;

    /// <summary>Most causes that are listed.</summary>
    public const int MaxCauses = 10;

    /// <summary>Most edges that are listed.</summary>
    public const int MaxEdges = 40;

    /// <summary>The generation that this status was made from.</summary>
    public long? ObservedGeneration { get; init; }

    /// <summary>Open or Resolved.</summary>
    [AllowedValues(IncidentPhases.Open, IncidentPhases.Resolved)]
    public string? Phase { get; init; }

    /// <summary>The first symptom in words, for example "shop/web: request mean".</summary>
    [MaxLength(512)]
    public string? Symptom { get; init; }

    /// <summary>The most suspect service, for example shop/catalog; several where equals share the first place.</summary>
    [MaxLength(512)]
    public string? Cause { get; init; }

    /// <summary>What speaks for the cause, one sentence.</summary>
    [MaxLength(1024)]
    public string? Reason { get; init; }

    /// <summary>When the incident began, by the first metric that moved.</summary>
    public DateTime? Onset { get; init; }

    /// <summary>When the first symptom was certain enough to open the incident.</summary>
    public DateTime? DetectedAt { get; init; }

    /// <summary>When the last symptom had been gone long enough.</summary>
    public DateTime? ResolvedAt { get; init; }

    /// <summary>The stretch of time that the ranking was made from.</summary>
    public IncidentWindow? Window { get; init; }

    /// <summary>How many metrics showed a symptom, also those that are not listed.</summary>
    public int? SymptomCount { get; init; }

    /// <summary>Metrics that showed a symptom, by the time of their onset; at most 20.</summary>
    [MaxLength(MaxSymptoms)]
    public IReadOnlyList<IncidentSymptom>? Symptoms { get; init; }

    /// <summary>Suspects, the most suspect first; at most 10.</summary>
    [MaxLength(MaxCauses)]
    public IReadOnlyList<IncidentCause>? Causes { get; init; }

    /// <summary>The subgraph of services that moved: who calls whom, and who moved how much later; at most 40 edges.</summary>
    [MaxLength(MaxEdges)]
    public IReadOnlyList<IncidentEdge>? Edges { get; init; }

    /// <summary>Why there is no plan for it, one sentence; absent where there is one, or none was asked for.</summary>
    [MaxLength(1024)]
    public string? NoPlan { get; init; }

    /// <summary>What else is known: what was ignored, assumed or could not be read.</summary>
    [MaxLength(20)]
    [Items(MaxLength = 512)]
    public IReadOnlyList<string>? Evidence { get; init; }
}

/// <summary>A workload or service.</summary>
public sealed record IncidentTarget
{
    /// <summary>Its namespace; absent where telemetry does not tell.</summary>
    [MaxLength(63)]
    public string? Namespace { get; init; }

    /// <summary>Its name.</summary>
    [Required]
    [MaxLength(253)]
    public string Name { get; init; } = "";
}

/// <summary>A stretch of time.</summary>
public sealed record IncidentWindow
{
    /// <summary>Its first moment.</summary>
    public DateTime? Start { get; init; }

    /// <summary>Its last moment.</summary>
    public DateTime? End { get; init; }

    /// <summary>Metrics that were compared.</summary>
    public int? Metrics { get; init; }
}

/// <summary>One metric that showed a symptom.</summary>
public sealed record IncidentSymptom
{
    /// <summary>Whose metric it is.</summary>
    [Required]
    public IncidentTarget Target { get; init; } = new();

    /// <summary>The metric.</summary>
    [Required]
    [MaxLength(253)]
    public string Metric { get; init; } = "";

    /// <summary>When it left its normal range.</summary>
    public DateTime? Since { get; init; }

    /// <summary>Its median before.</summary>
    public double? Before { get; init; }

    /// <summary>Its value when the symptom was found.</summary>
    public double? Now { get; init; }

    /// <summary>Now minus before in robust standard deviations, positive in the bad direction.</summary>
    public double? Deviations { get; init; }
}

/// <summary>One suspect.</summary>
public sealed record IncidentCause
{
    /// <summary>1 is the most suspect; equals share the middle of their places.</summary>
    public double? Rank { get; init; }

    /// <summary>The suspect.</summary>
    [Required]
    public IncidentTarget Target { get; init; } = new();

    /// <summary>Its metric that speaks loudest; absent where none moved.</summary>
    [MaxLength(253)]
    public string? Metric { get; init; }

    /// <summary>Share of the suspicion, 0..1.</summary>
    public double? Score { get; init; }

    /// <summary>When it moved, in seconds after the first metric of the incident that moved; absent where none of its metrics left its normal range.</summary>
    public double? LagSeconds { get; init; }

    /// <summary>Why, in words.</summary>
    [MaxLength(4)]
    [Items(MaxLength = 1024)]
    public IReadOnlyList<string>? Reasons { get; init; }
}

/// <summary>One edge of the incident's graph, from the cause to the effect.</summary>
public sealed record IncidentEdge
{
    /// <summary>Longest name of a metric on an edge: 40 edges with two of 120 characters are 10 KB of the object at most.</summary>
    public const int MaxMetric = 120;

    /// <summary>The service whose movement comes first, or that is called.</summary>
    [Required]
    public IncidentTarget From { get; init; } = new();

    /// <summary>The service that follows, or that calls.</summary>
    [Required]
    public IncidentTarget To { get; init; } = new();

    /// <summary>call: known from traffic or topology. granger: found in the metrics' temporal order.</summary>
    [AllowedValues(IncidentEdgeKinds.Call, IncidentEdgeKinds.Granger)]
    public string? Kind { get; init; }

    /// <summary>How much later the effect moved, in seconds; absent where one of the two did not move. Of a granger edge: by how much its changes follow.</summary>
    public double? LagSeconds { get; init; }

    /// <summary>The metric of the cause whose past a granger edge is made of; absent for calls.</summary>
    [MaxLength(MaxMetric)]
    public string? FromMetric { get; init; }

    /// <summary>The metric of the effect that it foretells; absent for calls.</summary>
    [MaxLength(MaxMetric)]
    public string? ToMetric { get; init; }

    /// <summary>How sure a granger edge is: its gain over the gain's standard error, robust to autocorrelation; absent for calls.</summary>
    public double? Strength { get; init; }

    /// <summary>1 where the two metrics of a granger edge move the same way, -1 where they move against each other; absent for calls.</summary>
    public int? Sign { get; init; }

    /// <summary>Share of the effect's squared error, on time that was held out, that the cause's past takes away, 0..1; absent for calls.</summary>
    public double? Gain { get; init; }
}

/// <summary>Values of an edge's kind.</summary>
public static class IncidentEdgeKinds
{
    /// <summary>Known from traffic or topology.</summary>
    public const string Call = "call";

    /// <summary>Found in the metrics' temporal order.</summary>
    public const string Granger = "granger";
}
