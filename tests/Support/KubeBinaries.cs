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
        return Environment.GetEnvironmentVariable("KUBEBUILDER_ASSETS") is { Length: > 0 } assets
            ? SetupScript.Executable(assets, name)
            : SetupScript.Find(name, Cache);
    }

    /// <summary>
    /// Makes sure that the binaries are there. In CI (CI=true) they are built when missing, because there a missing
    /// apiserver is a failure; elsewhere the caller skips with <see cref="WhyMissing"/>.
    /// </summary>
    public static async Task EnsureInCiAsync(string repositoryRoot, Action<string> progress, CancellationToken cancellation)
    {
        if (WhyMissing() is null || Environment.GetEnvironmentVariable("CI") != "true")
            return;

        await SetupScript.RunAsync(Path.Combine(repositoryRoot, "tests", "Contract", "get-kube.sh"), progress, cancellation);
    }

    private static string Cache => SetupScript.Cache("kube");
}
