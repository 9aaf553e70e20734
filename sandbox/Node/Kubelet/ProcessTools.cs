using System.Runtime.InteropServices;

namespace Ops.Sandbox.Node.Kubelet;

/// <summary>What Linux tells about processes, and signals to them.</summary>
internal static partial class ProcessTools
{
    public const int SigKill = 9;
    public const int SigTerm = 15;

    /// <summary>Signals one process. False when there is none any more.</summary>
    public static bool Signal(int pid, int signal) => pid > 1 && Kill(pid, signal) == 0;

    /// <summary>Signals every process of a container's group. Its leader's id is the group's id.</summary>
    public static bool SignalGroup(int leader, int signal) => leader > 1 && Kill(-leader, signal) == 0;

    /// <summary>Start time of a process in clock ticks since boot; with the id it names a process for good. Null when there is none.</summary>
    public static long? StartTime(int pid)
    {
        // 1234 (some (odd) name) S 1 1234 1234 0 ... : the name may hold anything, so fields count from the last ')'.
        var text = Read($"/proc/{pid}/stat");
        var end = text?.LastIndexOf(')') ?? -1;
        if (end < 0)
            return null;
        // Field 22 of the line is the twentieth after the name.
        var fields = text![(end + 2)..].Split(' ');
        return fields.Length > 19 && fields[0] != "Z" && long.TryParse(fields[19], out var ticks) ? ticks : null;
    }

    /// <summary>Bytes that a process and its descendants hold and that no file backs; 0 when there is none any more.</summary>
    public static long MemoryOf(int pid)
    {
        // RssAnon:	   12345 kB
        var held = (Read($"/proc/{pid}/status") ?? "").Split('\n')
            .Where(line => line.StartsWith("RssAnon:", StringComparison.Ordinal) || line.StartsWith("RssShmem:", StringComparison.Ordinal))
            .Sum(line => long.Parse(line.AsSpan(line.IndexOf(':') + 1, line.Length - line.IndexOf(':') - 4), System.Globalization.CultureInfo.InvariantCulture) * 1024);
        var children = (Read($"/proc/{pid}/task/{pid}/children") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return held + children.Sum(child => MemoryOf(int.Parse(child, System.Globalization.CultureInfo.InvariantCulture)));
    }

    /// <summary>True when the process was started with this variable in its environment.</summary>
    public static bool HasEnvironment(int pid, string name, string value) =>
        Read($"/proc/{pid}/environ")?.Split('\0').Contains($"{name}={value}", StringComparer.Ordinal) == true;

    /// <summary>Ids of all processes that this user may look at.</summary>
    public static IEnumerable<int> All()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder.AsSpan()), out var pid))
                yield return pid;
        }
    }

    /// <summary>Finds an executable as execvp would; null when there is none.</summary>
    public static string? Find(string command, string? path, string workingDirectory)
    {
        if (command.Contains('/'))
        {
            var full = Path.GetFullPath(command, workingDirectory);
            return IsExecutable(full) ? full : null;
        }
        return (path ?? string.Empty).Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, command))
            .FirstOrDefault(IsExecutable);
    }

    private static bool IsExecutable(string path) => !OperatingSystem.IsWindows() && File.Exists(path)
        && (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != UnixFileMode.None;

    private static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}
