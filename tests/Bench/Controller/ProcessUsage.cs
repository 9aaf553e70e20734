using System.Globalization;

namespace Ops.Bench.Controller;

/// <summary>What the kernel says of a running process, read from /proc.</summary>
/// <param name="CpuSeconds">User and system time together.</param>
/// <param name="PeakResidentMb">The largest resident set so far, in MiB.</param>
internal readonly record struct ProcessUsage(double CpuSeconds, double PeakResidentMb)
{
    /// <summary>Reads it now.</summary>
    public static ProcessUsage Of(int pid)
    {
        // /proc/PID/stat: "pid (name) state ...", utime and stime are fields 14 and 15, in ticks of 1/100 s.
        var stat = File.ReadAllText($"/proc/{pid}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        var ticks = double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture);

        return new ProcessUsage(ticks / 100, StatusMb(pid, "VmHWM:"));
    }

    /// <summary>The resident set now, in MiB.</summary>
    public static double ResidentMb(int pid) => StatusMb(pid, "VmRSS:");

    // "VmHWM:	  123456 kB"
    private static double StatusMb(int pid, string key)
    {
        var line = File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith(key, StringComparison.Ordinal));
        return double.Parse(line[key.Length..^3], CultureInfo.InvariantCulture) / 1024;
    }
}
