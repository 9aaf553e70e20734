namespace Ops.Router;

/// <summary>Settings of the process, from the configuration section Router (environment: Router__MaxBodyBytes=...).</summary>
internal sealed record RouterOptions
{
    /// <summary>Largest request body in bytes; above it 413. Default 32 MiB.</summary>
    public int MaxBodyBytes { get; init; } = 32 << 20;

    /// <summary>
    /// Bytes of request bodies held at once over all requests; beyond it 503. Default 1 GiB, which is 32 of the
    /// largest bodies or 4,800 prompts of 220 KB.
    /// </summary>
    public long BodyBudgetBytes { get; init; } = 1L << 30;

    /// <summary>Client connections at once. Default 20,000; an idle one costs about 10 KB, so at most 200 MB.</summary>
    public long MaxConnections { get; init; } = 20_000;

    /// <summary>
    /// Prompt blocks of 512 tokens and sessions remembered, over all replicas; 60 bytes each, rounded up to a power of two.
    /// Default 262,144, which is 16 MB and 134 million tokens.
    /// </summary>
    public int PrefixBlocks { get; init; } = Ops.Picking.PrefixIndex.DefaultEntries;

    /// <summary>How long a client may take for the headers of a request. Default 10 s.</summary>
    public TimeSpan RequestHeadersTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often each replica's metrics are read. Default 1 s; with more than 400 replicas less often, 2.5 s from 1,000 on.</summary>
    public TimeSpan ScrapeInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often replicas in doubt are asked after their health. Default 1 s.</summary>
    public TimeSpan HealthInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Requests held at once while their route has no replica. Default 1,000; their bodies may also take at most a quarter
    /// of <see cref="BodyBudgetBytes"/>.
    /// </summary>
    public int MaxHeld { get; init; } = 1_000;

    /// <summary>
    /// File in which used-up day and month budgets outlive the process, on a volume of this router alone. Default none: a
    /// restart begins them anew.
    /// </summary>
    public string? BudgetFile { get; init; }

    /// <summary>
    /// Grams of CO2 by kilowatt-hour, for the metric by tenant: one number, or 24 with commas between them, one for each
    /// hour of the day in UTC. Default none: no grams are counted.
    /// </summary>
    public string? CarbonIntensity { get; init; }

    /// <summary>
    /// Port among those of --urls that tells recent choices at /decisions and what exploration led to at /outcomes, and where clients do not come: a NetworkPolicy lets
    /// only the dashboard in. Default none: nobody is told.
    /// </summary>
    public int? DecisionsPort { get; init; }

    /// <summary>How long a stopping router still accepts requests while it already says that it is not ready. Default 1 s.</summary>
    public TimeSpan DrainDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a stopping router waits for running requests, the delay included. Default 25 s, below a pod's 30 s of grace.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>Tokens as an alternative to API keys; null: none.</summary>
    public JwtOptions? Jwt { get; init; }

    /// <summary>
    /// PEM file with the certificate that clients see on https addresses, intermediate ones after it. It is read again
    /// when it changes. Default none: then only http addresses can be listened on.
    /// </summary>
    public string? TlsCertificateFile { get; init; }

    /// <summary>PEM file with the certificate's private key.</summary>
    public string? TlsKeyFile { get; init; }

    /// <summary>How often the certificate's files are looked at. Default 10 s; the kubelet takes up to a minute itself.</summary>
    public TimeSpan TlsReloadInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// PEM file with the roots that sign the certificates of replicas whose port has appProtocol https. Default: the
    /// system's roots. A certificate must name POOL.NAMESPACE.svc.
    /// </summary>
    public string? UpstreamCaFile { get; init; }

    /// <summary>Namespace of the Secrets that hold API keys. Default: the environment's POD_NAMESPACE, else ops-system.</summary>
    public string? Namespace { get; init; }
}
