using k8s.Models;

namespace Ops.Api;

/// <summary>The model name that clients send, and the pools that can answer it.</summary>
[KubernetesEntity(Group = ApiGroup.Name, ApiVersion = ApiGroup.Version, Kind = KindName, PluralName = "modelroutes")]
public sealed class ModelRoute : CustomResource<ModelRouteSpec, ModelRouteStatus>
{
    /// <summary>The kind as it stands on the wire.</summary>
    public const string KindName = "ModelRoute";

    /// <summary>Creates an empty route with its kind set.</summary>
    public ModelRoute() => Kind = KindName;
}

/// <summary>What the user wants of a route.</summary>
public sealed record ModelRouteSpec
{
    /// <summary>Stop serving this route: requests for it get 503 with the reason. Default false.</summary>
    public bool Suspend { get; init; }

    /// <summary>The model name that clients send. Default: the resource's name.</summary>
    public string? Model { get; init; }

    /// <summary>The pools to choose from, in any order. At least one.</summary>
    public IReadOnlyList<VariantSpec> Variants { get; init; } = [];

    /// <summary>Latency objective of the route.</summary>
    public ObjectiveSpec? Objective { get; init; }

    /// <summary>How a variant is chosen.</summary>
    public PolicySpec? Policy { get; init; }

    /// <summary>Retries before the first byte.</summary>
    public RetrySpec? Retry { get; init; }

    /// <summary>Upstream time limits.</summary>
    public TimeoutSpec? Timeouts { get; init; }
}

/// <summary>A pool as a choice of a route.</summary>
public sealed record VariantSpec
{
    /// <summary>Name of a ModelPool in the route's namespace.</summary>
    public string Pool { get; init; } = "";

    /// <summary>Expected answer quality by task, each 0..1. The key "default" is required.</summary>
    public IReadOnlyDictionary<string, double> Quality { get; init; } = new Dictionary<string, double>();
}

/// <summary>Latency objective. Durations are Go duration strings such as 500ms or 1m30s.</summary>
public sealed record ObjectiveSpec
{
    /// <summary>Time to first token. Default 1s.</summary>
    public string? TimeToFirstToken { get; init; }

    /// <summary>Time per output token after the first. Default 100ms.</summary>
    public string? TimePerOutputToken { get; init; }

    /// <summary>Soft deadline of the whole answer. Default 30s.</summary>
    public string? EndToEnd { get; init; }

    /// <summary>After it the answer is worth nothing. Default 60s.</summary>
    public string? HardDeadline { get; init; }
}

/// <summary>Policy of a route.</summary>
public sealed record PolicySpec
{
    /// <summary>static, ladder or greedy. Default ladder.</summary>
    public string? Type { get; init; }

    /// <summary>The pool that a static policy always takes; required for static.</summary>
    public string? StaticPool { get; init; }
}

/// <summary>Retries of one request on another replica, only before the first byte.</summary>
public sealed record RetrySpec
{
    /// <summary>Attempts in all, 1 to 5. Default 2.</summary>
    public int? Attempts { get; init; }
}

/// <summary>Upstream time limits as Go duration strings.</summary>
public sealed record TimeoutSpec
{
    /// <summary>Connecting to a replica. Default 1s.</summary>
    public string? Connect { get; init; }

    /// <summary>From the request's last byte to the response's first. Default 60s.</summary>
    public string? FirstByte { get; init; }

    /// <summary>Between two chunks of a stream. Default 30s.</summary>
    public string? Idle { get; init; }
}

/// <summary>What the routers did with a route.</summary>
public sealed record ModelRouteStatus
{
    /// <summary>The generation that this status was made from.</summary>
    public long? ObservedGeneration { get; init; }

    /// <summary>Requests a second over the last scrape window, two significant digits.</summary>
    public double? RequestsPerSecond { get; init; }

    /// <summary>Share of requests answered before the hard deadline, 0..1.</summary>
    public double? Availability { get; init; }

    /// <summary>Mean declared quality of the answers, 0..1.</summary>
    public double? MeanQuality { get; init; }

    /// <summary>GPU joules by request over the last scrape window, two significant digits.</summary>
    public double? JoulesPerRequest { get; init; }

    /// <summary>One row a variant.</summary>
    public IReadOnlyList<VariantStatus>? Variants { get; init; }

    /// <summary>The policy in force.</summary>
    public PolicyStatus? Policy { get; init; }

    /// <summary>Ready, Degraded.</summary>
    public IReadOnlyList<V1Condition>? Conditions { get; init; }
}

/// <summary>One variant of a route.</summary>
public sealed record VariantStatus
{
    /// <summary>The pool's name.</summary>
    public string Pool { get; init; } = "";

    /// <summary>Replicas that can take requests.</summary>
    public int ReadyReplicas { get; init; }

    /// <summary>Share of the route's requests over the last scrape window, 0..1.</summary>
    public double? Share { get; init; }
}

/// <summary>The policy in force and why.</summary>
public sealed record PolicyStatus
{
    /// <summary>static, ladder or greedy.</summary>
    public string Type { get; init; } = "";

    /// <summary>Why this one is in force.</summary>
    public string Reason { get; init; } = "";
}
