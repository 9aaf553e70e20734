namespace Ops.Testing;

/// <summary>
/// Ops installed on a real control plane from its own manifests. The processes run here beside the test instead of in
/// pods, each with the token of its own service account, so that RBAC is the manifests' own.
/// </summary>
public sealed class Installation : IDisposable
{
    /// <summary>The namespace of the manifests.</summary>
    public const string SystemNamespace = "ops-system";

    private readonly RealControlPlane _plane;
    private readonly string _folder = Directory.CreateTempSubdirectory("ops-install-").FullName;

    private Installation(RealControlPlane plane)
    {
        _plane = plane;
        Kubectl = new Kubectl(plane.KubeconfigFor(plane.AdminToken));
    }

    /// <summary>kubectl with the administrator's rights.</summary>
    public Kubectl Kubectl { get; }

    /// <summary>The user name under which a process of the installation appears in the audit log.</summary>
    public static string UserOf(string account, string ns = SystemNamespace) => $"system:serviceaccount:{ns}:{account}";

    /// <summary>Applies manifests/deploy as a user would, waits for the kinds, and leaves the Deployments at zero replicas.</summary>
    /// <param name="plane">Where to.</param>
    /// <param name="cancellation">Ends the installation.</param>
    /// <param name="manifests">A folder like manifests/, when not that of this working tree.</param>
    public static async Task<Installation> InstallAsync(RealControlPlane plane, CancellationToken cancellation, string? manifests = null)
    {
        var installation = new Installation(plane);
        var folder = Path.Combine(manifests ?? Path.Combine(Repository.Root, "manifests"), "deploy");
        // Unvalidated by the client, and not server-side: 1.20 does not know x-kubernetes-validations, and drops it.
        (await installation.Kubectl.RunAsync(["apply", "--validate=false", "-k", folder], cancellation)).OrThrow();
        (await installation.Kubectl.RunAsync(["wait", "--for=condition=Established", "--timeout=30s", "crd", "--all"], cancellation)).OrThrow();
        (await installation.Kubectl.RunAsync(["-n", SystemNamespace, "scale", "deployment", "--all", "--replicas=0"], cancellation)).OrThrow();
        return installation;
    }

    /// <summary>Starts an executable of the solution as the given service account, and waits until it answers /healthz.</summary>
    /// <param name="project">For example Ops.Operator.</param>
    /// <param name="account">Service account.</param>
    /// <param name="arguments">Beside --urls.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <param name="ns">The account's namespace.</param>
    public async Task<InstalledProcess> StartAsync(string project, string account, IEnumerable<string> arguments, CancellationToken cancellation, string ns = SystemNamespace)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, $"{account}-{Guid.NewGuid():N}")).FullName;
        var kubeconfig = Path.Combine(folder, "kubeconfig");
        await WriteTokenAsync(kubeconfig, ns, account, cancellation);

        var url = $"http://127.0.0.1:{FreePort.Any()}";
        var process = ChildProcess.Start(
            Repository.Executable(project),
            ["--urls", url, .. arguments],
            Path.Combine(folder, "log"),
            new Dictionary<string, string?> { ["KUBECONFIG"] = kubeconfig, ["POD_NAMESPACE"] = ns });
        var installed = new InstalledProcess(process, new Uri(url), kubeconfig);
        try
        {
            await installed.WaitUntilHealthyAsync(cancellation);
            return installed;
        }
        catch
        {
            await installed.DisposeAsync();
            throw;
        }
    }

    /// <summary>Gives a running process a new token, as the kubelet does when it rotates one.</summary>
    public Task WriteTokenAsync(InstalledProcess process, string account, CancellationToken cancellation) => WriteTokenAsync(process.Kubeconfig, SystemNamespace, account, cancellation);

    /// <inheritdoc/>
    public void Dispose()
    {
        Kubectl.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task WriteTokenAsync(string kubeconfig, string ns, string account, CancellationToken cancellation) =>
        await File.WriteAllTextAsync(kubeconfig, _plane.KubeconfigFor(await _plane.ServiceAccountTokenAsync(ns, account, cancellation)), cancellation);
}

/// <summary>A running process of an installation.</summary>
/// <param name="Process">The process itself.</param>
/// <param name="Url">Where it listens.</param>
/// <param name="Kubeconfig">The file that holds its bearer token.</param>
public sealed record InstalledProcess(ChildProcess Process, Uri Url, string Kubeconfig) : IAsyncDisposable
{
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(20) };

    /// <summary>Its metrics page.</summary>
    public Task<string> MetricsAsync(CancellationToken cancellation) => Http.GetStringAsync(new Uri(Url, "/metrics"), cancellation);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Process.DisposeAsync();

    internal async Task WaitUntilHealthyAsync(CancellationToken cancellation)
    {
        for (var attempt = 0; attempt < 600; attempt++)
        {
            if (Process.HasExited)
                throw new InvalidOperationException($"the process ended:\n{Process.Tail()}");
            try
            {
                using var answer = await Http.GetAsync(new Uri(Url, "/healthz"), cancellation);
                if (answer.IsSuccessStatusCode)
                    return;
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException { InnerException: TimeoutException })
            {
                // Not listening yet, or too busy to answer.
            }

            await Task.Delay(100, cancellation);
        }

        throw new TimeoutException($"{Url} did not become healthy within 60 s:\n{Process.Tail()}");
    }
}
