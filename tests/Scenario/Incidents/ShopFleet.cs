using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Ops.FleetScenario;
using Ops.Testing;

namespace Ops.IncidentScenario;

/// <summary>The real ./ops up with the shop and without model servers, in a state folder of its own.</summary>
internal sealed class ShopFleet : IAsyncDisposable
{
    // Generous on purpose: what took how long is printed, never asserted.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly string folder = Directory.CreateTempSubdirectory("ops-incidents-").FullName;
    private readonly HttpClient cluster = new() { Timeout = TimeSpan.FromSeconds(30) };
    private readonly HttpClient pods = new() { Timeout = TimeSpan.FromSeconds(30) };
    private OpsProcess? up;

    private string State => Path.Combine(folder, "state");

    /// <summary>Starts it and waits until it is ready.</summary>
    public static async Task<ShopFleet> StartAsync()
    {
        var fleet = new ShopFleet();
        // A port of this process's own, so that the suite runs beside a user's ./ops up.
        var port = FreePort.ForNode().ToString(CultureInfo.InvariantCulture);
        fleet.up = OpsProcess.Start("up", "--fresh", "--shop", "--no-samples", "--state", fleet.State, "--api-port", "0", "--router-port", port);
        await fleet.up.ReadyAsync(Patience);
        var address = fleet.up.Output.Split('\n').First(line => line.Contains("api server", StringComparison.Ordinal)).Split(' ')[^1];
        var token = File.ReadLines(fleet.up.Value("kubeconfig")).Select(line => line.Trim()).First(line => line.StartsWith("token:", StringComparison.Ordinal))["token:".Length..].Trim(' ', '"');
        fleet.cluster.BaseAddress = new Uri(address);
        fleet.cluster.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return fleet;
    }

    /// <summary>Has the root-cause service write down what it reads.</summary>
    public async Task RecordAsync(string file)
    {
        await KubectlAsync($$"""-n ops-system patch deploy rca --type=json -p '[{"op":"add","path":"/spec/template/spec/containers/0/args/-","value":"--record"},{"op":"add","path":"/spec/template/spec/containers/0/args/-","value":"{{file}}"}]'""");
        await EventuallyAsync("the root-cause service runs anew", () => GetAsync("/api/v1/namespaces/ops-system/pods?labelSelector=app.kubernetes.io/component=rca"), pods =>
            pods["items"]!.AsArray() is [{ } only] && ((string?)only["status"]?["phase"]) == "Running" && only["spec"]!["containers"]![0]!["args"]!.AsArray().Any(argument => (string?)argument == file));
    }

    /// <summary>Waits until the root-cause service knows what is normal for most of what it watches.</summary>
    public async Task LearnedAsync()
    {
        var pod = (await GetAsync("/api/v1/namespaces/ops-system/pods?labelSelector=app.kubernetes.io/component=rca"))["items"]!.AsArray().Single()!;
        var metrics = new Uri($"http://{(string?)pod["status"]!["podIP"]}:8080/metrics");
        await EventuallyAsync("the root-cause service has references", async () => Value(await pods.GetStringAsync(metrics), "ops_rca_reference_share"), share => share > 0.5);
    }

    /// <summary>Runs ./ops chaos.</summary>
    public async Task<string> ChaosAsync(params string[] arguments)
    {
        var (code, output) = await OpsProcess.RunAsync(TimeSpan.FromSeconds(60), ["chaos", .. arguments, "--state", State]);
        return code == 0 ? output : throw new InvalidOperationException($"./ops chaos {string.Join(' ', arguments)} ended with {code}: {output}");
    }

    /// <summary>Waits for an incident.</summary>
    public async Task<JsonNode> IncidentAsync(string what, Func<JsonNode, bool> holds)
    {
        var list = await EventuallyAsync(what, IncidentsAsync, incidents => incidents.Any(incident => holds(incident!)));
        return list.First(incident => holds(incident!))!;
    }

    /// <summary>Has the operator repair the shop by itself, by every action of the catalogue that a policy allows unasked.</summary>
    public async Task HealAsync()
    {
        await KubectlAsync($"-n shop apply -f '{Path.Combine(Repository.Root, "manifests", "samples", "healing.yaml")}'");
        await KubectlAsync("""-n shop patch hp shop --type=merge -p '{"spec":{"autonomy":"auto","verifyWithin":"5s","budget":{"actionsPerHour":100}}}'""");
        await EventuallyAsync(
            "the shop is watched and remembered", () => GetAsync("/apis/ops.autonomic.dev/v1alpha1/namespaces/shop/healingpolicies/shop"),
            policy => (int?)policy["status"]?["remembered"] > 0 && (int?)policy["status"]?["findings"] == 0 && (int?)policy["status"]?["observedGeneration"] == (int?)policy["metadata"]!["generation"]);
    }

    /// <summary>All objects of a kind in the shop's namespace.</summary>
    /// <param name="path">Group, version and resource, for example <c>apps/v1/deployments</c>.</param>
    public async Task<JsonArray> ListAsync(string path)
    {
        var parts = path.Split('/');
        return (await GetAsync($"/apis/{parts[0]}/{parts[1]}/namespaces/shop/{parts[2]}"))["items"]!.AsArray();
    }

    /// <summary>All incidents.</summary>
    public async Task<JsonArray> IncidentsAsync() => (await GetAsync("/apis/ops.autonomic.dev/v1alpha1/incidents"))["items"]!.AsArray();

    /// <summary>What kubectl prints.</summary>
    public async Task<string> KubectlAsync(string arguments) => (await Shell.PasteAsync($"kubectl --kubeconfig '{up!.Value("kubeconfig")}' {arguments}")).Output;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (up is not null)
            await up.DisposeAsync();
        cluster.Dispose();
        pods.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private async Task<JsonNode> GetAsync(string path) => JsonNode.Parse(await cluster.GetStringAsync(path))!;

    private static double Value(string page, string name) => page.Split('\n').Where(line => line.StartsWith(name + " ", StringComparison.Ordinal))
        .Select(line => double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture)).FirstOrDefault();

    private async Task<T> EventuallyAsync<T>(string what, Func<Task<T>> read, Func<T, bool> holds)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var value = await read();
            if (holds(value))
                return value;
            if (TimeProvider.System.GetElapsedTime(start) > Patience)
                throw new InvalidOperationException($"Not seen within {Patience.TotalSeconds:0} s: {what}. Last: {(value is JsonNode json ? json.ToJsonString() : $"{value}")}\n{await KubectlAsync("-n ops-system logs deploy/rca --tail=30")}");
            await Task.Delay(500);
        }
    }
}
