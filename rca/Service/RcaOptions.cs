using Ops.Api;
using Ops.Hosting;
using Ops.Rca.Sources;

namespace Ops.Rca.Service;

/// <summary>Settings of the process: arguments --name value, or environment variables.</summary>
internal sealed record RcaOptions
{
    /// <summary>What --help prints, and what a wrong argument is answered with.</summary>
    public const string Usage = """
        usage: Ops.Rca.Service [--urls URL] [--namespace NAME] [--identity NAME] [--interval DURATION] [--max-series N]
                               [--prometheus URL] [--selector MATCHERS] [--token-file FILE]
                               [--service-labels LIST] [--peer-labels LIST] [--caller-labels LIST] [--record FILE]

          --urls            where /healthz, /readyz and /metrics listen (default http://127.0.0.1:8082)
          --namespace       namespace of the leader lease, and of incidents whose own is unknown (default: POD_NAMESPACE, else ops-system)
          --identity        this process among the candidates for leadership (default: POD_NAME or the host's name, with a random part)
          --interval        between two rounds, at least 1s (default 15s; with --prometheus: as often as it scrapes)
          --max-series      raw series that are read (default 5000)
          --prometheus      read this Prometheus server; without it the service scrapes pods annotated prometheus.io/scrape itself
          --selector        with --prometheus: only series with these labels, such as {namespace="shop"}
          --token-file      with --prometheus: file that holds a bearer token
          --service-labels  labels that name a series' service, the first that is there wins
          --peer-labels     labels by which a caller's metric names the called service
          --caller-labels   labels by which a called service's metric names the caller
          --record          write the first 720 rounds that are read to this file too, so that they can be gone through again

        The cluster is the one of the pod's service account, of KUBECONFIG, or of ~/.kube/config, in this order.
        """;

    private static readonly string[] Names =
        ["--urls", "--namespace", "--identity", "--interval", "--max-series", "--prometheus", "--selector", "--token-file", "--service-labels", "--peer-labels", "--caller-labels", "--record"];

    /// <summary>Namespace of the lease.</summary>
    public string Namespace { get; init; } = WellKnown.SystemNamespace;

    /// <summary>Name of the lease.</summary>
    public string LeaseName { get; init; } = "rca";

    /// <summary>This process among the candidates.</summary>
    public string Identity { get; init; } = "";

    /// <summary>Where the process listens.</summary>
    public string Urls { get; init; } = "http://127.0.0.1:8082";

    /// <summary>Between two rounds; null for the source's own default.</summary>
    public TimeSpan? Interval { get; init; }

    /// <summary>Raw series that are read.</summary>
    public int MaxSeries { get; init; } = 5000;

    /// <summary>The Prometheus server; null to scrape.</summary>
    public Uri? Prometheus { get; init; }

    /// <summary>Matchers of the series to read; null for all.</summary>
    public string? Selector { get; init; }

    /// <summary>File with a bearer token; null for none.</summary>
    public string? TokenFile { get; init; }

    /// <summary>Where the rounds are written as well; null for nowhere.</summary>
    public string? Record { get; init; }

    /// <summary>Which labels name whom.</summary>
    public LabelMapping Mapping { get; init; } = new();

    /// <summary>Reads the settings.</summary>
    /// <param name="args">The process's arguments.</param>
    /// <param name="environment">Gives an environment variable or null.</param>
    /// <param name="error">What is wrong with the arguments, as one sentence, when the result is null.</param>
    public static RcaOptions? Read(IReadOnlyList<string> args, Func<string, string?> environment, out string error)
    {
        error = Arguments.Read(args, Names, out var values);
        TimeSpan? interval = null;
        if (values.TryGetValue("--interval", out var text))
        {
            if (GoDuration.TryParse(text, out var span) && span >= TimeSpan.FromSeconds(1) && span <= TimeSpan.FromMinutes(5))
                interval = span;
            else
                error = $"--interval {text} is not a duration from 1s to 5m, such as 15s";
        }

        var series = 5000;
        if (values.TryGetValue("--max-series", out text) && (!int.TryParse(text, out series) || series is < 1 or > 100_000))
            error = $"--max-series {text} is not a number from 1 to 100000";
        Uri? prometheus = null;
        if (values.TryGetValue("--prometheus", out text) && !(Uri.TryCreate(text, UriKind.Absolute, out prometheus) && prometheus.Scheme is "http" or "https"))
            error = $"--prometheus {text} is not a URL such as http://prometheus.monitoring:9090";
        if (prometheus is null && values.Keys.FirstOrDefault(name => name is "--selector" or "--token-file") is { } alone)
            error = $"{alone} needs --prometheus";
        if (error.Length > 0)
            return null;

        var defaults = new RcaOptions();
        return defaults with
        {
            Urls = values.GetValueOrDefault("--urls") ?? environment("ASPNETCORE_URLS") ?? defaults.Urls,
            Namespace = values.GetValueOrDefault("--namespace") ?? environment("POD_NAMESPACE") ?? defaults.Namespace,
            Identity = values.GetValueOrDefault("--identity") ?? Arguments.Identity(environment),
            Interval = interval,
            MaxSeries = series,
            Prometheus = prometheus,
            Selector = values.GetValueOrDefault("--selector"),
            TokenFile = values.GetValueOrDefault("--token-file"),
            Record = values.GetValueOrDefault("--record"),
            Mapping = defaults.Mapping with
            {
                Service = List("--service-labels") ?? defaults.Mapping.Service,
                Peer = List("--peer-labels") ?? defaults.Mapping.Peer,
                Caller = List("--caller-labels") ?? defaults.Mapping.Caller,
            },
        };

        string[]? List(string name) => values.GetValueOrDefault(name)?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }
}
