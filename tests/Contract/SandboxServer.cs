using System.Net;
using Ops.Sandbox.Api;
using Ops.Sandbox.Node;

namespace Ops.Contract.Tests;

/// <summary>The sandbox: API server in memory, controllers, and one node that runs containers as processes.</summary>
public sealed class SandboxServer : IServer, IAsyncDisposable
{
    private readonly Lazy<Task> _start;
    private readonly string _folder = Directory.CreateTempSubdirectory("ops-contract-").FullName;
    private readonly LoopbackRanges _addresses = LoopbackRanges.Take((uint)Environment.ProcessId);
    private ApiServer? _server;
    private SandboxNode? _node;

    public SandboxServer() => _start = new Lazy<Task>(RunAsync);

    public Uri Url => new(_server!.Url);

    public string AdminToken => _server!.AdminToken;

    public bool RunsContainers => true;

    public int Minor => 36;

    public Task StartAsync() => _start.Value;

    public string KubeconfigFor(string token) => _server!.KubeconfigFor(token);

    public Task<string> ServiceAccountTokenAsync(string ns, string name) => Task.FromResult(_server!.IssueServiceAccountToken(ns, name));

    public bool TryCompact()
    {
        _server!.Compact();
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        if (_node is not null)
            await _node.DisposeAsync();
        if (_server is not null)
            await _server.DisposeAsync();
        _addresses.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task RunAsync()
    {
        _server = await ApiServer.StartAsync(new ApiServerOptions { ServiceAddressRange = IPNetwork.Parse(_addresses.Services) });
        _node = await SandboxNode.StartAsync(_server, new NodeOptions
        {
            WorkDirectory = _folder,
            Images = new Dictionary<string, ImageEntry> { ["shell:1"] = new("/bin/sh"), ["shell:2"] = new("/bin/sh") },
            PodAddressRange = _addresses.Pods,
            ServiceAddressRange = _addresses.Services,
        });
        await Widgets.InstallAsync(new Api(this));
    }
}
