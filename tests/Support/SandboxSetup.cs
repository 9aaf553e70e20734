namespace Ops.Testing;

/// <summary>What every test with a sandbox of its own does before it begins.</summary>
public static class SandboxSetup
{
    /// <summary>Applies parts of manifests/, the kinds among them, as a user would, and waits until every kind is served.</summary>
    /// <param name="kubectl">With all rights.</param>
    /// <param name="parts">Files, or folders with a kustomization.</param>
    /// <param name="cancellation">Stops.</param>
    public static async Task ApplyAsync(Kubectl kubectl, IEnumerable<string> parts, CancellationToken cancellation)
    {
        foreach (var path in parts.Select(part => Path.Combine(Repository.Root, "manifests", part)))
            (await kubectl.RunAsync(["apply", Directory.Exists(path) ? "-k" : "-f", path], cancellation)).OrThrow();
        (await kubectl.RunAsync(["wait", "--for=condition=Established", "--timeout=30s", "crd", "--all"], cancellation)).OrThrow();
    }
}
