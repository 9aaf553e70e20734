using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Ops.Sandbox.ModelServer.Engine;

namespace Ops.Sandbox.ModelServer.Tests;

/// <summary>A real server on a free port and the system clock.</summary>
internal sealed class RunningServer : IAsyncDisposable
{
    public const string Model = "meta-llama/Llama-3.1-8B-Instruct";

    private readonly IReadOnlyList<WebApplication> _all;
    private readonly WebApplication _app;

    private RunningServer(IReadOnlyList<WebApplication> all)
    {
        _all = all;
        var app = _app = all[0];
        Address = new Uri(SimulatedServer.Address(app));
        Http = new HttpClient { BaseAddress = Address };
    }

    public Uri Address { get; }

    public HttpClient Http { get; }

    /// <summary>Where the model with this index of its co-residents listens.</summary>
    public Uri CoResident(int index) => new(SimulatedServer.Address(_all[index + 1]));

    public SimulatedEngine Engine => _app.Services.GetRequiredService<SimulatedEngine>();

    public static async Task<RunningServer> StartAsync(params string[] more)
    {
        string[] load = more.Contains("--load-seconds") ? [] : ["--load-seconds", "0"];
        var options = ServerOptions.Parse(["--model", Model, "--port", "0", "--drain-seconds", "5", .. load, .. more]);
        var all = SimulatedServer.BuildAll(options, TimeProvider.System);
        foreach (var app in all)
            await app.StartAsync();
        var server = new RunningServer(all);
        if (load.Length > 0)
            await UntilAsync(() => server.Engine.Ready);
        return server;
    }

    public static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    public async Task<JsonElement> GetAsync(string path) => await Http.GetFromJsonAsync<JsonElement>(path);

    public async Task<(int Status, JsonElement Error)> RefusedAsync(string path, string body)
    {
        using var response = await Http.PostAsync(path, Json(body));
        response.Headers.GetValues("x-ops-simulated").ShouldBe(["true"]);
        var json = await response.Content.ReadFromJsonAsync<JsonElement>();
        return ((int)response.StatusCode, json.GetProperty("error"));
    }

    /// <summary>Waits for something that must happen, and gives up after 30 s.</summary>
    public static async Task UntilAsync(Func<bool> reached)
    {
        for (var i = 0; i < 3000 && !reached(); i++)
            await Task.Delay(10);
        reached().ShouldBeTrue();
    }

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        foreach (var app in _all)
            await app.DisposeAsync();
    }
}
