using System.Net;
using Ops.Api;
using Ops.Testing;

namespace Ops.RouterScenario;

/// <summary>A router process and simulated model servers, each a process, for one test.</summary>
internal sealed class ScenarioFleet : IAsyncDisposable
{
    private const string Model = "meta-llama/Llama-3.1-8B-Instruct";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ops-router-scenario-");
    private readonly List<IAsyncDisposable> _servers = [];
    private RouterFleet? _router;

    internal RouterFleet Router => _router!;

    internal string Folder => _folder.FullName;

    internal static async Task<ScenarioFleet> StartAsync(CancellationToken cancellation)
    {
        var fleet = new ScenarioFleet();
        fleet._router = await RouterFleet.StartAsync(fleet.Folder, cancellation);
        return fleet;
    }

    /// <summary>Starts the route chat over one pool and the router.</summary>
    internal async Task ServeAsync(ModelRouteSpec spec, CancellationToken cancellation, params IPEndPoint[] endpoints)
    {
        Router.CreatePool("pool", endpoints);
        Router.CreateRoute("chat", spec, "pool");
        await Router.StartRouterAsync(new Dictionary<string, string?>(), cancellation);
    }

    /// <summary>A simulated model server that knows the pool's model. All addresses of a pool share a port.</summary>
    internal async Task<IPEndPoint> StartServerAsync(string host, int port, CancellationToken cancellation)
    {
        var address = new IPEndPoint(IPAddress.Parse(host), port);
        var process = ChildProcess.Start(
            Repository.Executable("Ops.Sandbox.ModelServer"),
            ["--model", Model, "--served-model-name", "vendor/pool", "--host", host, "--port", $"{port}", "--load-seconds", "0"],
            Path.Combine(Folder, $"server-{host}-{port}.log"));
        _servers.Add(process);
        using var http = new HttpClient { BaseAddress = new Uri($"http://{address}") };
        await Until.TrueAsync(() => IsHealthyAsync(http, process, cancellation), "a model server is not ready", cancellation);
        return address;
    }

    internal async Task<LlamaServer> StartLlamaAsync(CancellationToken cancellation)
    {
        var server = await LlamaServer.StartAsync(Folder, cancellation);
        _servers.Add(server);
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        if (_router is not null)
            await _router.DisposeAsync();
        foreach (var server in _servers)
            await server.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private static async Task<bool> IsHealthyAsync(HttpClient http, ChildProcess process, CancellationToken cancellation)
    {
        process.HasExited.ShouldBeFalse(process.Tail());
        try
        {
            using var response = await http.GetAsync(new Uri("/health", UriKind.Relative), cancellation);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
