using Ops.Sandbox.Api.Auth;
using Ops.Sandbox.Api.Webhooks;

namespace Ops.Sandbox.Api.Resources;

internal enum FieldValidation
{
    Ignore,
    Warn,
    Strict,
}

/// <summary>How a write was asked for.</summary>
internal sealed record WriteOptions
{
    /// <summary>Who owns the written fields; from fieldManager, else the User-Agent up to its first slash.</summary>
    public string FieldManager { get; init; } = "unknown";

    public bool DryRun { get; init; }

    /// <summary>Take fields from other appliers.</summary>
    public bool Force { get; init; }

    public FieldValidation FieldValidation { get; init; } = FieldValidation.Warn;

    /// <summary>"status", "scale", ... or null for the main resource.</summary>
    public string? Subresource { get; init; }

    /// <summary>Who writes. Default: the server itself, as system:masters.</summary>
    public UserInfo User { get; init; } = UserInfo.Admin;

    /// <summary>What webhooks have been asked about this write.</summary>
    public WebhookRound Webhooks { get; } = new();

    /// <summary>Problems found while decoding the body (duplicate fields), before the object's own.</summary>
    public IReadOnlyList<string> DecodingProblems { get; init; } = [];

    /// <summary>Warnings for the client; the HTTP layer sends each as a 299 header.</summary>
    public IList<string> Warnings { get; init; } = new List<string>();
}

/// <summary>How a deletion was asked for.</summary>
internal sealed record DeleteOptions
{
    /// <summary>Who deletes. Default: the server itself, as system:masters.</summary>
    public UserInfo User { get; init; } = UserInfo.Admin;

    /// <summary>Background, Foreground or Orphan.</summary>
    public string Propagation { get; init; } = "Background";

    /// <summary>Seconds until removal; null means the object's own default.</summary>
    public long? GracePeriodSeconds { get; init; }

    public string? Uid { get; init; }

    public string? ResourceVersion { get; init; }

    public bool DryRun { get; init; }
}
