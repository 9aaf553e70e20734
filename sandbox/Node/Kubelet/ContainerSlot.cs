using k8s.Models;

namespace Ops.Sandbox.Node.Kubelet;

/// <summary>One container of a pod through all its runs. Only its pod's worker touches it.</summary>
internal sealed class ContainerSlot(V1Container spec, bool isInit)
{
    public V1Container Spec { get; } = spec;

    public bool IsInit { get; } = isInit;

    /// <summary>An init container that always restarts runs beside the others and does not hold them up once started.</summary>
    public bool IsSidecar => IsInit && Spec.RestartPolicy == "Always";

    public ContainerProcess? Process { get; set; }

    public ProbeSet? Probes { get; set; }

    public PathMapping? Mounts { get; set; }

    public IReadOnlyDictionary<string, string> Environment { get; set; } = new Dictionary<string, string>();

    /// <summary>Why nothing runs; null while something runs or has ended for good.</summary>
    public V1ContainerStateWaiting? Waiting { get; set; } = new() { Reason = "PodInitializing" };

    /// <summary>How the latest run ended, as long as no new one began.</summary>
    public V1ContainerStateTerminated? Ended { get; set; }

    /// <summary>How the run before the present one ended.</summary>
    public V1ContainerStateTerminated? Last { get; set; }

    public int RestartCount { get; set; }

    /// <summary>True once any run began, in this sandbox or an earlier one.</summary>
    public bool HasRun { get; set; }

    public string? ContainerId { get; set; }

    public bool IsKilling { get; set; }

    public RestartBackoff Crashes { get; } = new();

    public RestartBackoff Pulls { get; } = new();

    public DateTimeOffset? PullFailedAt { get; set; }

    /// <summary>Not before then: after a configuration error, which nothing announces to be fixed.</summary>
    public DateTimeOffset? NotBefore { get; set; }

    public bool IsRunning => Process is not null;

    public bool IsStarted => Process is not null && Probes?.IsStarted == true;

    public bool IsReady => Process is not null && Probes?.IsReady == true;

    public bool HasSucceeded => Process is null && Ended is { ExitCode: 0 };

    public bool HasFailed => Process is null && Ended is { ExitCode: not 0 };
}
