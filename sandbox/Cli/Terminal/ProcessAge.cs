using System.Diagnostics;

namespace Ops.Cli.Terminal;

/// <summary>How long this process has run: start-up times shown to the user include the runtime's own.</summary>
internal static class ProcessAge
{
    public static TimeSpan Measure(TimeProvider time)
    {
        using var process = Process.GetCurrentProcess();
        var age = time.GetUtcNow() - new DateTimeOffset(process.StartTime);
        // The kernel's start time counts in ticks of 10 ms from boot, so a fresh process can seem to start in the future.
        return age > TimeSpan.Zero ? age : TimeSpan.Zero;
    }
}
