using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Ops.FleetScenario;
using Ops.Sandbox.ShopPlan;
using Ops.ShopScenario;
using Ops.Testing;

[assembly: AssemblyFixture(typeof(ShopInSandbox))]

namespace Ops.ShopScenario;

/// <summary>The real ./ops up --shop, started once for all tests, in a state folder of its own.</summary>
public sealed class ShopInSandbox : IAsyncLifetime
{
    // Generous on purpose: sixteen processes start one after the other's readiness, on whatever machine this is.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);

    private readonly string folder = Directory.CreateTempSubdirectory("ops-shop-").FullName;
    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(30) };
    private readonly Dictionary<string, string> addresses = [];
    private OpsProcess? up;

    public async ValueTask InitializeAsync()
    {
        up = OpsProcess.Start("up", "--no-samples", "--shop", "--state", State, "--api-port", "0", "--router-port", FreePort.ForNode().ToString(CultureInfo.InvariantCulture));
        await up.ReadyAsync(Patience);
        foreach (var pod in await PodsAsync())
            addresses[(string)pod["metadata"]!["labels"]!["app.kubernetes.io/name"]!] = (string)pod["status"]!["podIP"]!;
    }

    /// <summary>A folder for what a test writes.</summary>
    public string Folder => folder;

    private string State => Path.Combine(folder, "state");

    /// <summary>Runs ./ops chaos against this sandbox.</summary>
    internal Task<(int ExitCode, string Output)> ChaosAsync(params string[] arguments) =>
        OpsProcess.RunAsync(TimeSpan.FromMinutes(2), ["chaos", .. arguments, "--state", State]);

    /// <summary>The same, and it must succeed.</summary>
    internal async Task ExpectChaosAsync(params string[] arguments)
    {
        var (code, output) = await ChaosAsync(arguments);
        code.ShouldBe(0, output);
    }

    /// <summary>The sum of a metric's series whose labels hold a text.</summary>
    internal async Task<double> MetricAsync(string service, string name, string labels = "") =>
        (await http.GetStringAsync(new Uri($"http://{addresses[service]}:8080/metrics"))).Split('\n')
            .Where(line => (line.StartsWith(name + "{", StringComparison.Ordinal) || line.StartsWith(name + " ", StringComparison.Ordinal)) && line.Contains(labels, StringComparison.Ordinal))
            .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));

    /// <summary>Waits until a metric is as wanted; a test that waits in vain fails.</summary>
    internal async Task<double> ExpectAsync(string service, string name, Func<double, bool> wanted)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            var value = await MetricAsync(service, name);
            if (wanted(value))
                return value;
            await Task.Delay(100, patience.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (up is not null)
            await up.DisposeAsync();
        http.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private async Task<IReadOnlyList<JsonObject>> PodsAsync()
    {
        // "  0.5 s  api server       http://127.0.0.1:41234"; the administrator's token stands in the kubeconfig.
        var server = up!.Output.Split('\n').First(line => line.Contains("api server", StringComparison.Ordinal)).Split(' ')[^1];
        var token = File.ReadLines(up.Value("kubeconfig")).Select(line => line.Trim()).First(line => line.StartsWith("token:", StringComparison.Ordinal))["token:".Length..].Trim(' ', '"');
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{server}/api/v1/namespaces/shop/pods");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var response = await http.SendAsync(request);
        var pods = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["items"]!.AsArray().OfType<JsonObject>().ToList();
        pods.Count.ShouldBe(Shop.Services.Count + 1);
        return pods;
    }

    // From Kubernetes' range for node ports, free at this moment.
}
