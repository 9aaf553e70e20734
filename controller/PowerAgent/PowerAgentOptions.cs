using Ops.Api;
using Ops.Hosting;

namespace Ops.PowerAgent;

/// <summary>Settings of the process: arguments --name value, or environment variables.</summary>
internal sealed record PowerAgentOptions
{
    /// <summary>What --help prints, and what a wrong argument is answered with.</summary>
    public const string Usage = """
        usage: Ops.PowerAgent [--node NAME] [--namespace NAME] [--identity NAME] [--urls URL] [--interval DURATION]
                              [--nvml FILE] [--pod-resources SOCKET]

          --node           the node whose GPUs are looked after (default: NODE_NAME)
          --namespace      namespace of the agent's Lease and of its report (default: POD_NAMESPACE, else ops-power)
          --identity       this process among those that may look after the node (default: POD_NAME or the host's name, with a random part)
          --urls           where /healthz, /readyz and /metrics listen (default http://127.0.0.1:8083)
          --interval       between two looks at the GPUs, from 500ms to 1m (default 2s)
          --nvml           NVIDIA's management library (default libnvidia-ml.so.1)
          --pod-resources  the kubelet's socket (default /var/lib/kubelet/pod-resources/kubelet.sock)

        The cluster is the one of the pod's service account, of KUBECONFIG, or of ~/.kube/config, in this order.
        """;

    private static readonly string[] Names = ["--node", "--namespace", "--identity", "--urls", "--interval", "--nvml", "--pod-resources"];

    /// <summary>The node.</summary>
    public required string Node { get; init; }

    /// <summary>Namespace of the Lease and the report.</summary>
    public required string Namespace { get; init; }

    /// <summary>This process among the candidates.</summary>
    public required string Identity { get; init; }

    /// <summary>Where the process listens.</summary>
    public required string Urls { get; init; }

    /// <summary>Between two looks.</summary>
    public required TimeSpan Interval { get; init; }

    /// <summary>NVIDIA's management library.</summary>
    public required string Nvml { get; init; }

    /// <summary>The kubelet's socket.</summary>
    public required string PodResources { get; init; }

    /// <summary>Name of the node's Lease and of its report.</summary>
    public string ObjectName => $"power-agent-{Node}";

    /// <summary>Reads the settings.</summary>
    /// <param name="args">The process's arguments.</param>
    /// <param name="environment">Gives an environment variable or null.</param>
    /// <param name="error">What is wrong with the arguments, as one sentence, when the result is null.</param>
    public static PowerAgentOptions? Read(IReadOnlyList<string> args, Func<string, string?> environment, out string error)
    {
        error = Arguments.Read(args, Names, out var values);
        var interval = TimeSpan.FromSeconds(2);
        if (error.Length == 0 && values.TryGetValue("--interval", out var text)
            && (!GoDuration.TryParse(text, out interval) || interval < TimeSpan.FromMilliseconds(500) || interval > TimeSpan.FromMinutes(1)))
            error = $"--interval {text} is not a duration from 500ms to 1m, such as 2s";
        var node = values.GetValueOrDefault("--node") ?? environment("NODE_NAME");
        if (error.Length == 0 && string.IsNullOrEmpty(node))
            error = "--node is missing and NODE_NAME is not set";
        return error.Length > 0 ? null : new PowerAgentOptions
        {
            Node = node!,
            Namespace = values.GetValueOrDefault("--namespace") ?? environment("POD_NAMESPACE") ?? "ops-power",
            Identity = values.GetValueOrDefault("--identity") ?? Arguments.Identity(environment),
            Urls = values.GetValueOrDefault("--urls") ?? environment("ASPNETCORE_URLS") ?? "http://127.0.0.1:8083",
            Interval = interval,
            Nvml = values.GetValueOrDefault("--nvml") ?? "libnvidia-ml.so.1",
            PodResources = values.GetValueOrDefault("--pod-resources") ?? "/var/lib/kubelet/pod-resources/kubelet.sock",
        };
    }
}
