using k8s.Models;

namespace Ops.OperatorScenario;

public sealed class TroubleTests(Fleet fleet)
{
    [Fact]
    public async Task A_pool_that_no_node_can_take_says_why()
    {
        const string Ns = "unschedulable";
        await fleet.NamespaceAsync(Ns);
        await fleet.KubectlAsync(["-n", Ns, "apply", "-f", "-"], Manifests.Pool("small", product: "NVIDIA-B200"));
        var degraded = await fleet.ConditionAsync(Ns, "small", "Degraded", true, "Unschedulable");
        degraded.Message.ShouldContain("0/2 nodes are available");
        (await fleet.KubectlAsync(["-n", Ns, "get", "mp"])).ShouldContain("Unschedulable");
        await fleet.UntilAsync("there is an event", async () =>
            (await fleet.KubectlAsync(["-n", Ns, "get", "events", "--field-selector", "involvedObject.kind=ModelPool"])).Contains("Unschedulable"));
        await fleet.DropAsync(Ns);
    }

    [Fact]
    public async Task An_image_that_does_not_exist_and_an_engine_that_fails_are_told_apart()
    {
        const string Ns = "broken";
        await fleet.NamespaceAsync(Ns);
        await fleet.KubectlAsync(["-n", Ns, "apply", "-f", "-"], Manifests.Pool("small"));
        await fleet.KubectlAsync(["-n", Ns, "patch", "mp", "small", "--type=merge", "-p", """{"spec":{"engine":{"image":"nowhere.example/none:1"}}}"""]);
        (await fleet.ConditionAsync(Ns, "small", "Degraded", true, "ImagePullBackOff")).Message.ShouldContain("nowhere.example/none:1");

        await fleet.KubectlAsync(["-n", Ns, "patch", "mp", "small", "--type=merge", "-p", """{"spec":{"engine":{"image":"failing:1"}}}"""]);
        var failing = await fleet.ConditionAsync(Ns, "small", "Degraded", true, "CrashLoopBackOff");
        failing.Message.ShouldContain("exit code 7");
        await fleet.DropAsync(Ns);
    }

    [Fact]
    public async Task A_pod_template_that_breaks_the_pool_is_refused_with_its_field_and_recovers()
    {
        const string Ns = "template";
        await fleet.NamespaceAsync(Ns);
        await fleet.KubectlAsync(["-n", Ns, "apply", "-f", "-"], Manifests.Pool("small", more: """
              podTemplate:
                spec:
                  containers:
                  - name: engine
                    args: [--model, other]
            """));
        (await fleet.ConditionAsync(Ns, "small", "Degraded", true, "InvalidPodTemplate")).Message.ShouldContain("spec.engine.args");
        fleet.Get<V1Deployment>(Ns, "small").ShouldBeNull();

        await fleet.KubectlAsync(["-n", Ns, "patch", "mp", "small", "--type=json", "-p", """[{"op":"remove","path":"/spec/podTemplate"}]"""]);
        await fleet.ConditionAsync(Ns, "small", "Ready", true);
        await fleet.ConditionAsync(Ns, "small", "Degraded", false, "AsExpected");
        await fleet.DropAsync(Ns);
    }

    [Theory]
    [InlineData("{gpu: {product: a}}", "spec.model")]
    [InlineData("{model: m, gpu: {product: a, count: 99}}", "spec.gpu.count")]
    [InlineData("{model: m, gpu: {product: a}, engine: {type: tgi}}", "supported values: \"vllm\", \"llamacpp\", \"simulated\"")]
    [InlineData("{model: m, gpu: {product: a}, energy: {mode: fixed}}", "spec.energy sets no limit; give clockMHz or powerLimitWatts, set mode to auto, or remove spec.energy")]
    [InlineData("{model: m, gpu: {product: a}, scaling: {objective: energy}}", "spec.scaling.max is required when spec.scaling.objective is latency or energy; name the most replicas that may run")]
    [InlineData("{model: m, gpu: {product: a}, replica: 2}", "unknown field \"spec.replica\"")]
    public async Task A_wrong_pool_is_refused_with_the_field(string spec, string named) =>
        (await fleet.RefusalAsync(["apply", "-f", "-"], $"---\n{{apiVersion: ops.autonomic.dev/v1alpha1, kind: ModelPool, metadata: {{name: wrong}}, spec: {spec}}}")).ShouldContain(named);

    [Theory]
    [InlineData("{variants: []}", "spec.variants")]
    [InlineData("{variants: [{pool: a, quality: {default: 1}}, {pool: a, quality: {default: 1}}]}", "spec.variants[1]: Duplicate value")]
    [InlineData("{variants: [{pool: a, quality: {code: 1}}]}", "quality needs the key \"default\"")]
    [InlineData("{variants: [{pool: a, quality: {default: 1}}], policy: {type: static}}", "spec.policy.staticPool is required when spec.policy.type is static")]
    [InlineData("{variants: [{pool: a, quality: {default: 1}}], objective: {hardDeadline: 5s}}", "hardDeadline must not be before endToEnd")]
    [InlineData("{variants: [{pool: a, quality: {default: 1}}], objective: {endToEnd: soon}}", "spec.objective.endToEnd")]
    public async Task A_wrong_route_is_refused_with_the_field(string spec, string named) =>
        (await fleet.RefusalAsync(["apply", "-f", "-"], $"---\n{{apiVersion: ops.autonomic.dev/v1alpha1, kind: ModelRoute, metadata: {{name: wrong}}, spec: {spec}}}")).ShouldContain(named);

    [Fact]
    public async Task Kubectl_explains_the_fields() =>
        (await fleet.KubectlAsync(["explain", "mp.spec.energy"])).ShouldContain("powerLimitWatts");
}
