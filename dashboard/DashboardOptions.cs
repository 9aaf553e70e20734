using Ops.Dashboard.Access;
using Ops.Dashboard.Ask;

namespace Ops.Dashboard;

/// <summary>Settings of the process, from the configuration section Dashboard (environment: Dashboard__MaxUsers=...).</summary>
internal sealed record DashboardOptions
{
    /// <summary>
    /// File whose content signs and encrypts sessions, at least 32 bytes. Default none: a key of this process, so that
    /// everybody signs in again after a restart, and only one replica may run.
    /// </summary>
    public string? SessionKeyFile { get; init; }

    /// <summary>How long a sign-in lasts. Default 12 h, a long shift.</summary>
    public TimeSpan SessionLifetime { get; init; } = TimeSpan.FromHours(12);

    /// <summary>
    /// Users with a page open at once; more are asked to wait. Default 64: each has a watch of its own for every kind, ten
    /// connections, and the objects that it may read in memory. Viewers of one user share them.
    /// </summary>
    public int MaxUsers { get; init; } = 64;

    /// <summary>How often the metrics of router and model pods are read. Default 2 s.</summary>
    public TimeSpan ScrapeInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Series kept at most; a new one beyond it is not kept. Default 4,000, which is 28 MB.</summary>
    public int MaxSeries { get; init; } = 4_000;

    /// <summary>Sign-in through an OpenID Connect provider beside the one by token. Default: by token only.</summary>
    public OidcOptions Oidc { get; init; } = new();

    /// <summary>The model behind the page Ask. Default: none, and no such page.</summary>
    public AskOptions Ask { get; init; } = new();
}
