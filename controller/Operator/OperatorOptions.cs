using Ops.Api;
using Ops.Hosting;

namespace Ops.Operator;

/// <summary>Settings of the process: arguments --name value, or environment variables.</summary>
internal sealed record OperatorOptions
{
    /// <summary>What --help prints, and what a wrong argument is answered with.</summary>
    public const string Usage = """
        usage: Ops.Operator [--urls URL] [--namespace NAME] [--identity NAME] [--scrape-interval DURATION]
               Ops.Operator crds --out FOLDER

          --urls             where /healthz, /readyz and /metrics listen (default http://127.0.0.1:8081)
          --namespace        namespace of the leader lease and of the router pods (default: POD_NAMESPACE, else ops-system)
          --identity         this process among the candidates for leadership (default: POD_NAME or the host's name, with a random part)
          --scrape-interval  time between two readings of router and pool metrics (default 15s)

        The cluster is the one of the pod's service account, of KUBECONFIG, or of ~/.kube/config, in this order.
        """;

    private static readonly string[] Names = ["--urls", "--namespace", "--identity", "--scrape-interval"];

    /// <summary>Namespace of the lease and of the router pods.</summary>
    public string Namespace { get; init; } = WellKnown.SystemNamespace;

    /// <summary>Name of the lease.</summary>
    public string LeaseName { get; init; } = "operator";

    /// <summary>This process among the candidates.</summary>
    public required string Identity { get; init; }

    /// <summary>Where the process listens.</summary>
    public string Urls { get; init; } = "http://127.0.0.1:8081";

    /// <summary>Time between two scrapes, which is also the window of rates.</summary>
    public TimeSpan ScrapeInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Reads the settings.</summary>
    /// <param name="args">The process's arguments.</param>
    /// <param name="environment">Gives an environment variable or null.</param>
    /// <param name="error">What is wrong with the arguments, as one sentence, when the result is null.</param>
    public static OperatorOptions? Read(IReadOnlyList<string> args, Func<string, string?> environment, out string error)
    {
        if (Arguments.Read(args, Names, out var values) is { Length: > 0 } problem)
            return Wrong(problem, out error);
        var interval = TimeSpan.FromSeconds(15);
        if (values.TryGetValue("--scrape-interval", out var text) && (!GoDuration.TryParse(text, out interval) || interval < TimeSpan.FromMilliseconds(100)))
            return Wrong($"--scrape-interval {text} is not a duration of at least 100ms, such as 15s", out error);

        error = "";
        var defaults = new OperatorOptions { Identity = "" };
        return new()
        {
            Urls = values.GetValueOrDefault("--urls") ?? environment("ASPNETCORE_URLS") ?? defaults.Urls,
            Namespace = values.GetValueOrDefault("--namespace") ?? environment("POD_NAMESPACE") ?? defaults.Namespace,
            Identity = values.GetValueOrDefault("--identity") ?? Arguments.Identity(environment),
            ScrapeInterval = interval,
        };
    }

    private static OperatorOptions? Wrong(string message, out string error)
    {
        error = message;
        return null;
    }
}
