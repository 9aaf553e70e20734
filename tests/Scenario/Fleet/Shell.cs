using System.Diagnostics;
using System.Globalization;

namespace Ops.FleetScenario;

/// <summary>Programs of the machine, as a user has them.</summary>
internal static class Shell
{
    /// <summary>Runs a line as a user would paste it.</summary>
    public static async Task<(int ExitCode, string Output)> PasteAsync(string line)
    {
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", line]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await process.WaitForExitAsync(deadline.Token);
        return (process.ExitCode, await output + await errors);
    }

    public static bool Has(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));

    public static void Kill(string signal, int pid)
    {
        using var kill = Process.Start("kill", ["-" + signal, pid.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>Processes that have this one as an ancestor, from /proc.</summary>
    public static IReadOnlyList<int> Descendants(int root)
    {
        var parents = Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var pid) ? pid : 0)
            .Where(pid => pid != 0).ToDictionary(pid => pid, ParentOf);
        return [.. parents.Keys.Where(pid => pid != root && Reaches(pid))];

        bool Reaches(int pid)
        {
            while (parents.TryGetValue(pid, out var parent) && parent > 1)
            {
                if (parent == root)
                    return true;
                pid = parent;
            }

            return false;
        }
    }

    /// <summary>Whether a process still runs; a zombie that nobody has collected does not.</summary>
    public static bool Lives(int pid) => Fields(pid) is { } fields && fields[0] is not ("Z" or "X");

    private static int ParentOf(int pid) => Fields(pid) is { } fields ? int.Parse(fields[1], CultureInfo.InvariantCulture) : 0;

    // "123 (name with ) and spaces) S 1 ...": the fields after the last closing bracket.
    private static string[]? Fields(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null;
        }
    }
}
