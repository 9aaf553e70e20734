using System.Globalization;
using k8s.Models;

namespace Ops.Sandbox.Node.Kubelet;

/// <summary>
/// A container's memory limit, as far as a process without a control group can have one: what its processes hold is read five times
/// a second, and above the limit they are killed, as the kernel does at once.
/// </summary>
internal static class MemoryLimit
{
    /// <summary>Between two readings. A reading is a file of /proc for each process, about 50 µs.</summary>
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(200);

    /// <summary>The share of the limit that a .NET runtime takes for its heap, and the least; it reads the limit from its control group.</summary>
    private const double HeapShare = 0.75;

    private const long LeastHeap = 20 << 20;

    /// <summary>The limit in bytes; null where there is none.</summary>
    public static long? Of(V1Container container) =>
        container.Resources?.Limits is { } limits && limits.TryGetValue("memory", out var limit) ? (long)limit.ToDecimal() : null;

    /// <summary>What a .NET runtime in a container with this limit would find out by itself.</summary>
    public static KeyValuePair<string, string> HeapLimit(long limit) =>
        new("DOTNET_GCHeapHardLimit", ((long)Math.Max(LeastHeap, limit * HeapShare)).ToString("X", CultureInfo.InvariantCulture));

    /// <summary>Kills the container when it is above its limit; ends with it.</summary>
    public static async Task EnforceAsync(ContainerProcess process, long limit, TimeProvider clock)
    {
        while (!process.Exited.IsCompleted)
        {
            if (ProcessTools.MemoryOf(process.Id) > limit)
                process.KillForMemory();
            await Task.WhenAny(process.Exited, Task.Delay(Period, clock));
        }
    }
}
