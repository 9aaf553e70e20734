using System.Security.Cryptography;
using k8s;
using k8s.Models;

namespace Ops.Testing;

/// <summary>What a test needs of the real control plane beside etcd and the API server.</summary>
public sealed record ControlPlaneOptions
{
    /// <summary>Run kube-controller-manager (deployments, replica sets, endpoint slices, garbage collection). Default false.</summary>
    public bool ControllerManager { get; init; }

    /// <summary>Run kube-scheduler. Default false.</summary>
    public bool Scheduler { get; init; }

    /// <summary>Write an audit log of every request to <see cref="RealControlPlane.AuditFile"/>. Default false.</summary>
    public bool Audit { get; init; }

    /// <summary>Static tokens beside the administrator's: token to "user" or "user,group". Default none.</summary>
    public IReadOnlyDictionary<string, string> Tokens { get; init; } = new Dictionary<string, string>();
}

/// <summary>A real etcd and kube-apiserver on loopback, with RBAC on, below a temporary folder.</summary>
public sealed class RealControlPlane : IAsyncDisposable
{
    private readonly ControlPlaneOptions _options;
    private readonly string _folder;
    private readonly int _etcdPort;
    private readonly int _apiPort;
    private readonly List<ChildProcess> _controllers = [];
    private ChildProcess? _etcd;
    private ChildProcess? _apiServer;

    private RealControlPlane(ControlPlaneOptions options)
    {
        _options = options;
        _folder = Directory.CreateTempSubdirectory("ops-kube-").FullName;
        (_etcdPort, _apiPort) = (FreePort.Any(), FreePort.Any());
        AdminToken = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
    }

    /// <summary>The API server's address.</summary>
    public Uri Url => new($"https://127.0.0.1:{_apiPort}");

    /// <summary>A bearer token of group system:masters.</summary>
    public string AdminToken { get; }

    /// <summary>The audit log, where it was asked for; read it with <see cref="AuditLog"/>.</summary>
    public string AuditFile => InFolder("audit.log");

    /// <summary>Starts everything and waits until the API server is ready. Throws with the log's end when it is not.</summary>
    public static async Task<RealControlPlane> StartAsync(ControlPlaneOptions options, CancellationToken cancellation)
    {
        if (KubeBinaries.WhyMissing() is { } why)
            throw new InvalidOperationException(why);

        var plane = new RealControlPlane(options);
        try
        {
            await plane.WriteFilesAsync(cancellation);
            plane.StartEtcd();
            plane.StartApiServer();
            await plane.WaitUntilReadyAsync(cancellation);
            plane.StartControllers();
            return plane;
        }
        catch
        {
            await plane.DisposeAsync();
            throw;
        }
    }

    /// <summary>A client with the administrator's rights.</summary>
    public Kubernetes Client() => new(new KubernetesClientConfiguration { Host = Url.ToString(), AccessToken = AdminToken, SkipTlsVerify = true });

    /// <summary>Kubeconfig text for any token.</summary>
    public string KubeconfigFor(string token) => $$$"""
        apiVersion: v1
        kind: Config
        current-context: test
        clusters: [{name: test, cluster: {server: "{{{Url}}}", insecure-skip-tls-verify: true}}]
        users: [{name: test, user: {token: "{{{token}}}"}}]
        contexts: [{name: test, context: {cluster: test, user: test, namespace: default}}]
        """;

    /// <summary>A token of a service account, as a kubelet would mount it. The account must exist.</summary>
    public async Task<string> ServiceAccountTokenAsync(string ns, string name, CancellationToken cancellation)
    {
        using var client = Client();
        var request = new Authenticationv1TokenRequest { Spec = new V1TokenRequestSpec { Audiences = ["https://kubernetes.default.svc"], ExpirationSeconds = 3600 } };
        var answer = await client.CoreV1.CreateNamespacedServiceAccountTokenAsync(request, name, ns, cancellationToken: cancellation);
        return answer.Status.Token;
    }

    /// <summary>Ends the API server, as an outage would.</summary>
    public async Task StopApiServerAsync()
    {
        if (_apiServer is { } server)
            await server.DisposeAsync();
        _apiServer = null;
    }

    /// <summary>Starts the API server again on the same port and data, and waits until it is ready.</summary>
    public async Task StartApiServerAsync(CancellationToken cancellation)
    {
        StartApiServer();
        await WaitUntilReadyAsync(cancellation);
    }

    /// <summary>Ends etcd and starts it again on the same data.</summary>
    public async Task RestartEtcdAsync()
    {
        if (_etcd is { } etcd)
            await etcd.DisposeAsync();
        StartEtcd();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var process in _controllers.Append(_apiServer).Append(_etcd).OfType<ChildProcess>())
            await process.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task WriteFilesAsync(CancellationToken cancellation)
    {
        using var key = RSA.Create(2048);
        await File.WriteAllTextAsync(InFolder("sa.key"), key.ExportRSAPrivateKeyPem(), cancellation);

        // token,user,uid,"group": the static token file of kube-apiserver.
        var lines = _options.Tokens.Select(t => t.Value.Split(',', 2) is [var user, var group] ? $"{t.Key},{user},{user},\"{group}\"" : $"{t.Key},{t.Value},{t.Value}");
        await File.WriteAllLinesAsync(InFolder("tokens.csv"), lines.Prepend($"{AdminToken},admin,admin,\"system:masters\""), cancellation);
        await File.WriteAllTextAsync(InFolder("audit.yaml"), AuditLog.Policy, cancellation);
        await File.WriteAllTextAsync(InFolder("admin.kubeconfig"), KubeconfigFor(AdminToken), cancellation);
    }

    private void StartEtcd()
    {
        var (client, peer) = ($"http://127.0.0.1:{_etcdPort}", $"http://127.0.0.1:{FreePort.Any()}");
        _etcd = Start("etcd",
            $"--data-dir={InFolder("etcd")}", $"--listen-client-urls={client}", $"--advertise-client-urls={client}",
            $"--listen-peer-urls={peer}", $"--initial-advertise-peer-urls={peer}", $"--initial-cluster=default={peer}",
            // The data is a test's: syncing every write to a shared disk buys nothing and costs seconds.
            "--unsafe-no-fsync");
    }

    private void StartApiServer()
    {
        string[] arguments =
        [
            $"--etcd-servers=http://127.0.0.1:{_etcdPort}", $"--cert-dir={InFolder("certs")}", "--bind-address=127.0.0.1", $"--secure-port={_apiPort}",
            "--service-cluster-ip-range=10.96.0.0/16", $"--token-auth-file={InFolder("tokens.csv")}", "--authorization-mode=RBAC",
            "--service-account-issuer=https://kubernetes.default.svc", $"--service-account-key-file={InFolder("sa.key")}",
            $"--service-account-signing-key-file={InFolder("sa.key")}", "--allow-privileged=true",
            // Takes the not-ready taint off only through the node lifecycle controller, which a fake node does without.
            "--disable-admission-plugins=TaintNodesByCondition", "--enable-admission-plugins=OwnerReferencesPermissionEnforcement", "--endpoint-reconciler-type=none",
        ];
        string[] audit = [$"--audit-policy-file={InFolder("audit.yaml")}", $"--audit-log-path={AuditFile}", "--audit-log-mode=blocking"];
        _apiServer = Start("kube-apiserver", _options.Audit ? [.. arguments, .. audit] : arguments);
    }

    private void StartControllers()
    {
        if (_options.ControllerManager)
        {
            _controllers.Add(Start("kube-controller-manager",
                $"--kubeconfig={InFolder("admin.kubeconfig")}", $"--service-account-private-key-file={InFolder("sa.key")}",
                "--use-service-account-credentials=false", "--leader-elect=false", "--bind-address=127.0.0.1", $"--secure-port={FreePort.Any()}", "--port=0",
                "--kube-api-qps=500", "--kube-api-burst=1000", "--controllers=*,-nodelifecycle,-nodeipam,-route,-cloud-node-lifecycle", $"--cert-dir={InFolder("kcm")}"));
        }

        if (_options.Scheduler)
        {
            _controllers.Add(Start("kube-scheduler",
                $"--kubeconfig={InFolder("admin.kubeconfig")}", "--kube-api-qps=500", "--kube-api-burst=1000", "--leader-elect=false", "--bind-address=127.0.0.1", $"--secure-port={FreePort.Any()}", "--port=0",
                $"--cert-dir={InFolder("scheduler")}"));
        }
    }

    private async Task WaitUntilReadyAsync(CancellationToken cancellation)
    {
        using var client = Client();
        var ready = new Uri(Url, "/readyz");
        for (var attempt = 0; attempt < 240; attempt++)
        {
            if (_apiServer is { HasExited: true } ended)
                throw new InvalidOperationException($"kube-apiserver ended:\n{ended.Tail()}");
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, ready) { Headers = { Authorization = new("Bearer", AdminToken) } };
                using var response = await client.HttpClient.SendAsync(request, cancellation);
                if (response.IsSuccessStatusCode)
                    return;
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancellation.IsCancellationRequested)
            {
                // Not listening yet.
            }

            await Task.Delay(250, cancellation);
        }

        throw new TimeoutException($"kube-apiserver was not ready within 60 s:\n{_apiServer?.Tail()}");
    }

    private ChildProcess Start(string name, params string[] arguments) =>
        ChildProcess.Start(
            KubeBinaries.Find(name) ?? throw new InvalidOperationException($"{name} not found; {KubeBinaries.WhyMissing() ?? "see tests/Contract/get-kube.sh"}"),
            arguments,
            InFolder($"{name}.log"));

    private string InFolder(string name) => Path.Combine(_folder, name);
}
