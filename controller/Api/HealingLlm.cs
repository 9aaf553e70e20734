using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Ops.Api;

/// <summary>
/// A language model that proposes plans. It sees what the rules see, as data, and answers with actions of the catalogue only;
/// its plans pass the same checks, approvals and budget as the rules' own.
/// </summary>
public sealed record HealingLlm
{
    /// <summary>Default of timeout.</summary>
    public const string DefaultTimeout = "20s";

    /// <summary>Default of samples.</summary>
    public const int DefaultSamples = 3;

    /// <summary>Default of tokensPerHour.</summary>
    public const int DefaultTokensPerHour = 100_000;

    // The key must not travel in the clear outside the cluster, and nothing but a plain address is taken.
    internal const string EndpointPattern =
        @"^(https://[A-Za-z0-9.-]+|http://(localhost|127\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}|[a-z0-9-]+\.[a-z0-9-]+\.svc(\.cluster\.local)?))(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?$";

    /// <summary>openai: any endpoint of that API, a ModelRoute's router included. azure: Azure OpenAI. Default openai.</summary>
    [AllowedValues(LlmApis.OpenAi, LlmApis.Azure)]
    [DefaultValue(LlmApis.OpenAi)]
    public string Api { get; init; } = LlmApis.OpenAi;

    /// <summary>
    /// Its base address: for openai up to and with /v1, for example http://router.ops-system.svc:8080/v1; for azure the resource's address.
    /// https, or http to a Service of the cluster or to loopback.
    /// </summary>
    [Required]
    [MaxLength(512)]
    [RegularExpression(EndpointPattern)]
    public string Endpoint { get; init; } = "";

    /// <summary>The model's name, for azure the deployment's.</summary>
    [Required]
    [MinLength(1)]
    [MaxLength(253)]
    public string Deployment { get; init; } = "";

    /// <summary>Where its key lies, in the policy's namespace; the account healer needs get on that Secret. Default: no key.</summary>
    public SecretKeyReference? SecretRef { get; init; }

    /// <summary>
    /// noRule: it is asked where no rule has a plan, or the rules' plan did not help. always: its plans stand beside the rules'
    /// plan, and the best one runs. Default noRule.
    /// </summary>
    [AllowedValues(LlmUses.NoRule, LlmUses.Always)]
    [DefaultValue(LlmUses.NoRule)]
    public string Use { get; init; } = LlmUses.NoRule;

    /// <summary>Plans that it is asked for at once, of which at most one runs. Default 3.</summary>
    [Range(1, 5)]
    [DefaultValue(DefaultSamples)]
    public int? Samples { get; init; }

    /// <summary>How long one answer may take, 1s to 120s. Default 20s.</summary>
    [MaxLength(GoDuration.MaxLength)]
    [RegularExpression(GoDuration.Pattern)]
    [DefaultValue(DefaultTimeout)]
    public string? Timeout { get; init; }

    /// <summary>Tokens, of prompts and answers, in any hour. Default 100000.</summary>
    [Range(0, 100_000_000)]
    [DefaultValue(DefaultTokensPerHour)]
    public int? TokensPerHour { get; init; }

    /// <summary>samples with the default filled in.</summary>
    [JsonIgnore]
    public int EffectiveSamples => Samples ?? DefaultSamples;

    /// <summary>timeout with the default filled in.</summary>
    [JsonIgnore]
    public TimeSpan EffectiveTimeout => GoDuration.ParseOrDefault(Timeout, DefaultTimeout);

    /// <summary>tokensPerHour with the default filled in.</summary>
    [JsonIgnore]
    public int EffectiveTokensPerHour => TokensPerHour ?? DefaultTokensPerHour;
}

/// <summary>Values of spec.llm.api.</summary>
public static class LlmApis
{
    /// <summary>The OpenAI API.</summary>
    public const string OpenAi = "openai";

    /// <summary>Azure OpenAI.</summary>
    public const string Azure = "azure";
}

/// <summary>Values of spec.llm.use.</summary>
public static class LlmUses
{
    /// <summary>Where no rule has a plan, or the rules' plan did not help.</summary>
    public const string NoRule = "noRule";

    /// <summary>Beside the rules' plan.</summary>
    public const string Always = "always";
}

/// <summary>An entry of a Secret in the same namespace.</summary>
public sealed record SecretKeyReference
{
    /// <summary>Name of the Secret.</summary>
    [Required]
    [MaxLength(253)]
    public string Name { get; init; } = "";

    /// <summary>The entry. Default key.</summary>
    [MaxLength(253)]
    [DefaultValue("key")]
    public string Key { get; init; } = "key";
}
