using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Ops.Api.Schema;

namespace Ops.Api;

/// <summary>
/// Weights of the scorers that pick a replica, 0 to 100 each; 0 turns a scorer off. A replica's score is the sum of weight
/// x score over the scorers, every score being 0..1. Named after the scorers of the Gateway API inference extension.
/// </summary>
[CelRule(ModelRouteRules.SomeScorerRule, ModelRouteRules.SomeScorerMessage)]
public sealed record ScorerSpec
{
    internal const int MaxWeight = 100;
    internal const int DefaultQueue = 2;
    internal const int DefaultKvCacheUtilization = 2;
    internal const int DefaultPrefixCache = 3;
    internal const int DefaultSessionAffinity = 2;
    internal const int DefaultLoraAffinity = 1;

    /// <summary>Few requests at the replica, queued or running. Default 2.</summary>
    [Range(0, MaxWeight)]
    [DefaultValue(DefaultQueue)]
    public int? Queue { get; init; }

    /// <summary>Free KV cache. Default 2.</summary>
    [Range(0, MaxWeight)]
    [DefaultValue(DefaultKvCacheUtilization)]
    public int? KvCacheUtilization { get; init; }

    /// <summary>The share of the prompt that the replica's KV cache probably holds already. Default 3.</summary>
    [Range(0, MaxWeight)]
    [DefaultValue(DefaultPrefixCache)]
    public int? PrefixCache { get; init; }

    /// <summary>The replica that served the request's session. Default 2.</summary>
    [Range(0, MaxWeight)]
    [DefaultValue(DefaultSessionAffinity)]
    public int? SessionAffinity { get; init; }

    /// <summary>The variant's LoRA adapter is loaded there; counts only for variants with an adapter. Default 1.</summary>
    [Range(0, MaxWeight)]
    [DefaultValue(DefaultLoraAffinity)]
    public int? LoraAffinity { get; init; }

    /// <summary>Queue with the default filled in.</summary>
    [JsonIgnore]
    public int EffectiveQueue => Queue ?? DefaultQueue;

    /// <summary>KvCacheUtilization with the default filled in.</summary>
    [JsonIgnore]
    public int EffectiveKvCacheUtilization => KvCacheUtilization ?? DefaultKvCacheUtilization;

    /// <summary>PrefixCache with the default filled in.</summary>
    [JsonIgnore]
    public int EffectivePrefixCache => PrefixCache ?? DefaultPrefixCache;

    /// <summary>SessionAffinity with the default filled in.</summary>
    [JsonIgnore]
    public int EffectiveSessionAffinity => SessionAffinity ?? DefaultSessionAffinity;

    /// <summary>LoraAffinity with the default filled in.</summary>
    [JsonIgnore]
    public int EffectiveLoraAffinity => LoraAffinity ?? DefaultLoraAffinity;
}

/// <summary>What binds requests to replicas, and how far it may load one above the others.</summary>
public sealed record AffinitySpec
{
    internal const string DefaultSessionHeader = "x-ops-session";
    internal const int DefaultMaxLoadPercent = 125;
    internal const int DefaultLoadSlack = 4;

    /// <summary>
    /// Header with the session's id, any text. Requests without it are bound by prompt_cache_key in their body, else by
    /// user, else not at all. Sessions of different tenants are different ones. Default x-ops-session.
    /// </summary>
    [MinLength(1)]
    [MaxLength(64)]
    [RegularExpression("^[a-zA-Z][a-zA-Z0-9-]*$")]
    [DefaultValue(DefaultSessionHeader)]
    public string? SessionHeader { get; init; }

    /// <summary>
    /// A replica is not taken when it would then have more outstanding requests than this percentage of its variant's mean
    /// plus loadSlack, whatever its scores. 100 to 1000. Default 125.
    /// </summary>
    [Range(100, 1000)]
    [DefaultValue(DefaultMaxLoadPercent)]
    public int? MaxLoadPercent { get; init; }

    /// <summary>Requests on top of maxLoadPercent, so that a few can share a warm cache on an idle pool. 1 to 1000. Default 4.</summary>
    [Range(1, 1000)]
    [DefaultValue(DefaultLoadSlack)]
    public int? LoadSlack { get; init; }

    /// <summary>SessionHeader with the default filled in.</summary>
    [JsonIgnore]
    public string EffectiveSessionHeader => SessionHeader ?? DefaultSessionHeader;

    /// <summary>MaxLoadPercent with the default filled in.</summary>
    [JsonIgnore]
    public int EffectiveMaxLoadPercent => MaxLoadPercent ?? DefaultMaxLoadPercent;

    /// <summary>LoadSlack with the default filled in.</summary>
    [JsonIgnore]
    public int EffectiveLoadSlack => LoadSlack ?? DefaultLoadSlack;
}
