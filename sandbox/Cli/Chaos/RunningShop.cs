using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Ops.Cli.Up;

namespace Ops.Cli.Chaos;

/// <summary>The shop that runs in the sandbox, found through its pods.</summary>
internal sealed class RunningShop : IDisposable
{
    private const string HowToStart = "start it with ./ops up --shop, or with kubectl apply -k manifests/samples/shop";

    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(10) };

    private RunningShop(IReadOnlyList<ShopPod> pods) => Pods = pods;

    /// <summary>Every ready pod.</summary>
    public IReadOnlyList<ShopPod> Pods { get; }

    /// <exception cref="UserError">No sandbox or no shop runs.</exception>
    public static async Task<RunningShop> FindAsync(string state, string space, CancellationToken cancellation)
    {
        var folder = Path.GetFullPath(state);
        var running = StateFolder.Find(folder) ?? throw new UserError($"No ./ops up is ready in {folder}; start one in another terminal with ./ops up --shop.");
        using var cluster = ClusterClient.Of(running);
        var pods = await cluster.ListAsync($"/api/v1/namespaces/{space}/pods?labelSelector=app.kubernetes.io/part-of=shop", cancellation);
        var ready = pods.Where(pod => pod["metadata"]?["deletionTimestamp"] is null && Conditions.IsTrue(pod, "Ready"))
            .Select(pod => new ShopPod((string)pod["metadata"]!["labels"]!["app.kubernetes.io/name"]!, new Uri($"http://{(string?)pod["status"]!["podIP"]}:8080"))).ToList();
        return ready.Count > 0
            ? new RunningShop(ready)
            : throw new UserError($"No pod of the shop is ready in namespace {space}; {HowToStart}.");
    }

    /// <summary>Injects a fault into every pod of its service.</summary>
    /// <exception cref="UserError">No pod of the service is ready, or it does not accept faults.</exception>
    public async Task InjectAsync(FaultOrder order, CancellationToken cancellation)
    {
        var targets = Pods.Where(pod => pod.Service == order.Service).ToList();
        if (targets.Count == 0)
            throw new UserError($"No pod of {order.Service} is ready; {HowToStart}.");
        var body = new JsonObject
        {
            ["fault"] = order.Fault.Name,
            ["strength"] = order.Strength,
            ["rampSeconds"] = order.Ramp.TotalSeconds,
            ["forSeconds"] = order.Span.TotalSeconds,
        };
        foreach (var pod in targets)
        {
            using var response = await AskAsync(pod, HttpMethod.Post, "/chaos", cancellation, body);
            if (response.StatusCode == HttpStatusCode.NotFound)
                throw new UserError($"{order.Service} does not accept faults: set faults to \"on\" in ConfigMap shop and restart its pods.");
            if (!response.IsSuccessStatusCode)
                throw new UserError($"{order.Service}: {(await response.Content.ReadAsStringAsync(cancellation)).Trim()}");
        }
    }

    /// <summary>Ends every fault.</summary>
    /// <returns>How many there were.</returns>
    public async Task<int> StopAsync(CancellationToken cancellation)
    {
        var ended = 0;
        foreach (var pod in Pods)
        {
            using var response = await AskAsync(pod, HttpMethod.Delete, "/chaos", cancellation);
            if (response.IsSuccessStatusCode)
                ended += (int?)(await response.Content.ReadFromJsonAsync<JsonObject>(cancellation))?["stopped"] ?? 0;
        }

        return ended;
    }

    /// <summary>What a pod says at /metrics.</summary>
    /// <exception cref="UserError">It does not answer.</exception>
    public async Task<string> MetricsAsync(ShopPod pod, CancellationToken cancellation)
    {
        using var response = await AskAsync(pod, HttpMethod.Get, "/metrics", cancellation);
        return await response.Content.ReadAsStringAsync(cancellation);
    }

    public void Dispose() => http.Dispose();

    private async Task<HttpResponseMessage> AskAsync(ShopPod pod, HttpMethod method, string path, CancellationToken cancellation, JsonObject? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(pod.Address, path)) { Content = body is null ? null : JsonContent.Create(body) };
        try
        {
            return await http.SendAsync(request, cancellation);
        }
        catch (Exception error) when (error is HttpRequestException || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            throw new UserError($"The pod of {pod.Service} at {pod.Address.Authority} does not answer: {error.Message}");
        }
    }

    // The kubeconfig that ./ops up writes has one user, with a token.
}

/// <summary>One pod of the shop.</summary>
/// <param name="Service">The service that it is a replica of.</param>
/// <param name="Address">Its own address.</param>
internal sealed record ShopPod(string Service, Uri Address);
