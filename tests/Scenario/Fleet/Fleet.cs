using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Ops.FleetScenario;
using Ops.Testing;

[assembly: AssemblyFixture(typeof(Fleet))]

namespace Ops.FleetScenario;

/// <summary>The real ./ops up, started once for all tests, in a state folder of its own.</summary>
public sealed class Fleet : IAsyncLifetime
{
    // Generous on purpose: the time to ready is printed and reported, never asserted.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(150);

    private readonly string folder = Directory.CreateTempSubdirectory("ops-fleet-").FullName;
    private OpsProcess? up;
    private HttpClient? router;
    private HttpClient? cluster;

    internal OpsProcess Up => up!;

    internal string State => Path.Combine(folder, "state");

    internal HttpClient Router => router!;

    /// <summary>The API server with the administrator's token.</summary>
    internal HttpClient Cluster => cluster!;

    internal string Key => Up.Value("key");

    /// <summary>The router's port: one of its own, so that the suite runs beside a user's ./ops up.</summary>
    internal int RouterPort { get; } = FreePort.ForNode();

    public async ValueTask InitializeAsync() => await StartAsync("--fresh");

    /// <summary>Starts ./ops up and waits until it says that it is ready.</summary>
    internal async Task StartAsync(params string[] more)
    {
        up = OpsProcess.Start(["up", "--state", State, "--api-port", "0", "--router-port", RouterPort.ToString(CultureInfo.InvariantCulture), .. more]);
        await up.ReadyAsync(Patience);
        router = new HttpClient { BaseAddress = new Uri(up.Value("router")), Timeout = TimeSpan.FromSeconds(60) };
        router.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        // "  0.5 s  api server       http://127.0.0.1:41234"; the administrator's token stands in the kubeconfig.
        var address = up.Output.Split('\n').First(line => line.Contains("api server", StringComparison.Ordinal)).Split(' ')[^1];
        var token = File.ReadLines(up.Value("kubeconfig")).Select(line => line.Trim()).First(line => line.StartsWith("token:", StringComparison.Ordinal))["token:".Length..].Trim(' ', '"');
        cluster = new HttpClient { BaseAddress = new Uri(address), Timeout = TimeSpan.FromSeconds(30) };
        cluster.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    /// <summary>Stops it as Ctrl-C does and returns the processes that it had.</summary>
    internal async Task<(int ExitCode, IReadOnlyList<int> Had)> StopAsync()
    {
        var had = Shell.Descendants(Up.Id);
        Up.Signal("INT");
        var code = await Up.ExitAsync(TimeSpan.FromMinutes(1));
        return (code, had);
    }

    internal async Task<JsonObject> GetAsync(string path) => JsonNode.Parse(await Cluster.GetStringAsync(path))!.AsObject();

    internal async Task<HttpResponseMessage> PatchAsync(string path, string merge)
    {
        using var content = new StringContent(merge, Encoding.UTF8, "application/merge-patch+json");
        return await Cluster.PatchAsync(path, content);
    }

    internal static HttpRequestMessage Chat(string body) =>
        new(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(body, Encoding.UTF8, "application/json") };

    /// <summary>Polls until something holds; the last answer is in the failure.</summary>
    internal static async Task<T> EventuallyAsync<T>(string what, Func<Task<T>> read, Func<T, bool> holds)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var value = await read();
            if (holds(value))
                return value;
            if (TimeProvider.System.GetElapsedTime(start) > Patience)
                throw new InvalidOperationException($"Not seen within {Patience.TotalSeconds:0} s: {what}. Last: {value}");
            await Task.Delay(200);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (up is not null)
            await up.DisposeAsync();
        router?.Dispose();
        cluster?.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}
