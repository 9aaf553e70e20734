using k8s;
using Ops.Testing;

namespace Ops.RealCluster.Tests;

/// <summary>A real control plane with one fake GPU node and Ops installed on it, or the reason why there is none here.</summary>
public sealed class RealCluster : IAsyncLifetime
{
    private RealControlPlane? _plane;
    private FakeNode? _node;
    private Installation? _installation;
    private string? _missing;

    /// <summary>The control plane; skips the test where there is none.</summary>
    public RealControlPlane Plane => Available(_plane);

    /// <summary>The installed manifests; skips the test where there is no control plane.</summary>
    public Installation Installation => Available(_installation);

    /// <summary>kubectl as the administrator.</summary>
    public Kubectl Kubectl => Installation.Kubectl;

    /// <summary>Runs kubectl and returns its output; a failure fails the test.</summary>
    public async Task<string> KubectlAsync(params string[] arguments) =>
        (await Kubectl.RunAsync(arguments, TestContext.Current.CancellationToken)).OrThrow().Output;

    /// <summary>Applies text as a user would.</summary>
    public async Task ApplyAsync(string yaml) =>
        (await Kubectl.RunAsync(["apply", "--validate=false", "-f", "-"], TestContext.Current.CancellationToken, yaml)).OrThrow();

    /// <summary>The operator with its own account's rights; short scrapes so that status numbers need no long wait.</summary>
    public Task<InstalledProcess> StartOperatorAsync() =>
        Installation.StartAsync("Ops.Operator", "operator", ["--namespace", Installation.SystemNamespace], TestContext.Current.CancellationToken);

    /// <summary>The router with its own account's rights.</summary>
    public Task<InstalledProcess> StartRouterAsync() =>
        Installation.StartAsync("Ops.Router", "router", [], TestContext.Current.CancellationToken);

    /// <summary>The requests of one account so far.</summary>
    public IReadOnlyList<AuditedRequest> RequestsOf(string account, string ns = Installation.SystemNamespace) =>
        [.. AuditLog.Read(Plane.AuditFile).Where(r => r.User == Installation.UserOf(account, ns))];

    /// <summary>Whether RBAC lets an account do something, as the API server answers it.</summary>
    public async Task<bool> MayAsync(string user, string verb, string resource, string ns) =>
        (await Kubectl.RunAsync(["auth", "can-i", verb, resource, "-n", ns, "--as", user], TestContext.Current.CancellationToken)).Output.Trim() == "yes";

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await KubeBinaries.EnsureInCiAsync(Repository.Root, line => TestContext.Current.SendDiagnosticMessage(line), cancellation);
        _missing = KubeBinaries.WhyMissing() ?? Kubectl.WhyMissing();
        if (_missing is not null)
            return;
        _plane = await RealControlPlane.StartAsync(new ControlPlaneOptions { ControllerManager = true, Scheduler = true, Audit = true }, cancellation);
        _node = await FakeNode.StartAsync(_plane, "fake-gpu", "NVIDIA-H100-80GB-HBM3", pods: 500, cancellation);
        _installation = await Installation.InstallAsync(_plane, cancellation);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_node is { } node)
            await node.DisposeAsync();
        _installation?.Dispose();
        if (_plane is { } plane)
            await plane.DisposeAsync();
    }

    private T Available<T>(T? part)
        where T : class
    {
        Assert.SkipWhen(_missing is not null, _missing ?? "");
        return part ?? throw new InvalidOperationException("the cluster did not start");
    }
}
