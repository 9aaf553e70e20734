using System.ComponentModel.DataAnnotations;
using k8s.Models;
using Ops.Api.Schema;

namespace Ops.Api;

/// <summary>What the routers did with a route.</summary>
public sealed record ModelRouteStatus
{
    /// <summary>The generation that this status was made from.</summary>
    public long? ObservedGeneration { get; init; }

    /// <summary>The model name that clients send, with the default filled in.</summary>
    [MaxLength(253)]
    public string? Model { get; init; }

    /// <summary>Requests a second over the last scrape window, two significant digits.</summary>
    public double? RequestsPerSecond { get; init; }

    /// <summary>Share of requests answered before the hard deadline over the last scrape window, 0..1; absent without requests.</summary>
    public double? Availability { get; init; }

    /// <summary>Mean declared quality of the answers over the last scrape window, 0..1; absent without answers.</summary>
    public double? MeanQuality { get; init; }

    /// <summary>GPU joules by request over the last scrape window, two significant digits; absent without requests.</summary>
    public double? JoulesPerRequest { get; init; }

    /// <summary>One row a variant.</summary>
    [MaxLength(32)]
    [ListMapKeys("pool")]
    public IReadOnlyList<VariantStatus>? Variants { get; init; }

    /// <summary>The policy in force.</summary>
    public PolicyStatus? Policy { get; init; }

    /// <summary>Ready, Degraded.</summary>
    [MaxLength(16)]
    [ListMapKeys("type")]
    public IReadOnlyList<V1Condition>? Conditions { get; init; }
}

/// <summary>One variant of a route.</summary>
public sealed record VariantStatus
{
    /// <summary>The pool's name.</summary>
    [Required]
    [MaxLength(ModelPoolRules.MaxNameLength)]
    public string Pool { get; init; } = "";

    /// <summary>Replicas that can take requests.</summary>
    public int ReadyReplicas { get; init; }

    /// <summary>Share of the route's requests over the last scrape window, 0..1; absent without requests.</summary>
    public double? Share { get; init; }
}

/// <summary>The policy in force and why.</summary>
public sealed record PolicyStatus
{
    /// <summary>One of the types of spec.policy.</summary>
    [MaxLength(32)]
    public string Type { get; init; } = "";

    /// <summary>Why this one is in force.</summary>
    [MaxLength(1024)]
    public string Reason { get; init; } = "";
}
