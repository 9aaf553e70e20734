using k8s.Models;
using Ops.Api;

namespace Ops.OperatorScenario;

public sealed class PoolLifeTests(Fleet fleet)
{
    [Fact]
    public async Task A_pool_becomes_ready_scales_pauses_and_goes_without_a_trace()
    {
        const string Ns = "life";
        await fleet.NamespaceAsync(Ns);
        await fleet.KubectlAsync(["-n", Ns, "apply", "-f", "-"], Manifests.Pool("small"));
        await fleet.ConditionAsync(Ns, "small", "Ready", true, "AllReplicasReady");

        var deployment = fleet.Get<V1Deployment>(Ns, "small")!;
        deployment.Spec.Template.Spec.NodeSelector["nvidia.com/gpu.product"].ShouldBe(Products.H100);
        fleet.Get<V1Service>(Ns, "small")!.Spec.Ports.ShouldHaveSingleItem().Name.ShouldBe("http");
        await fleet.KubectlAsync(["-n", Ns, "wait", "--for=condition=Ready", "--timeout=5s", "mp/small"]);

        // Numbers come from the pod's own metrics.
        await fleet.UntilAsync("watts are shown", async () => (await fleet.PoolAsync(Ns, "small")).Status!.Watts > 0);
        (await fleet.PoolAsync(Ns, "small")).Status!.ClockMHz.ShouldNotBeNull();

        await fleet.KubectlAsync(["-n", Ns, "scale", "mp", "small", "--replicas=2"]);
        await fleet.UntilAsync("2 replicas are ready", async () => (await fleet.PoolAsync(Ns, "small")).Status!.ReadyReplicas == 2);
        (await fleet.KubectlAsync(["-n", Ns, "get", "mp", "small", "--subresource=scale", "-o", "jsonpath={.status.replicas} {.status.selector}"]))
            .ShouldBe("2 ops.autonomic.dev/pool=small");

        await fleet.KubectlAsync(["-n", Ns, "patch", "mp", "small", "--type=merge", "-p", """{"spec":{"suspend":true,"replicas":1}}"""]);
        await fleet.ConditionAsync(Ns, "small", "Progressing", false, "Suspended");
        fleet.Get<V1Deployment>(Ns, "small")!.Spec.Replicas.ShouldBe(2);

        await fleet.KubectlAsync(["-n", Ns, "patch", "mp", "small", "--type=merge", "-p", """{"spec":{"suspend":false}}"""]);
        await fleet.UntilAsync("1 replica is left", async () => (await fleet.PoolAsync(Ns, "small")).Status is { Replicas: 1, ReadyReplicas: 1 });

        await fleet.KubectlAsync(["-n", Ns, "delete", "mp", "small"]);
        await fleet.UntilAsync("all that the pool made is gone", () => Task.FromResult(
            fleet.List<V1Deployment>(Ns).Count == 0 && fleet.List<V1Service>(Ns).Count == 0 && fleet.List<V1ReplicaSet>(Ns).Count == 0 && fleet.List<V1Pod>(Ns).Count == 0));
    }

    [Fact]
    public async Task What_others_change_or_delete_comes_back()
    {
        const string Ns = "drift";
        await fleet.NamespaceAsync(Ns);
        await fleet.KubectlAsync(["-n", Ns, "apply", "-f", "-"], Manifests.Pool("small"));
        await fleet.ConditionAsync(Ns, "small", "Ready", true);

        await fleet.KubectlAsync(["-n", Ns, "scale", "deployment", "small", "--replicas=0"]);
        await fleet.UntilAsync("the deployment has its replica again", () => Task.FromResult(fleet.Get<V1Deployment>(Ns, "small")?.Spec.Replicas == 1));
        var uid = fleet.Get<V1Service>(Ns, "small")!.Metadata.Uid;
        await fleet.KubectlAsync(["-n", Ns, "delete", "service", "small"]);
        await fleet.UntilAsync("there is a new service", () => Task.FromResult(fleet.Get<V1Service>(Ns, "small") is { } service && service.Metadata.Uid != uid));
        await fleet.DropAsync(Ns);
    }

    [Fact]
    public async Task A_changed_clock_rolls_out_and_is_reported_as_a_limit()
    {
        const string Ns = "energy";
        await fleet.NamespaceAsync(Ns);
        await fleet.KubectlAsync(["-n", Ns, "apply", "-f", "-"], Manifests.Pool("small"));
        await fleet.ConditionAsync(Ns, "small", "EnergyLimited", false, "NoLimits");
        await fleet.KubectlAsync(["-n", Ns, "patch", "mp", "small", "--type=merge", "-p", """{"spec":{"energy":{"clockMHz":1200}}}"""]);
        await fleet.UntilAsync("the pods report the clock", async () => (await fleet.PoolAsync(Ns, "small")).Status?.ClockMHz == 1200);
        await fleet.ConditionAsync(Ns, "small", "EnergyLimited", true, "LimitsApplied");
        await fleet.DropAsync(Ns);
    }

    [Fact]
    public async Task An_object_of_somebody_else_is_not_taken_over()
    {
        const string Ns = "conflict";
        await fleet.NamespaceAsync(Ns);
        await fleet.KubectlAsync(["-n", Ns, "apply", "-f", "-"], """
            apiVersion: v1
            kind: Service
            metadata: {name: small}
            spec: {ports: [{port: 80}]}
            """);
        await fleet.KubectlAsync(["-n", Ns, "apply", "-f", "-"], Manifests.Pool("small"));
        var degraded = await fleet.ConditionAsync(Ns, "small", "Degraded", true, "NameConflict");
        degraded.Message.ShouldStartWith("Service small exists");
        fleet.Get<V1Deployment>(Ns, "small").ShouldBeNull();
        fleet.Get<V1Service>(Ns, "small")!.Spec.Ports[0].Port.ShouldBe(80);
        await fleet.DropAsync(Ns);
    }

    [Fact]
    public async Task A_route_says_which_pools_serve_it()
    {
        const string Ns = "routes";
        await fleet.NamespaceAsync(Ns);
        await fleet.KubectlAsync(["-n", Ns, "apply", "-f", "-"], Manifests.Pool("small") + "\n---\n" + Manifests.Route("talk", "small", "absent"));
        await fleet.UntilAsync("the route serves", async () => Conditions.IsTrue((await fleet.RouteAsync(Ns, "talk")).Status?.Conditions, "Ready"));
        var route = await fleet.RouteAsync(Ns, "talk");
        route.Status!.Model.ShouldBe("talk");
        var degraded = Conditions.Find(route.Status.Conditions, "Degraded")!;
        (degraded.Status, degraded.Reason).ShouldBe(("True", "PoolNotFound"));
        degraded.Message.ShouldContain("absent");

        await fleet.KubectlAsync(["-n", Ns, "delete", "mp", "small"]);
        await fleet.UntilAsync("the route has no pool", async () =>
            Conditions.Find((await fleet.RouteAsync(Ns, "talk")).Status?.Conditions, "Ready") is { Status: "False", Reason: "NoReadyVariant" });
        await fleet.DropAsync(Ns);
    }
}
