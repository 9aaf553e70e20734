using System.Net;
using System.Text.Json;
using k8s;
using k8s.Models;
using Ops.Api;
using Ops.Sandbox.Api;
using Ops.Sandbox.Node;
using Ops.Testing;

[assembly: AssemblyFixture(typeof(Ops.OperatorScenario.Fleet))]
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

namespace Ops.OperatorScenario;

/// <summary>
/// A sandbox cluster with the manifests' CRDs and roles, and the operator as a process with the rights of its own
/// service account. Every test has a namespace of its own.
/// </summary>
public sealed class Fleet : IAsyncLifetime
{
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(20) };

    // Long, because two cores may be busy with other tests; a healthy run needs a small part of it.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly string folder = Directory.CreateTempSubdirectory("ops-operator-scenario-").FullName;
    private readonly LoopbackRanges addresses = LoopbackRanges.Take((uint)Environment.ProcessId);
    private ApiServer server = null!;
    private SandboxNode node = null!;
    private string? redis;
    private string? garnet;
    private int runs;

    /// <summary>The stock kubectl with all rights.</summary>
    public Kubectl Kubectl { get; private set; } = null!;

    /// <summary>The operator's process.</summary>
    public ChildProcess Operator { get; private set; } = null!;

    /// <summary>Where the operator's process listens.</summary>
    public Uri OperatorUrl { get; private set; } = null!;

    /// <summary>Requests of all HTTP clients that change objects. The sandbox's own controllers work inside its process and do not count; the lease is an update.</summary>
    public long Patches => server.RequestsOf("patch") + server.RequestsOf("create") + server.RequestsOf("delete");

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        var cancellation = TestContext.Current.CancellationToken;
        redis = await RedisBinary.FindAsync(cancellation);
        garnet = await GarnetBinary.FindAsync(cancellation);
        server = await ApiServer.StartAsync(new() { ServiceAddressRange = IPNetwork.Parse(addresses.Services) }, cancellation);
        node = await SandboxNode.StartAsync(
            server,
            new()
            {
                Nodes =
                [
                    new("gpu-0") { Gpus = 4, GpuProduct = Products.H100 },
                    new("cpu-0"),
                ],
                Images = new Dictionary<string, ImageEntry>
                {
                    [EngineTypes.DefaultImage(EngineTypes.Simulated)] = new(Repository.Executable("Ops.Sandbox.ModelServer")),
                    ["ops.autonomic.dev/power-agent:0.1.0"] = new(Repository.Executable("Ops.PowerAgent")),
                    ["failing:1"] = new("/bin/sh") { LeadingArguments = ["-c", "echo the weights are broken >&2; exit 7"] },
                    [StoreEngines.DefaultImage(StoreEngines.Redis)] = new(redis ?? "/nowhere/redis-server"),
                    [StoreEngines.DefaultImage(StoreEngines.Garnet)] = new(garnet ?? "/nowhere/garnet-server"),
                },
                PodAddressRange = addresses.Pods,
                ServiceAddressRange = addresses.Services,
                WorkDirectory = Path.Combine(folder, "node"),
            },
            cancellation);
        Kubectl = new(server.KubeconfigFor(server.AdminToken));
        await SandboxSetup.ApplyAsync(Kubectl, ["deploy/namespace.yaml", "crds", "rbac"], cancellation);
        // The first apply cached discovery from before the CRDs. Most verbs read it anew when a kind is missing; explain
        // does not, so a run whose first test is an explain would fail. This reads it anew for all.
        await KubectlAsync(["api-resources", "--api-group", ApiGroup.Name]);
        await StartOperatorAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Operator is not null)
            await Operator.DisposeAsync();
        if (node is not null)
            await node.DisposeAsync();
        if (server is not null)
            await server.DisposeAsync();
        addresses.Dispose();
        Kubectl?.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Starts the operator and waits until it is ready.</summary>
    public async Task StartOperatorAsync()
    {
        var home = Directory.CreateDirectory(Path.Combine(folder, $"operator-{++runs}")).FullName;
        var kubeconfig = Path.Combine(home, "kubeconfig");
        await File.WriteAllTextAsync(kubeconfig, server.KubeconfigFor(server.IssueServiceAccountToken("ops-system", "operator")));
        OperatorUrl = new($"http://127.0.0.1:{FreePort.Any()}");
        Operator = ChildProcess.Start(
            Repository.Executable("Ops.Operator"),
            ["--urls", OperatorUrl.ToString(), "--scrape-interval", "500ms"],
            Path.Combine(home, "log"),
            new Dictionary<string, string?> { ["KUBECONFIG"] = kubeconfig, ["HOME"] = home });
        await UntilAsync("the operator is ready", async () =>
        {
            Operator.HasExited.ShouldBeFalse(Operator.Tail());
            return await StatusOfAsync("readyz") == HttpStatusCode.OK;
        });
    }

    /// <summary>The status of one of the operator's own endpoints, or null while it does not answer.</summary>
    public async Task<HttpStatusCode?> StatusOfAsync(string path)
    {
        try
        {
            using var answer = await Http.GetAsync(new Uri(OperatorUrl, path));
            return answer.StatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException { InnerException: TimeoutException })
        {
            return null;
        }
    }

    /// <summary>The operator's metrics page.</summary>
    public Task<string> MetricsAsync() => Http.GetStringAsync(new Uri(OperatorUrl, "metrics"));

    /// <summary>Deletes a namespace with all that is in it, without waiting for the end.</summary>
    public Task DropAsync(string ns) => KubectlAsync(["delete", "namespace", ns, "--wait=false"]);

    /// <summary>Skips the test where no redis-server can be had.</summary>
    public void RequireRedis() => Assert.SkipWhen(redis is null, RedisBinary.Missing);

    /// <summary>Skips the test where no garnet-server can be had.</summary>
    public void RequireGarnet() => Assert.SkipWhen(garnet is null, GarnetBinary.Missing);

    /// <summary>Makes a namespace.</summary>
    public Task NamespaceAsync(string ns) => KubectlAsync(["create", "-f", "-"], $"---\n{{apiVersion: v1, kind: Namespace, metadata: {{name: {ns}}}}}");

    /// <summary>Runs kubectl and expects success.</summary>
    public async Task<string> KubectlAsync(IEnumerable<string> arguments, string? input = null) =>
        (await Kubectl.RunAsync(arguments, TestContext.Current.CancellationToken, input)).OrThrow().Output;

    /// <summary>Runs kubectl and expects a refusal, whose words are returned.</summary>
    public async Task<string> RefusalAsync(IEnumerable<string> arguments, string? input = null)
    {
        var result = await Kubectl.RunAsync(arguments, TestContext.Current.CancellationToken, input);
        result.ExitCode.ShouldNotBe(0, result.Output);
        return result.Error;
    }

    /// <summary>Reads an object, or null.</summary>
    public T? Get<T>(string ns, string name)
        where T : class, IKubernetesObject<V1ObjectMeta> => server.Local.Get<T>(ns, name);

    /// <summary>Reads all objects of a namespace.</summary>
    public IReadOnlyList<T> List<T>(string ns)
        where T : class, IKubernetesObject<V1ObjectMeta> => server.Local.List<T>(ns);

    /// <summary>A pool as it is now.</summary>
    public async Task<ModelPool> PoolAsync(string ns, string name) =>
        KubernetesJson.Deserialize<ModelPool>(await KubectlAsync(["-n", ns, "get", "mp", name, "-o", "json"]));

    /// <summary>A route as it is now.</summary>
    public async Task<ModelRoute> RouteAsync(string ns, string name) =>
        KubernetesJson.Deserialize<ModelRoute>(await KubectlAsync(["-n", ns, "get", "mr", name, "-o", "json"]));

    /// <summary>A budget as it is now.</summary>
    public async Task<EnergyBudget> BudgetAsync(string name) =>
        KubernetesJson.Deserialize<EnergyBudget>(await KubectlAsync(["get", "eb", name, "-o", "json"]));

    /// <summary>Asks the ready replicas of a pool in turn until disposed.</summary>
    internal Asking Ask(string ns, string pool, string model, int everyMilliseconds) => new(() => Replicas(ns, pool), model, TimeSpan.FromMilliseconds(everyMilliseconds));

    /// <summary>Where a pool's pods listen.</summary>
    internal IReadOnlyList<Uri> Replicas(string ns, string pool) =>
        [.. List<V1Pod>(ns)
            .Where(pod => pod.Metadata.Labels?.TryGetValue(Labels.Pool, out var name) == true && name == pool && pod.Status?.PodIP is not null)
            .Select(pod => new Uri($"http://{pod.Status.PodIP}:8000/"))];

    /// <summary>Whether a simulated model server says that its model sleeps; false while it does not answer.</summary>
    internal static async Task<bool> SleepsAsync(Uri replica)
    {
        try
        {
            using var answer = JsonDocument.Parse(await Http.GetStringAsync(new Uri(replica, "is_sleeping")));
            return answer.RootElement.GetProperty("is_sleeping").GetBoolean();
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException { InnerException: TimeoutException })
        {
            return false;
        }
    }

    /// <summary>What a model server says that it serves.</summary>
    internal static Task<string> ModelsAsync(Uri replica) => Http.GetStringAsync(new Uri(replica, "v1/models"), TestContext.Current.CancellationToken);

    /// <summary>Waits until a pool's condition has a status and, if given, a reason.</summary>
    public async Task<V1Condition> ConditionAsync(string ns, string pool, string type, bool isTrue, string? reason = null)
    {
        V1Condition? found = null;
        await UntilAsync($"{type} of {pool} is {isTrue} {reason}", async () =>
        {
            var now = await PoolAsync(ns, pool);
            found = Conditions.Find(now.Status?.Conditions, type);
            return now.Status?.ObservedGeneration == now.Metadata.Generation
                && found is not null && found.Status == (isTrue ? "True" : "False") && (reason is null || found.Reason == reason);
        });
        return found!;
    }

    /// <summary>Waits until something holds, and says what was waited for when it never does.</summary>
    public async Task UntilAsync(string what, Func<Task<bool>> holds)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await holds())
        {
            if (TimeProvider.System.GetElapsedTime(started) > Patience)
            {
                var state = await KubectlAsync(["get", "mp,mr,sstore,deployments,statefulsets,replicasets,pods,events", "-A", "-o", "wide"]);
                Assert.Fail($"waited in vain for: {what}\n{state}\n{Operator.Tail(30)}");
            }

            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }
}

/// <summary>GPU products of the sandbox.</summary>
internal static class Products
{
    public const string H100 = "NVIDIA-H100-80GB-HBM3";
}
