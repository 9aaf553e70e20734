using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Ops.Api;
using Ops.Healing.Catalogue;
using Ops.Healing.Cluster;
using Ops.Healing.Content;
using Ops.Healing.Memory;
using Ops.Sandbox.Api;
using Ops.Sandbox.Node;
using Ops.Sandbox.ShopPlan;
using Ops.Testing;

namespace Ops.HealingScenario;

/// <summary>
/// A sandbox with three services of the shop under a HealingPolicy, and the operator as a process with its own account's
/// rights. The services are those that call no other, so that a fault stays where it is.
/// </summary>
public sealed class HealingWorld : IAsyncDisposable
{
    public const string Ns = "shop";

    /// <summary>Another image of the shop that runs.</summary>
    public const string NextImage = "ops.autonomic.dev/shop:0.1.1";

    private readonly WorldShape shape;
    private readonly HttpClient processes = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(30) };
    private readonly string folder = Directory.CreateTempSubdirectory("ops-healing-").FullName;
    private readonly LoopbackRanges addresses = LoopbackRanges.Take((uint)Environment.ProcessId);
    private ApiServer server = null!;
    private SandboxNode node = null!;
    private ChildProcess? healer;
    private bool isDisposed;
    private int runs;
    private int looks;

    private HealingWorld(WorldShape shape) => this.shape = shape;

    /// <summary>The stock kubectl with all rights.</summary>
    public Kubectl Kubectl { get; private set; } = null!;

    /// <summary>Seconds from the creation of the slowest pod to its readiness, at the start.</summary>
    public double StartSeconds { get; private set; }

    /// <summary>Starts everything and waits until all is well and remembered.</summary>
    /// <param name="cancellation">Stops.</param>
    /// <param name="shape">What runs in it; null for the world of the faults.</param>
    public static async Task<HealingWorld> StartAsync(CancellationToken cancellation, WorldShape? shape = null)
    {
        var world = new HealingWorld(shape ?? new());
        try
        {
            await world.StartClusterAsync(cancellation);
            await world.StartOperatorAsync(cancellation);
            await world.WellAsync(cancellation);
            return world;
        }
        catch
        {
            await world.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (isDisposed)
            return;
        isDisposed = true;
        if (healer is not null)
            await healer.DisposeAsync();
        if (node is not null)
            await node.DisposeAsync();
        if (server is not null)
            await server.DisposeAsync();
        addresses.Dispose();
        Kubectl?.Dispose();
        processes.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Has the policy ask a model for every finding.</summary>
    /// <param name="endpoint">Its base address.</param>
    /// <param name="timeout">How long an answer is waited for, as a Go duration.</param>
    /// <param name="cancellation">Stops.</param>
    public Task UseModelAsync(string endpoint, string timeout, CancellationToken cancellation) => KubectlAsync(
        ["-n", Ns, "patch", "hp", "shop", "--type=merge", "-p", $$$$"""{"spec":{"llm":{"endpoint":"{{{{endpoint}}}}","deployment":"simulated","use":"always","samples":2,"timeout":"{{{{timeout}}}}","tokensPerHour":100000000}}}"""],
        cancellation);

    /// <summary>Kills the operator without a word, as a lost node would.</summary>
    public async Task KillOperatorAsync()
    {
        await healer!.DisposeAsync();
        healer = null;
    }

    /// <summary>Starts the operator; a killed one's lease runs out first.</summary>
    public async Task StartOperatorAsync(CancellationToken cancellation)
    {
        var home = Directory.CreateDirectory(Path.Combine(folder, $"operator-{++runs}")).FullName;
        var kubeconfig = Path.Combine(home, "kubeconfig");
        await File.WriteAllTextAsync(kubeconfig, server.KubeconfigFor(server.IssueServiceAccountToken(WellKnown.SystemNamespace, "operator")), cancellation);
        healer = ChildProcess.Start(
            Repository.Executable("Ops.Operator"),
            // Nobody asks it anything here, so the system may choose the port when it listens: none can be taken in between.
            ["--urls", "http://127.0.0.1:0"],
            Path.Combine(home, "log"),
            new Dictionary<string, string?> { ["KUBECONFIG"] = kubeconfig, ["HOME"] = home });
    }

    /// <summary>Waits until everything runs, the policy says so and the memory has it.</summary>
    public async Task WellAsync(CancellationToken cancellation)
    {
        await UntilAsync(
            "everything is well and remembered",
            // A policy that was just changed counts once the healer has read it: the next plan must not run under the old one.
            () => IsHealthy() && server.Local.List<ModelPool>(Ns).All(pool => Conditions.IsTrue(pool.Status?.Conditions, "Ready"))
                && Policy() is { Status: { Findings: 0 } status } policy && status.ObservedGeneration == policy.Metadata.Generation && Conditions.IsTrue(status.Conditions, "Ready")
                && Incidents().All(one => one.Status?.Phase == IncidentPhases.Resolved)
                && Memory() is var memory && Contents().Keys.Where(key => !IsUnremembered(key)).All(memory.States.ContainsKey),
            cancellation);
        StartSeconds = Math.Max(StartSeconds, server.Local.List<V1Pod>(Ns)
            .Select(pod => (pod.Status?.Conditions?.FirstOrDefault(one => one is { Type: "Ready", Status: "True" })?.LastTransitionTime - pod.Metadata.CreationTimestamp)?.TotalSeconds ?? 0).Max());
    }

    /// <summary>
    /// Waits until the healer has looked at everything as it is now, found nothing wrong and remembers it: a ConfigMap that is
    /// made after all else is learnt only in a look without findings. Twice, since the healer's watches are not one.
    /// </summary>
    public async Task RememberedAsync(CancellationToken cancellation)
    {
        for (var look = 1; look <= 2; look++)
        {
            var mark = $"look-{++looks}";
            await KubectlAsync(["-n", Ns, "create", "configmap", mark], cancellation);
            await UntilAsync("everything is remembered as it is", () => Memory() is var memory && memory.Of(V1ConfigMap.KubeKind, mark) is not null && Contents().All(pair => memory.States.GetValueOrDefault(pair.Key) is { } state ? state.Digest == pair.Value : IsUnremembered(pair.Key)), cancellation);
        }

        await KubectlAsync(["-n", Ns, "delete", "cm", $"look-{looks - 1}", $"look-{looks}"], cancellation);
    }

    /// <summary>Whether every Deployment runs as it should, with an address behind each Service.</summary>
    public bool IsHealthy() =>
        server.Local.List<V1Deployment>(Ns) is { Count: > 0 } deployments
        && deployments.All(one => one.Spec.Replicas is > 0 and var wanted && one.Status is { } now && now.ObservedGeneration == one.Metadata.Generation && now.ReadyReplicas == wanted && now.UpdatedReplicas == wanted && now.Replicas == wanted)
        && shape.Services.Where(name => name != Sandbox.ShopPlan.Shop.Load).All(name => server.Local.List<V1EndpointSlice>(Ns).Any(slice => slice.Metadata.Labels is { } labels && labels[Labels.ServiceName] == name && slice.Ports?.Count > 0 && slice.Endpoints?.Any(end => end.Conditions?.Ready == true) == true));

    /// <summary>The content of everything that people write in the namespace, by kind and name.</summary>
    public IReadOnlyDictionary<string, string> Contents() => new[]
        {
            Digests<V1Deployment>(Ns), Digests<V1Service>(Ns), Digests<V1ConfigMap>(Ns), Digests<V1ServiceAccount>(Ns), Digests<V1ResourceQuota>(Ns), Digests<V1LimitRange>(Ns),
            Digests<V1Ingress>(Ns), Digests<V1NetworkPolicy>(Ns), Digests<V2HorizontalPodAutoscaler>(Ns), Digests<V1Role>(Ns), Digests<V1RoleBinding>(Ns),
            Digests<V1PersistentVolumeClaim>(Ns), Digests<V1PersistentVolume>(null), Digests<V1StorageClass>(null), Digests<V1Node>(null), Digests<V1Namespace>(null), Digests<V1PriorityClass>(null), Digests<V1ValidatingWebhookConfiguration>(null), Digests<V1MutatingWebhookConfiguration>(null), Digests<V1ClusterRole>(null), Digests<V1ClusterRoleBinding>(null),
            Digests<ModelPool>(Ns), Digests<HealingPolicy>(Ns), Digests<Approver>(Ns),
        }
        .SelectMany(pairs => pairs).ToDictionary();

    /// <summary>The pods of a Deployment of the shop that are not leaving.</summary>
    public IReadOnlyList<V1Pod> Pods(string deployment) => [.. server.Local.List<V1Pod>(Ns).Where(pod => pod.Metadata.DeletionTimestamp is null && pod.Metadata.Labels?.TryGetValue("app.kubernetes.io/name", out var name) == true && name == deployment)];

    /// <summary>Injects a fault into every process of a service; a new process has none.</summary>
    public async Task BreakAsync(string service, string fault, CancellationToken cancellation)
    {
        foreach (var pod in Pods(service))
        {
            using var answer = await processes.PostAsJsonAsync($"http://{pod.Status.PodIP}:8080/chaos", new { fault, strength = 1.0, forSeconds = 600 }, cancellation);
            answer.EnsureSuccessStatusCode();
        }
    }

    /// <summary>Ends every fault in the processes of a service.</summary>
    public async Task MendAsync(string service, CancellationToken cancellation)
    {
        foreach (var pod in Pods(service))
            (await processes.DeleteAsync($"http://{pod.Status.PodIP}:8080/chaos", cancellation)).Dispose();
    }

    /// <summary>A Deployment, or null.</summary>
    public V1Deployment? Deployment(string name) => server.Local.Get<V1Deployment>(Ns, name);

    /// <summary>The incidents.</summary>
    public IReadOnlyList<Incident> Incidents() => server.Local.List<Incident>(Ns);

    /// <summary>Writes an incident as the root-cause service would; it is simulated, that service does not run here.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="scores">Suspects with their scores, the first one with the symptom; empty for a resolved one.</param>
    public void Suspect(string name, params IReadOnlyList<(string Service, double Score)> scores)
    {
        var incident = server.Local.Get<Incident>(Ns, name)
            ?? server.Local.Create(new Incident { Metadata = new() { Name = name, NamespaceProperty = Ns, Labels = new Dictionary<string, string> { [Labels.ManagedBy] = Labels.ManagedByOps } }, Spec = new() { Type = IncidentTypes.Performance } });
        incident.Status = (incident.Status ?? new()) with { Phase = scores.Count > 0 ? IncidentPhases.Open : IncidentPhases.Resolved };
        if (scores is [var first, ..])
        {
            incident.Status = incident.Status with
            {
                Symptom = $"{Ns}/{first.Service}: request mean (simulated)",
                Symptoms = [new() { Target = new() { Namespace = Ns, Name = first.Service }, Metric = "request mean" }],
                Causes = [.. scores.Select((one, place) => new IncidentCause { Rank = place + 1, Target = new() { Namespace = Ns, Name = one.Service }, Metric = "own time", Score = one.Score, LagSeconds = place, Reasons = ["own time rose (simulated)"] })],
            };
        }

        server.Local.UpdateStatus(incident);
    }

    /// <summary>The remediations.</summary>
    public IReadOnlyList<Remediation> Remediations() => server.Local.List<Remediation>(Ns);

    /// <summary>The policy.</summary>
    public HealingPolicy? Policy() => server.Local.Get<HealingPolicy>(Ns, "shop");

    /// <summary>Runs kubectl and expects success.</summary>
    public async Task<string> KubectlAsync(IEnumerable<string> arguments, CancellationToken cancellation, string? input = null) =>
        (await Kubectl.RunAsync(arguments, cancellation, input)).OrThrow().Output;

    /// <summary>Runs kubectl in the shop's namespace, one command after the other, expects success, and gives what each said.</summary>
    public async Task<IReadOnlyList<string>> RunAsync(IEnumerable<KubectlCommand> commands, CancellationToken cancellation)
    {
        var said = new List<string>();
        foreach (var command in commands)
            said.Add(await KubectlAsync(["-n", Ns, .. command.Arguments], cancellation, command.Input));
        return said;
    }

    /// <summary>Waits for a state that is there in the end.</summary>
    /// <exception cref="TimeoutException">It did not come; the message has the end of the operator's log.</exception>
    public async Task UntilAsync(string what, Func<bool> holds, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(shape.Patience);
        while (!holds())
        {
            try
            {
                await Task.Delay(50, limit.Token);
            }
            catch (OperationCanceledException end) when (!cancellation.IsCancellationRequested)
            {
                throw new TimeoutException($"{what}: not within {shape.Patience.TotalSeconds} s.\n{Describe()}\n{healer?.Tail()}", end);
            }
        }
    }

    private async Task StartClusterAsync(CancellationToken cancellation)
    {
        server = await ApiServer.StartAsync(new() { ServiceAddressRange = IPNetwork.Parse(addresses.Services) }, cancellation);
        node = await SandboxNode.StartAsync(
            server,
            new()
            {
                // One for the shop, and one that takes nobody: what every node must have, that one lacks.
                Nodes = [new("node-0") { Gpus = 4, GpuProduct = "NVIDIA-H100-80GB-HBM3" }, new("edge")],
                Images = new Dictionary<string, ImageEntry>
                {
                    ["ops.autonomic.dev/shop:0.1.0"] = new(Repository.Executable("Ops.Sandbox.Shop")),
                    // The same program as another version: what a rollback goes back from.
                    [NextImage] = new(Repository.Executable("Ops.Sandbox.Shop")),
                    [EngineTypes.DefaultImage(EngineTypes.Simulated)] = new(Repository.Executable("Ops.Sandbox.ModelServer")),
                },
                PodAddressRange = addresses.Pods,
                ServiceAddressRange = addresses.Services,
                WorkDirectory = Path.Combine(folder, "node"),
            },
            cancellation);
        Kubectl = new(server.KubeconfigFor(server.AdminToken));
        await SandboxSetup.ApplyAsync(Kubectl, ["deploy/namespace.yaml", "crds", "rbac", "samples/shop/namespace.yaml", "samples/healing-nodes.yaml", "samples/healing-webhooks.yaml"], cancellation);
        await KubectlAsync(["-n", Ns, "apply", "-f", "-"], cancellation, await ShopAsync(cancellation));
        await KubectlAsync(["taint", "node", "edge", "for=nobody:NoSchedule"], cancellation);
        if (shape.HasFaults)
            await RunAsync(ObjectFaults.All.SelectMany(fault => fault.Given).Distinct(), cancellation);
        await KubectlAsync(["-n", Ns, "apply", "-f", Path.Combine(Repository.Root, "manifests/samples/healing.yaml")], cancellation);
        foreach (var more in (string[])["healing-access.yaml", "healing-namespace.yaml"])
            await KubectlAsync(["-n", Ns, "apply", "-f", Path.Combine(Repository.Root, "manifests/samples", more)], cancellation);
        // What reaches beyond the namespace is allowed by name only.
        var actions = new JsonArray([.. ActionCatalogue.All.Where(action => !action.IsDestructive).Select(action => (JsonNode)action.Type)]).ToJsonString();
        await KubectlAsync(["-n", Ns, "patch", "hp", "shop", "--type=merge", "-p", $$$"""{"spec":{"autonomy":"auto","verifyWithin":"2s","orphanedAfter":"3s","budget":{"actionsPerHour":1000},"actions":{{{actions}}}}}"""], cancellation);
    }

    // The documents of the sample shop that belong to the services of this world.
    private async Task<string> ShopAsync(CancellationToken cancellation)
    {
        var shop = Path.Combine(Repository.Root, "manifests", "samples", "shop");
        var documents = new List<string> { await File.ReadAllTextAsync(Path.Combine(shop, "settings.yaml"), cancellation) };
        // Services first: a process knows by its environment those that were there when it started.
        foreach (var file in (string[])["services.yaml", "deployments.yaml"])
        {
            documents.AddRange((await File.ReadAllTextAsync(Path.Combine(shop, file), cancellation)).Split("\n---\n")
                .Where(document => shape.Services.Any(name => document.Contains($"metadata:\n  name: {name}\n", StringComparison.Ordinal)))
                .Select(shape.Document));
        }

        return string.Join("\n---\n", documents);
    }

    private Baseline Memory() => Baseline.Read(server.Local.Get<V1ConfigMap>(WellKnown.SystemNamespace, $"healing-memory-{Ns}")?.Data);

    // The rest is compared and not remembered, or not wholly: bindings of others' accounts, nodes without a pod.
    private static bool IsUnremembered(string key) => key != $"{V1Namespace.KubeKind}/{Ns}" && key.Split('/')[0] is not (V1Deployment.KubeKind or V1Service.KubeKind or V1ConfigMap.KubeKind or V1ResourceQuota.KubeKind or V1LimitRange.KubeKind or V1Ingress.KubeKind or V1NetworkPolicy.KubeKind or V1ValidatingWebhookConfiguration.KubeKind or V1MutatingWebhookConfiguration.KubeKind or ModelPool.KindName);

    private IEnumerable<KeyValuePair<string, string>> Digests<T>(string? ns)
        where T : class, IKubernetesObject<V1ObjectMeta> => server.Local.List<T>(ns)
        .Select(one => KeyValuePair.Create($"{NamespaceSnapshot.KindOf(one)}/{one.Metadata.Name}", one.Metadata.DeletionTimestamp is not null ? "is being deleted" : ObjectContent.Digest(JsonNode.Parse(KubernetesJson.Serialize((object)one))!.AsObject())));

    private string Describe() => string.Join('\n',
        Incidents().Select(one => $"incident {one.Metadata.Name} {one.Status?.Phase} {one.Status?.Reason}")
            .Concat(Remediations().Select(one => $"remediation {one.Metadata.Name} {one.Status?.Phase} {one.Status?.Reason}"))
            .Concat(server.Local.List<V1Deployment>(Ns).Select(one => $"deployment {one.Metadata.Name} {one.Status?.ReadyReplicas}/{one.Spec.Replicas} updated {one.Status?.UpdatedReplicas}"))
            .Append($"policy {KubernetesJson.Serialize(Policy()?.Status)}"));
}
