using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Ops.Bench.Router;

/// <summary>CPU time of another process in nanoseconds; /proc counts in hundredths of a second, which short rounds drown in.</summary>
internal static partial class ProcessCpu
{
    /// <summary>User and system time of all its threads so far, in seconds.</summary>
    /// <exception cref="Win32Exception">There is no such process.</exception>
    internal static double Seconds(int pid)
    {
        // clock_getcpuclockid(3): the clock's number is the process id's complement, shifted, with 2 for scheduler time.
        var clock = (~pid << 3) | 2;
        return ClockGetTime(clock, out var time) == 0
            ? time.Seconds + (time.Nanoseconds / 1e9)
            : throw new Win32Exception($"The CPU clock of process {pid} cannot be read");
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime", SetLastError = true)]
    private static partial int ClockGetTime(int clock, out Timespec time);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Timespec
    {
        public readonly long Seconds;
        public readonly long Nanoseconds;
    }
}
