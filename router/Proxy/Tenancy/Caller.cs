using System.Collections.Frozen;

namespace Ops.Router;

/// <summary>Who asks: a key or a token's subject, and what it may do. Holds no secret.</summary>
/// <param name="Id">Id of the key or subject, for the log.</param>
internal sealed record Caller(string Id)
{
    private volatile CallerMeter? _meter;

    /// <summary>Who shares with others; several keys may be one tenant's. Default: the id.</summary>
    public string Tenant { get; init; } = Id;

    /// <summary>What it may do and use.</summary>
    public CallerLimits Limits { get; init; } = CallerLimits.None;

    /// <summary>The models that it may use; null: all.</summary>
    public FrozenSet<string>? Models { get; init; }

    /// <summary>Why it is refused everything: what is wrong with its limits. Null when nothing is.</summary>
    public string? Problem { get; init; }

    /// <summary>What it has used; looked up once, see <see cref="CallerMeters"/>.</summary>
    internal CallerMeter? Meter
    {
        get => _meter;
        set => _meter = value;
    }

    internal bool MayUse(string model) => Models is null || Models.Contains(model);
}

/// <summary>What a caller may do and use. Null: no limit.</summary>
internal sealed record CallerLimits
{
    internal static readonly CallerLimits None = new();

    /// <summary>Requests a minute; as many at once after a quiet minute.</summary>
    public int? RequestsPerMinute { get; init; }

    /// <summary>Tokens a minute, prompt and output together.</summary>
    public int? TokensPerMinute { get; init; }

    /// <summary>Tokens a day (UTC).</summary>
    public long? TokensPerDay { get; init; }

    /// <summary>Tokens a month (UTC).</summary>
    public long? TokensPerMonth { get; init; }

    /// <summary>Part of a full fleet relative to other tenants', above 0. Default 1.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>Priority of its requests that name none, and the highest that they may name. Null: the route's default.</summary>
    public string? Priority { get; init; }

    /// <summary>Whether anything has to be counted.</summary>
    internal bool AreMetered => RequestsPerMinute is not null || TokensPerMinute is not null || TokensPerDay is not null || TokensPerMonth is not null;
}
