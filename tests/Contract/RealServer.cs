using Ops.Testing;

namespace Ops.Contract.Tests;

/// <summary>A real etcd, kube-apiserver, controller manager and scheduler, with a node that only reports.</summary>
public sealed class RealServer : IServer, IAsyncDisposable
{
    private readonly Lazy<Task> _start;
    private RealControlPlane? _plane;
    private FakeNode? _node;

    public RealServer() => _start = new Lazy<Task>(RunAsync);

    public Uri Url => _plane!.Url;

    public string AdminToken => _plane!.AdminToken;

    public bool RunsContainers => false;

    public int Minor { get; private set; }

    public async Task StartAsync()
    {
        await KubeBinaries.EnsureInCiAsync(Repository.Root, Console.Error.WriteLine, CancellationToken.None);
        if (KubeBinaries.WhyMissing() is { } why)
            Assert.Skip(why);
        await _start.Value;
    }

    public string KubeconfigFor(string token) => _plane!.KubeconfigFor(token);

    public Task<string> ServiceAccountTokenAsync(string ns, string name) => _plane!.ServiceAccountTokenAsync(ns, name, CancellationToken.None);

    public bool TryCompact() => false;

    public async ValueTask DisposeAsync()
    {
        if (_node is not null)
            await _node.DisposeAsync();
        if (_plane is not null)
            await _plane.DisposeAsync();
    }

    private async Task RunAsync()
    {
        _plane = await RealControlPlane.StartAsync(new ControlPlaneOptions { ControllerManager = true, Scheduler = true }, CancellationToken.None);
        _node = await FakeNode.StartAsync(_plane, "n1", "none", pods: 200, CancellationToken.None);
        var api = new Api(this);
        // A build of Debian's source package that was not told its version is 1.20.
        var minor = (await api.Get("/version")).TextAt("minor")!.TrimEnd('+');
        Minor = minor.Length == 0 ? 20 : int.Parse(minor);
        await Widgets.InstallAsync(api);
    }
}
