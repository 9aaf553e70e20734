using System.Diagnostics;

namespace Ops.Testing;

/// <summary>
/// Finds kube-apiserver, etcd and their friends the way envtest does: KUBEBUILDER_ASSETS, else PATH, else the cache that
/// tests/Contract/get-kube.sh fills.
/// </summary>
public static class KubeBinaries
{
    /// <summary>Why the real control plane cannot be used here, with the way to get one; null when it can.</summary>
    public static string? WhyMissing()
    {
        var missing = new[] { "kube-apiserver", "etcd" }.Where(name => Find(name) is null).ToArray();
        return missing.Length == 0
            ? null
            : $"{string.Join(" and ", missing)} not found; run tests/Contract/get-kube.sh (5 minutes, Debian, no root), put them on PATH, or set KUBEBUILDER_ASSETS to a folder that holds them";
    }

    /// <summary>The full path of one binary, or null.</summary>
    public static string? Find(string name)
    {
        if (Environment.GetEnvironmentVariable("KUBEBUILDER_ASSETS") is { Length: > 0 } assets)
            return Executable(assets, name);

        var path = Environment.GetEnvironmentVariable("PATH")?.Split(':') ?? [];
        return path.Append(Cache).Select(folder => Executable(folder, name)).FirstOrDefault(found => found is not null);
    }

    /// <summary>
    /// Makes sure that the binaries are there. In CI (CI=true) they are built when missing, because there a missing
    /// apiserver is a failure; elsewhere the caller skips with <see cref="WhyMissing"/>.
    /// </summary>
    public static async Task EnsureInCiAsync(string repositoryRoot, Action<string> progress, CancellationToken cancellation)
    {
        if (WhyMissing() is null || Environment.GetEnvironmentVariable("CI") != "true")
            return;

        var start = new ProcessStartInfo("bash", [Path.Combine(repositoryRoot, "tests", "Contract", "get-kube.sh")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var script = Process.Start(start) ?? throw new InvalidOperationException("bash could not be started");
        script.OutputDataReceived += (_, line) => { if (line.Data is { } text) progress(text); };
        script.ErrorDataReceived += (_, line) => { if (line.Data is { } text) progress(text); };
        script.BeginOutputReadLine();
        script.BeginErrorReadLine();
        await script.WaitForExitAsync(cancellation);
        if (script.ExitCode != 0)
            throw new InvalidOperationException($"tests/Contract/get-kube.sh failed with exit code {script.ExitCode}; its last lines stand above");
    }

    private static string Cache =>
        Path.Combine(
            Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } xdg ? xdg : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
            "ops",
            "kube");

    private static string? Executable(string folder, string name)
    {
        var file = Path.Combine(folder, name);
        return folder.Length > 0 && File.Exists(file) && File.GetUnixFileMode(file).HasFlag(UnixFileMode.UserExecute) ? file : null;
    }
}
