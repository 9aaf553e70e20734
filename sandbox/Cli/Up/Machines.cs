using Ops.Sandbox.Node;

namespace Ops.Cli.Up;

/// <summary>The machines and images that the sandbox offers.</summary>
internal static class Machines
{
    private const int GpusPerNode = 4;
    private const string GpuProduct = "NVIDIA-H100-80GB-HBM3";

    // Image name -> project whose executable stands for it. The same names are container images on a real cluster.
    private static readonly Dictionary<string, string> Projects = new()
    {
        ["ops.autonomic.dev/operator:0.1.0"] = "Ops.Operator",
        ["ops.autonomic.dev/dashboard:0.1.0"] = "Ops.Dashboard",
        ["ops.autonomic.dev/power-agent:0.1.0"] = "Ops.PowerAgent",
        ["ops.autonomic.dev/rca:0.1.0"] = "Ops.Rca.Service",
        ["ops.autonomic.dev/router:0.1.0"] = "Ops.Router",
        ["ops.autonomic.dev/model-server:0.1.0"] = "Ops.Sandbox.ModelServer",
        ["ops.autonomic.dev/shop:0.1.0"] = "Ops.Sandbox.Shop",
    };

    /// <summary>GPU machines gpu-0, gpu-1, ... and one without GPUs, cpu-0.</summary>
    public static IReadOnlyList<NodeSpec> Nodes(int gpuNodes) =>
    [
        .. Enumerable.Range(0, gpuNodes).Select(index => new NodeSpec($"gpu-{index}") { Gpus = GpusPerNode, GpuProduct = GpuProduct }),
        new NodeSpec("cpu-0"),
    ];

    /// <summary>The executable of every image.</summary>
    /// <exception cref="UserError">One is not built.</exception>
    public static IReadOnlyDictionary<string, ImageEntry> Images()
    {
        foreach (var project in Projects.Values)
            if (!File.Exists(Checkout.Executable(project)))
                throw new UserError($"{project} is not built ({Checkout.Executable(project)} is missing); start through ./ops, which builds it.");
        return Projects.ToDictionary(image => image.Key, image => new ImageEntry(Checkout.Executable(image.Value)))
            .Concat(StoreBinaries.Images())
            .ToDictionary();
    }
}
