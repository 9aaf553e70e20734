using System.Net;
using k8s;
using k8s.Models;
using Ops.Api;

namespace Ops.KubeFuzz.Tests;

/// <summary>Writer, events and lease against the sandbox and against a real kube-apiserver: the same code, the same outcomes.</summary>
public sealed class WriterScenarioTests(Servers servers) : IClassFixture<Servers>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("sandbox")]
    [InlineData("real")]
    public async Task An_intent_is_written_when_it_differs_and_never_otherwise(string server)
    {
        using var client = await ClientAsync(server);
        var writer = new ApplyWriter(client);
        var created = await writer.ApplyAsync(Pool("pool-a", replicas: 2), null, Token);
        created.Outcome.ShouldBe(WriteOutcome.Created);
        (await new ApplyWriter(client).ApplyAsync(Pool("pool-a", replicas: 2), created.Object, Token)).Outcome
            .ShouldBe(WriteOutcome.Unchanged, "a restarted process sees from the object that its intent is in force");
        (await new ApplyWriter(client).ApplyAsync(Pool("pool-a", replicas: 2), null, Token)).Object!.Metadata.ResourceVersion
            .ShouldBe(created.Object!.Metadata.ResourceVersion, "a request that changes nothing leaves the version alone");

        var raised = await writer.ApplyAsync(Pool("pool-a", replicas: 3), created.Object, Token);
        (raised.Outcome, raised.Object!.Spec.Replicas).ShouldBe((WriteOutcome.Updated, 3));
        var dropped = await writer.ApplyAsync(Pool("pool-a", replicas: null, energy: null), raised.Object, Token);
        dropped.Outcome.ShouldBe(WriteOutcome.Updated);
        // The default of energy.mode is the server's own; it may stay where the object was.
        (dropped.Object!.Spec.Energy?.ClockMHz, dropped.Object.Spec.Energy?.PowerLimitWatts).ShouldBe((null, null), "what the intent no longer has is removed");

        var foreign = await client.GetAsync<ModelPool>("default", "pool-a", Token);
        foreign!.Metadata.Labels["tier"] = "theirs";
        foreign.Metadata.Labels["team"] = "other";
        foreign = await client.ReplaceAsync(foreign, Token);
        var restored = await writer.ApplyAsync(Pool("pool-a", replicas: null, energy: null), foreign, Token);
        restored.Outcome.ShouldBe(WriteOutcome.Updated);
        restored.Object!.Metadata.Labels.ShouldContainKeyAndValue("tier", "gold");
        restored.Object.Metadata.Labels.ShouldContainKeyAndValue("team", "other");
    }

    [Theory]
    [InlineData("sandbox")]
    [InlineData("real")]
    public async Task Status_and_spec_do_not_disturb_each_other(string server)
    {
        using var client = await ClientAsync(server);
        var writer = new ApplyWriter(client);
        var pool = (await writer.ApplyAsync(Pool("pool-b", replicas: 2), null, Token)).Object!;
        var shown = await writer.ApplyStatusAsync(Status("pool-b", 2), pool, Token);
        shown.Outcome.ShouldBe(WriteOutcome.Updated);
        (shown.Object!.Status!.ReadyReplicas, shown.Object.Spec.Replicas, shown.Object.Metadata.Generation).ShouldBe((2, 2, pool.Metadata.Generation));
        (await new ApplyWriter(client).ApplyStatusAsync(Status("pool-b", 2), shown.Object, Token)).Outcome.ShouldBe(WriteOutcome.Unchanged);
        (await new ApplyWriter(client).ApplyAsync(Pool("pool-b", replicas: 2), shown.Object, Token)).Outcome.ShouldBe(WriteOutcome.Unchanged);
        var again = await writer.ApplyAsync(Pool("pool-b", replicas: 4), shown.Object, Token);
        (again.Object!.Spec.Replicas, again.Object.Status!.ReadyReplicas).ShouldBe((4, 2));
        var empty = await writer.ApplyStatusAsync(new ModelPool { Metadata = Meta("pool-b"), Status = new ModelPoolStatus { Replicas = 1 } }, again.Object, Token);
        empty.Object!.Status!.Conditions.ShouldBeNull("a condition that is no longer applied goes");
        empty.Object.Spec.Replicas.ShouldBe(4);
    }

    [Theory]
    [InlineData("sandbox")]
    [InlineData("real")]
    public async Task A_deletion_meant_for_one_object_does_not_reach_its_successor(string server)
    {
        using var client = await ClientAsync(server);
        var writer = new ApplyWriter(client);
        var first = (await writer.ApplyAsync(Pool("pool-c", replicas: 1), null, Token)).Object!;
        (await writer.DeleteAsync(first, cancellationToken: Token)).Outcome.ShouldBe(WriteOutcome.Deleted);
        var second = (await writer.ApplyAsync(Pool("pool-c", replicas: 1), null, Token)).Object!;
        second.Metadata.Uid.ShouldNotBe(first.Metadata.Uid);
        (await writer.DeleteAsync(first, cancellationToken: Token)).Outcome.ShouldBe(WriteOutcome.Absent, "another object has the name now");
        (await client.GetAsync<ModelPool>("default", "pool-c", Token)).ShouldNotBeNull();
        (await writer.DeleteAsync(second, cancellationToken: Token)).Outcome.ShouldBe(WriteOutcome.Deleted);
        (await writer.DeleteAsync(second, cancellationToken: Token)).Outcome.ShouldBe(WriteOutcome.Absent);
        (await Should.ThrowAsync<KubeApiException>(writer.ApplyStatusAsync(Status("pool-c", 7), second, Token))).StatusCode
            .ShouldBe(HttpStatusCode.NotFound, "a status creates nothing");
    }

    [Theory]
    [InlineData("sandbox")]
    [InlineData("real")]
    public async Task Workloads_with_all_their_defaults_are_recognised_as_unchanged(string server)
    {
        using var client = await ClientAsync(server);
        var deployment = (await new ApplyWriter(client).ApplyAsync(Deployment("web", "1"), null, Token)).Object!;
        (await new ApplyWriter(client).ApplyAsync(Deployment("web", "1"), deployment, Token)).Outcome.ShouldBe(WriteOutcome.Unchanged);
        var service = (await new ApplyWriter(client).ApplyAsync(Service("web"), null, Token)).Object!;
        (await new ApplyWriter(client).ApplyAsync(Service("web"), service, Token)).Outcome.ShouldBe(WriteOutcome.Unchanged);
        (await new ApplyWriter(client).ApplyAsync(Deployment("web", "2"), deployment, Token)).Outcome.ShouldBe(WriteOutcome.Updated);
    }

    [Theory]
    [InlineData("sandbox")]
    [InlineData("real")]
    public async Task A_repeated_event_is_counted_on_the_server(string server)
    {
        using var client = await ClientAsync(server);
        var pool = (await new ApplyWriter(client).ApplyAsync(Pool("pool-e", replicas: 1), null, Token)).Object!;
        var events = new EventRecorder(client, "ops-operator");
        using var stop = new CancellationTokenSource();
        var run = events.RunAsync(stop.Token);
        events.Normal(pool, "Scaled", "to 3");
        events.Normal(pool, "Scaled", "to 3");
        events.Warning(pool, "NoGpu", "none free");
        IReadOnlyList<Corev1Event> seen = [];
        for (var i = 0; i < 1000 && !(seen.Count == 2 && seen.Any(e => e.Count == 2)); i++)
        {
            await Task.Delay(10, Token);
            seen = await client.ListAsync<Corev1Event>("default", fieldSelector: $"involvedObject.uid={pool.Metadata.Uid}", cancellationToken: Token);
        }

        await stop.CancelAsync();
        await run;
        seen.Select(e => (e.Type, e.Reason, e.Message, e.Count)).Order().ShouldBe([("Normal", "Scaled", "to 3", 2), ("Warning", "NoGpu", "none free", 1)]);
    }

    [Theory]
    [InlineData("sandbox")]
    [InlineData("real")]
    public async Task A_lease_is_taken_kept_and_handed_over(string server)
    {
        using var client = await ClientAsync(server);
        var first = Candidate(client, "first");
        var second = Candidate(client, "second");
        using var stopFirst = new CancellationTokenSource();
        using var stopSecond = new CancellationTokenSource();
        var runFirst = first.RunAsync(UntilEnd, stopFirst.Token);
        await ExpectAsync(() => first.IsLeader);
        var runSecond = second.RunAsync(UntilEnd, stopSecond.Token);
        await ExpectAsync(() => second.Holder == "first");
        second.IsLeader.ShouldBeFalse();
        await stopFirst.CancelAsync();
        await runFirst;
        await ExpectAsync(() => second.IsLeader);
        await stopSecond.CancelAsync();
        await runSecond;
        var lease = await client.GetAsync<V1Lease>("default", "handover", Token);
        (lease!.Spec.HolderIdentity ?? "", lease.Spec.LeaseTransitions).ShouldBe(("", 1));
    }

    [Fact]
    public async Task A_real_server_with_faults_before_it_ends_in_agreement_too()
    {
        var (url, token) = await servers.GetAsync("real");
        await using var proxy = await FaultProxy.StartAsync(new Uri(url), Token);
        // Its history cannot be compacted from here; the 410s are the proxy's.
        var target = new FuzzTarget(url, token, proxy, () => { });
        var runs = await Task.WhenAll(Enumerable.Range(1001, 8).Select(async seed =>
        {
            using var run = new FuzzRun(target, seed, new RelistDifference<V1ConfigMap>());
            return await run.RunAsync(Token);
        }));
        Console.WriteLine($"Fault fuzz on a real server: {runs.Length} runs, {runs.Sum(r => r.Tally.Total)} faults.");
        runs.Where(r => r.Disagreement is not null).Select(r => $"seed {r.Seed}: {r.Disagreement}").ShouldBeEmpty();
    }

    private static ModelPool Pool(string name, int? replicas, EnergySpec? energy = null) => new()
    {
        Metadata = Meta(name, new Dictionary<string, string> { ["tier"] = "gold" }),
        Spec = new ModelPoolSpec
        {
            Model = "m",
            Engine = new EngineSpec { Type = "simulated", Args = ["--x", "1"] },
            Gpu = new GpuSpec { Product = "NVIDIA-H100-80GB-HBM3" },
            Replicas = replicas,
            Energy = replicas is null ? energy : new EnergySpec { ClockMHz = 1200 },
        },
    };

    private static ModelPool Status(string name, int ready) => new()
    {
        Metadata = Meta(name),
        Status = new ModelPoolStatus
        {
            ObservedGeneration = 1,
            Replicas = ready,
            ReadyReplicas = ready,
            Watts = 120.5,
            Conditions = [new V1Condition { Type = "Ready", Status = "True", Reason = "AllReady", Message = "well", LastTransitionTime = new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc) }],
        },
    };

    private static V1ObjectMeta Meta(string name, Dictionary<string, string>? labels = null) => new() { Name = name, NamespaceProperty = "default", Labels = labels };

    private static V1Deployment Deployment(string name, string cpu) => new()
    {
        ApiVersion = "apps/v1",
        Kind = "Deployment",
        Metadata = Meta(name, new Dictionary<string, string> { ["app"] = name }),
        Spec = new V1DeploymentSpec
        {
            Replicas = 2,
            Selector = new V1LabelSelector { MatchLabels = new Dictionary<string, string> { ["app"] = name } },
            Template = new V1PodTemplateSpec
            {
                Metadata = new V1ObjectMeta { Labels = new Dictionary<string, string> { ["app"] = name } },
                Spec = new V1PodSpec
                {
                    NodeSelector = new Dictionary<string, string> { ["nvidia.com/gpu.product"] = "H100" },
                    Tolerations = [new V1Toleration { Key = "gpu", OperatorProperty = "Exists" }],
                    Containers =
                    [
                        new V1Container
                        {
                            Name = "engine",
                            Image = "img:1",
                            Args = ["--port", "8000"],
                            Env = [new V1EnvVar { Name = "POD_IP", ValueFrom = new V1EnvVarSource { FieldRef = new V1ObjectFieldSelector { FieldPath = "status.podIP" } } }, new V1EnvVar { Name = "A", Value = "b" }],
                            Ports = [new V1ContainerPort { Name = "http", ContainerPort = 8000 }],
                            Resources = new V1ResourceRequirements { Limits = new Dictionary<string, ResourceQuantity> { ["cpu"] = new(cpu), ["nvidia.com/gpu"] = new("1") } },
                            ReadinessProbe = new V1Probe { HttpGet = new V1HTTPGetAction { Path = "/health", Port = "http" }, PeriodSeconds = 2 },
                        },
                    ],
                },
            },
        },
    };

    private static V1Service Service(string name) => new()
    {
        ApiVersion = "v1",
        Kind = "Service",
        Metadata = Meta(name, new Dictionary<string, string> { ["app"] = name }),
        Spec = new V1ServiceSpec { Selector = new Dictionary<string, string> { ["app"] = name }, Ports = [new V1ServicePort { Name = "http", Port = 80, TargetPort = "http", Protocol = "TCP" }] },
    };

    private static LeaderLease Candidate(KubeClient client, string identity) => new(client, new LeaderLeaseOptions
    {
        Namespace = "default",
        Name = "handover",
        Identity = identity,
        RetryPeriod = TimeSpan.FromMilliseconds(100),
    });

    private static Task UntilEnd(CancellationToken cancellationToken) => Task.Delay(Timeout.Infinite, cancellationToken);

    private static async Task ExpectAsync(Func<bool> condition)
    {
        for (var i = 0; i < 3000 && !condition(); i++)
            await Task.Delay(10, Token);
        condition().ShouldBeTrue();
    }

    private async Task<KubeClient> ClientAsync(string server)
    {
        var (url, token) = await servers.GetAsync(server);
        return new KubeClient(new KubernetesClientConfiguration { Host = url, AccessToken = token, SkipTlsVerify = true });
    }
}
