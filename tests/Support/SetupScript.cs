using System.Diagnostics;

namespace Ops.Testing;

/// <summary>Programs from Debian that a script of this repository unpacks into a cache of the user, without root.</summary>
public static class SetupScript
{
    /// <summary>A folder below ~/.cache/ops.</summary>
    public static string Cache(string name) =>
        Path.Combine(
            Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } xdg ? xdg : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
            "ops",
            name);

    /// <summary>The full path of a program on PATH or in a folder, or null.</summary>
    public static string? Find(string name, string folder) =>
        (Environment.GetEnvironmentVariable("PATH")?.Split(':') ?? []).Append(folder).Select(place => Executable(place, name)).FirstOrDefault(found => found is not null);

    /// <summary>Runs a script to its end.</summary>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public static async Task RunAsync(string script, Action<string> progress, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo("bash", [script]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start) ?? throw new InvalidOperationException("bash could not be started");
        process.OutputDataReceived += (_, line) => { if (line.Data is { } text) progress(text); };
        process.ErrorDataReceived += (_, line) => { if (line.Data is { } text) progress(text); };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await process.WaitForExitAsync(cancellation);
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{script} failed with exit code {process.ExitCode}; its last lines stand above");
    }

    internal static string? Executable(string folder, string name)
    {
        var file = Path.Combine(folder, name);
        return folder.Length > 0 && File.Exists(file) && File.GetUnixFileMode(file).HasFlag(UnixFileMode.UserExecute) ? file : null;
    }
}
