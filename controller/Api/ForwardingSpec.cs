using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Ops.Api.Schema;

namespace Ops.Api;

/// <summary>Retries of one request on another replica, only before the first byte.</summary>
public sealed record RetrySpec
{
    /// <summary>Default of attempts.</summary>
    public const int DefaultAttempts = 2;

    internal const string NoHedging = "0s";

    /// <summary>Default of budgetPercent.</summary>
    public const int DefaultBudgetPercent = 20;

    /// <summary>Attempts in all, 1 to 5. Default 2.</summary>
    [Range(1, 5)]
    [DefaultValue(DefaultAttempts)]
    public int? Attempts { get; init; }

    /// <summary>
    /// Retries by 100 requests of the route, over the last 10 to 20 s, so that a failing pool does not get twice its load;
    /// 3 a second are free. Default 20.
    /// </summary>
    [Range(0, 100)]
    [DefaultValue(DefaultBudgetPercent)]
    public int? BudgetPercent { get; init; }

    /// <summary>
    /// When an answer has not begun after this long, another replica of the same pool is asked too, if one has room; the
    /// first to begin wins and the other is cancelled. A model may compute twice, so it counts as a retry, and only answers that may be
    /// computed twice should have it. Default 0s: never.
    /// </summary>
    [MaxLength(GoDuration.MaxLength)]
    [RegularExpression(GoDuration.Pattern)]
    [DefaultValue(NoHedging)]
    public string? HedgeAfter { get; init; }

    /// <summary>Time after which to ask a second replica with the default filled in; zero for never.</summary>
    [JsonIgnore]
    public TimeSpan EffectiveHedgeAfter => GoDuration.ParseOrDefault(HedgeAfter, NoHedging);

    /// <summary>Budget with the default filled in.</summary>
    [JsonIgnore]
    public int EffectiveBudgetPercent => BudgetPercent ?? DefaultBudgetPercent;

    /// <summary>Attempts with the default filled in.</summary>
    [JsonIgnore]
    public int EffectiveAttempts => Attempts ?? DefaultAttempts;
}

/// <summary>Upstream time limits as Go duration strings.</summary>
[CelRule(ModelRouteRules.TimeoutsPositiveRule, ModelRouteRules.TimeoutsPositiveMessage)]
public sealed record TimeoutSpec
{
    internal const string DefaultConnect = "1s";
    internal const string DefaultFirstByte = "60s";
    internal const string DefaultIdle = "30s";
    internal const string DefaultReplicaReady = "30s";

    /// <summary>Connecting to a replica. Default 1s.</summary>
    [MaxLength(GoDuration.MaxLength)]
    [RegularExpression(GoDuration.Pattern)]
    [DefaultValue(DefaultConnect)]
    public string? Connect { get; init; }

    /// <summary>From the request's last byte to the response's first. Default 60s.</summary>
    [MaxLength(GoDuration.MaxLength)]
    [RegularExpression(GoDuration.Pattern)]
    [DefaultValue(DefaultFirstByte)]
    public string? FirstByte { get; init; }

    /// <summary>Between two chunks of a stream. Default 30s.</summary>
    [MaxLength(GoDuration.MaxLength)]
    [RegularExpression(GoDuration.Pattern)]
    [DefaultValue(DefaultIdle)]
    public string? Idle { get; init; }

    /// <summary>From the request's arrival to the answer's last byte, retries included. Default none.</summary>
    [MaxLength(GoDuration.MaxLength)]
    [RegularExpression(GoDuration.Pattern)]
    public string? Total { get; init; }

    /// <summary>
    /// How long a request waits in the router while none of the route's pools has a ready replica, for example because one
    /// is being started from zero; then it gets 503 with Retry-After. Never longer than the hard deadline. 0s answers at
    /// once. Default 30s.
    /// </summary>
    [MaxLength(GoDuration.MaxLength)]
    [RegularExpression(GoDuration.Pattern)]
    [DefaultValue(DefaultReplicaReady)]
    public string? ReplicaReady { get; init; }

    /// <summary>Total limit, or null for none.</summary>
    [JsonIgnore]
    public TimeSpan? EffectiveTotal => Total is null ? null : GoDuration.ParseOrDefault(Total, DefaultIdle);

    /// <summary>Waiting limit with the default filled in.</summary>
    [JsonIgnore]
    public TimeSpan EffectiveReplicaReady => GoDuration.ParseOrDefault(ReplicaReady, DefaultReplicaReady);

    /// <summary>Connect limit with the default filled in.</summary>
    [JsonIgnore]
    public TimeSpan EffectiveConnect => GoDuration.ParseOrDefault(Connect, DefaultConnect);

    /// <summary>First-byte limit with the default filled in.</summary>
    [JsonIgnore]
    public TimeSpan EffectiveFirstByte => GoDuration.ParseOrDefault(FirstByte, DefaultFirstByte);

    /// <summary>Idle limit with the default filled in.</summary>
    [JsonIgnore]
    public TimeSpan EffectiveIdle => GoDuration.ParseOrDefault(Idle, DefaultIdle);
}
