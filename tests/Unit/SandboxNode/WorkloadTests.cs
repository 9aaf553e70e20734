using k8s.Models;
using Ops.Sandbox.Node;

namespace Ops.SandboxNode.Tests;

public sealed class WorkloadTests
{
    [Fact]
    public async Task A_deployment_rolls_out_keeps_history_and_can_be_undone()
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.Client.Create(Make.Deployment("web", 3));
        var first = await ExpectRolledOut(sandbox, "web", 3);
        first.Status.Conditions.Select(one => (one.Type, one.Status, one.Reason)).ShouldBe(
            [("Available", "True", "MinimumReplicasAvailable"), ("Progressing", "True", "NewReplicaSetAvailable")]);
        first.Metadata.Annotations["deployment.kubernetes.io/revision"].ShouldBe("1");
        first.Metadata.Generation.ShouldBe(1);
        var set = sandbox.Client.List<V1ReplicaSet>("default").Single();
        set.Metadata.Name.ShouldBe("web-" + set.Metadata.Labels["pod-template-hash"]);
        set.Metadata.Annotations["deployment.kubernetes.io/desired-replicas"].ShouldBe("3");
        set.Metadata.Annotations["deployment.kubernetes.io/max-replicas"].ShouldBe("4");
        await sandbox.ExpectEventAsync("web", "ScalingReplicaSet", $"Scaled up replica set {set.Metadata.Name} from 0 to 3");
        await sandbox.ExpectEventAsync(set.Metadata.Name, "SuccessfulCreate", "Created pod: " + set.Metadata.Name + "-");

        Change(sandbox, one => one.Spec.Template.Metadata.Annotations = new Dictionary<string, string> { ["v"] = "2" });
        await ExpectRolledOut(sandbox, "web", 3, revision: "2");
        // Old pods may still be on their way out.
        sandbox.Client.List<V1Pod>("default").Where(pod => pod.Metadata.DeletionTimestamp is null).Select(pod => pod.Metadata.Annotations?["v"]).ShouldBe(["2", "2", "2"]);

        Change(sandbox, one => one.Spec.Template.Metadata.Annotations = null);
        await ExpectRolledOut(sandbox, "web", 3, revision: "3");
        var back = sandbox.Client.Get<V1ReplicaSet>("default", set.Metadata.Name)!;
        back.Metadata.Annotations["deployment.kubernetes.io/revision"].ShouldBe("3");
        back.Metadata.Annotations["deployment.kubernetes.io/revision-history"].ShouldBe("1");
        sandbox.Client.List<V1ReplicaSet>("default").Count.ShouldBe(2);
    }

    [Fact]
    public async Task An_idle_deployment_causes_no_writes()
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.Client.Create(Make.Deployment("web", 2));
        sandbox.Client.Create(Make.Service("web", 80, 8080));
        await ExpectRolledOut(sandbox, "web", 2);
        // Endpoint slices come last.
        await sandbox.ExpectAsync(() => sandbox.Client.List<V1EndpointSlice>("default").Any(slice => slice.Endpoints.Count(one => one.Conditions.Ready == true) == 2), "endpoints ready");
        await Task.Delay(500, TestContext.Current.CancellationToken);
        var before = sandbox.Server.StoredWrites;

        // Any controller that fights itself or another writes many times in two seconds; the node's Lease may be renewed once.
        await Task.Delay(2000, TestContext.Current.CancellationToken);

        (sandbox.Server.StoredWrites - before).ShouldBeLessThanOrEqualTo(1);
    }

    [Fact]
    public async Task A_recreate_deployment_never_mixes_templates()
    {
        await using var sandbox = await Sandbox.StartAsync();
        var deployment = Make.Deployment("web", 2);
        deployment.Spec.Strategy = new V1DeploymentStrategy { Type = "Recreate" };
        sandbox.Client.Create(deployment);
        await ExpectRolledOut(sandbox, "web", 2);
        var mixed = 0;
        using var watch = sandbox.Client.Watch<V1Pod>((_, _) =>
        {
            var templates = sandbox.Client.List<V1Pod>("default").Where(pod => pod.Status?.ContainerStatuses?[0].State?.Running is not null).Select(pod => pod.Metadata.Labels["pod-template-hash"]).Distinct().Count();
            if (templates > 1)
                Interlocked.Increment(ref mixed);
        });

        Change(sandbox, one => one.Spec.Template.Metadata.Annotations = new Dictionary<string, string> { ["v"] = "2" });

        await ExpectRolledOut(sandbox, "web", 2, revision: "2");
        mixed.ShouldBe(0);
    }

    [Fact]
    public async Task A_killed_pod_of_a_deployment_is_replaced()
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.Client.Create(Make.Deployment("web", 2));
        await ExpectRolledOut(sandbox, "web", 2);
        var victim = sandbox.Client.List<V1Pod>("default")[0];

        sandbox.Client.Delete<V1Pod>("default", victim.Metadata.Name);

        await sandbox.ExpectGoneAsync<V1Pod>(victim.Metadata.Name);
        await ExpectRolledOut(sandbox, "web", 2);
    }

    [Fact]
    public async Task Deleting_a_deployment_takes_its_sets_and_pods_along()
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.Client.Create(Make.Deployment("web", 2));
        await ExpectRolledOut(sandbox, "web", 2);

        sandbox.Client.Delete<V1Deployment>("default", "web");

        await sandbox.ExpectAsync(() => sandbox.Client.List<V1Pod>("default").Count + sandbox.Client.List<V1ReplicaSet>("default").Count == 0, "all dependents gone");
    }

    [Fact]
    public async Task Foreground_deletion_removes_the_pods_before_the_owner_and_orphan_keeps_the_set()
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.Client.Create(Make.Deployment("fore", 1));
        sandbox.Client.Create(Make.Deployment("orphan", 1));
        await ExpectRolledOut(sandbox, "fore", 1);
        await ExpectRolledOut(sandbox, "orphan", 1);

        sandbox.Client.Delete<V1Deployment>("default", "fore", "Foreground");
        await sandbox.ExpectGoneAsync<V1Deployment>("fore");
        sandbox.Client.List<V1ReplicaSet>("default", "app=fore").ShouldBeEmpty();
        sandbox.Client.List<V1Pod>("default", "app=fore").ShouldBeEmpty();

        sandbox.Client.Delete<V1Deployment>("default", "orphan", "Orphan");
        await sandbox.ExpectGoneAsync<V1Deployment>("orphan");
        var set = sandbox.Client.List<V1ReplicaSet>("default", "app=orphan").Single();
        (set.Metadata.OwnerReferences ?? []).ShouldBeEmpty();
        sandbox.Client.List<V1Pod>("default", "app=orphan").Single().Metadata.DeletionTimestamp.ShouldBeNull();
    }

    [Fact]
    public async Task A_dependent_of_an_owner_that_never_was_is_removed()
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.Client.Create(new V1ConfigMap
        {
            Metadata = new V1ObjectMeta
            {
                Name = "lost", NamespaceProperty = "default",
                OwnerReferences = [new V1OwnerReference { ApiVersion = "v1", Kind = "ConfigMap", Name = "nobody", Uid = "11111111-2222-3333-4444-555555555555" }],
            },
        });

        await sandbox.ExpectGoneAsync<V1ConfigMap>("lost");
    }

    [Fact]
    public async Task A_stateful_set_starts_in_order_updates_from_the_top_and_shrinks_from_the_top()
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.Client.Create(Make.StatefulSet("db", 3));
        await sandbox.ExpectAsync<V1StatefulSet>("db", one => one.Status is { ReadyReplicas: 3, AvailableReplicas: 3 }, "three ready");
        var pods = sandbox.Client.List<V1Pod>("default").OrderBy(pod => pod.Metadata.Name).ToList();
        pods.Select(pod => pod.Metadata.Name).ShouldBe(["db-0", "db-1", "db-2"]);
        // In order: none was created before the one below it was ready.
        for (var index = 1; index < 3; index++)
            pods[index].Metadata.CreationTimestamp!.Value.ShouldBeGreaterThanOrEqualTo(ReadySince(pods[index - 1]).AddSeconds(-1));
        pods[1].Metadata.Labels["apps.kubernetes.io/pod-index"].ShouldBe("1");
        pods[1].Spec.Hostname.ShouldBe("db-1");
        var revision = sandbox.Client.List<V1ControllerRevision>("default").Single();
        pods[0].Metadata.Labels["controller-revision-hash"].ShouldBe(revision.Metadata.Name);
        await sandbox.ExpectEventAsync("db", "SuccessfulCreate", "create Pod db-0 in StatefulSet db successful");

        var set = sandbox.Client.Get<V1StatefulSet>("default", "db")!;
        set.Spec.Template.Metadata.Annotations = new Dictionary<string, string> { ["v"] = "2" };
        set.Spec.Replicas = 2;
        sandbox.Client.Update(set);

        await sandbox.ExpectAsync<V1StatefulSet>("db", one => one.Status is { Replicas: 2, ReadyReplicas: 2, UpdatedReplicas: 2 } && one.Status.CurrentRevision == one.Status.UpdateRevision && one.Status.CurrentRevision != revision.Metadata.Name, "two updated");
        sandbox.Client.List<V1Pod>("default").Select(pod => pod.Metadata.Name).Order().ShouldBe(["db-0", "db-1"]);
    }

    [Fact]
    public async Task A_job_runs_to_its_completions_and_a_failing_one_stops_at_its_limit()
    {
        await using var sandbox = await Sandbox.StartAsync();
        var good = Make.Job("good", "echo done");
        good.Spec.Completions = 3;
        good.Spec.Parallelism = 2;
        var bad = Make.Job("bad", "exit 1");
        bad.Spec.BackoffLimit = 0;
        sandbox.Client.Create(good);
        sandbox.Client.Create(bad);

        var done = await sandbox.ExpectAsync<V1Job>("good", one => one.Status?.CompletionTime is not null, "complete");
        done.Status.Succeeded.ShouldBe(3);
        done.Status.Conditions.Select(one => one.Type).ShouldBe(["SuccessCriteriaMet", "Complete"]);
        var failed = await sandbox.ExpectAsync<V1Job>("bad", one => one.Status?.Conditions?.Any(condition => condition is { Type: "Failed", Status: "True" }) == true, "failed");
        failed.Status.Conditions.Single(one => one.Type == "Failed").Reason.ShouldBe("BackoffLimitExceeded");
        sandbox.Client.List<V1Pod>("default").First(pod => pod.Metadata.Name.StartsWith("good-", StringComparison.Ordinal)).Metadata.Labels["batch.kubernetes.io/job-name"].ShouldBe("good");
    }

    [Fact]
    public async Task An_unschedulable_pod_says_why_and_starts_when_there_is_room()
    {
        await using var sandbox = await Sandbox.StartAsync(
        [
            new NodeSpec("gpu-0") { Gpus = 2, GpuProduct = "NVIDIA-H100-80GB-HBM3" },
            new NodeSpec("gpu-1") { Gpus = 4, GpuProduct = "NVIDIA-A100-SXM4-80GB" },
            new NodeSpec("cpu-0"),
        ]);
        static void Want(V1PodSpec spec)
        {
            spec.NodeSelector = new Dictionary<string, string> { ["nvidia.com/gpu.product"] = "NVIDIA-H100-80GB-HBM3" };
            spec.Containers[0].Resources = new V1ResourceRequirements { Limits = new Dictionary<string, ResourceQuantity> { ["nvidia.com/gpu"] = new("2") } };
        }
        sandbox.CreatePod("first", Want);
        await sandbox.ExpectPodAsync("first", one => one.Spec.NodeName == "gpu-0", "bound to gpu-0");
        sandbox.CreatePod("second", Want);

        const string why = "0/3 nodes are available: 1 Insufficient nvidia.com/gpu, 2 node(s) didn't match Pod's node affinity/selector.";
        await sandbox.ExpectPodAsync("second", one => one.Status?.Conditions?.Any(condition => condition is { Type: "PodScheduled", Status: "False", Reason: "Unschedulable", Message: why }) == true, "explained");
        await sandbox.ExpectEventAsync("second", "FailedScheduling", why);
        sandbox.Client.Delete<V1Pod>("default", "first");
        await sandbox.ExpectPodAsync("second", one => one.Spec.NodeName == "gpu-0" && one.Status.Phase == "Running", "bound after room was made");
    }

    [Fact]
    public async Task Every_namespace_gets_a_default_service_account()
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.Client.Create(new V1Namespace { Metadata = new V1ObjectMeta { Name = "team" } });

        await sandbox.ExpectAsync(() => sandbox.Client.Get<V1ServiceAccount>("team", "default") is not null, "account in team");
        sandbox.Client.Delete<V1ServiceAccount>("team", "default");
        await sandbox.ExpectAsync(() => sandbox.Client.Get<V1ServiceAccount>("team", "default") is not null, "account again");
    }

    [Fact]
    public async Task Nodes_are_ready_and_renew_their_lease()
    {
        await using var sandbox = await Sandbox.StartAsync([new NodeSpec("gpu-0", Cpu: "64") { Gpus = 4, GpuProduct = "H100" }]);

        var node = sandbox.Client.Get<V1Node>(null, "gpu-0")!;

        node.Status.Conditions.Single(one => one.Type == "Ready").Status.ShouldBe("True");
        node.Status.Allocatable["nvidia.com/gpu"].ToInt32().ShouldBe(4);
        node.Metadata.Labels["nvidia.com/gpu.product"].ShouldBe("H100");
        await sandbox.ExpectAsync(() => sandbox.Client.Get<V1Lease>("kube-node-lease", "gpu-0")?.Spec.RenewTime is not null, "a lease");
    }

    [Fact]
    public async Task A_daemon_set_runs_on_every_node_that_fits()
    {
        await using var sandbox = await Sandbox.StartAsync([new NodeSpec("a") { Labels = new Dictionary<string, string> { ["disk"] = "ssd" } }, new NodeSpec("b") { Labels = new Dictionary<string, string> { ["disk"] = "ssd" } }, new NodeSpec("c")]);
        var spec = Make.Spec();
        spec.NodeSelector = new Dictionary<string, string> { ["disk"] = "ssd" };
        sandbox.Client.Create(new V1DaemonSet
        {
            Metadata = new V1ObjectMeta { Name = "agent", NamespaceProperty = "default" },
            Spec = new V1DaemonSetSpec { Selector = new V1LabelSelector { MatchLabels = Make.Labels("agent") }, Template = new V1PodTemplateSpec { Metadata = new V1ObjectMeta { Labels = Make.Labels("agent") }, Spec = spec } },
        });

        await sandbox.ExpectAsync<V1DaemonSet>("agent", one => one.Status is { DesiredNumberScheduled: 2, NumberReady: 2, NumberAvailable: 2 }, "two ready");
        sandbox.Client.List<V1Pod>("default").Select(pod => pod.Spec.NodeName).Order().ShouldBe(["a", "b"]);
    }

    private static DateTime ReadySince(V1Pod pod) => pod.Status.Conditions.Single(one => one.Type == "Ready").LastTransitionTime!.Value;

    private static void Change(Sandbox sandbox, Action<V1Deployment> change)
    {
        while (true)
        {
            var live = sandbox.Client.Get<V1Deployment>("default", "web")!;
            change(live);
            try
            {
                sandbox.Client.Update(live);
                return;
            }
            catch (Ops.Sandbox.Api.ApiException refusal) when (refusal.IsConflict)
            {
                // A status was written meanwhile.
            }
        }
    }

    private static Task<V1Deployment> ExpectRolledOut(Sandbox sandbox, string name, int replicas, string? revision = null) => sandbox.ExpectAsync<V1Deployment>(
        name,
        one => one.Status is { } status && status.ObservedGeneration == one.Metadata.Generation && status.Replicas == replicas && status.UpdatedReplicas == replicas && status.AvailableReplicas == replicas
            && status.Conditions.Any(condition => condition is { Type: "Progressing", Reason: "NewReplicaSetAvailable" })
            && (revision is null || one.Metadata.Annotations["deployment.kubernetes.io/revision"] == revision),
        $"rolled out with {replicas}");
}
