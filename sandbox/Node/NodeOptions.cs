using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Ops.Sandbox.Node;

/// <summary>One simulated machine. Its processes run on this machine; its sizes bind only the scheduler.</summary>
/// <param name="Name">Node name, a DNS label.</param>
/// <param name="Cpu">Kubernetes quantity, for example "32".</param>
/// <param name="Memory">Kubernetes quantity, for example "256Gi".</param>
public sealed record NodeSpec(string Name, string Cpu = "32", string Memory = "256Gi")
{
    /// <summary>Capacity of <c>nvidia.com/gpu</c>. Default 0: the node does not offer that resource.</summary>
    public int Gpus { get; init; }

    /// <summary>Label <c>nvidia.com/gpu.product</c>, for example "NVIDIA-H100-80GB-HBM3"; null for none.</summary>
    public string? GpuProduct { get; init; }

    /// <summary>Further labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
}

/// <summary>What an image name stands for: an executable of this machine.</summary>
/// <param name="Executable">Absolute path, or a name to be found on PATH. Null: the container must bring its own command.</param>
public sealed record ImageEntry(string? Executable)
{
    /// <summary>Put before the container's own arguments, as an image's ENTRYPOINT would.</summary>
    public IReadOnlyList<string> LeadingArguments { get; init; } = [];

    /// <summary>Variables of the image; the container's own win.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();
}

/// <summary>How to start a <see cref="SandboxNode"/>.</summary>
public sealed record NodeOptions
{
    /// <summary>The machines to pretend. Default: one named "node-0" without GPUs.</summary>
    public IReadOnlyList<NodeSpec> Nodes { get; init; } = [new NodeSpec("node-0")];

    /// <summary>Images by exact name. An image without an entry is an ErrImagePull.</summary>
    public IReadOnlyDictionary<string, ImageEntry> Images { get; init; } = new Dictionary<string, ImageEntry>();

    /// <summary>Folder for pods, logs and pid files; made when missing. One sandbox at a time may use it.</summary>
    public required string WorkDirectory { get; init; }

    /// <summary>Clock of everything. Default: the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where the node logs. Default: nowhere.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>Addresses of pods, one each. Default 127.10.0.0/16: 65 534 pods.</summary>
    public string PodAddressRange { get; init; } = "127.10.0.0/16";

    /// <summary>Addresses of Services; the API server hands them out, the node listens on those inside. Default 127.96.0.0/16.</summary>
    public string ServiceAddressRange { get; init; } = "127.96.0.0/16";

    /// <summary>How long processes may take to end when the sandbox stops, before they are killed. Default 5 s.</summary>
    public TimeSpan StopWithin { get; init; } = TimeSpan.FromSeconds(5);
}
