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

    /// <summary>The full path of a program on PATH or in the script's cache. In CI the script is run when it is missing; else null.</summary>
    /// <param name="name">The program.</param>
    /// <param name="cache">The cache that the script fills.</param>
    /// <param name="script">The script, from the repository's root.</param>
    /// <param name="cancellation">Ends the wait for the script.</param>
    public static async Task<string?> FindOrFetchAsync(string name, string cache, string script, CancellationToken cancellation)
    {
        if (Find(name, Cache(cache)) is { } found)
            return found;
        if (Environment.GetEnvironmentVariable("CI") != "true")
            return null;
        await RunAsync(Path.Combine(Repository.Root, script), Console.Error.WriteLine, cancellation);
        return Find(name, Cache(cache));
    }

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
