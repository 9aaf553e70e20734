using k8s.Models;
using Ops.Api;
using Ops.Testing;

namespace Ops.OperatorScenario;

public sealed class CoResidentTests(Fleet fleet)
{
    private const string Ns = "coresident";

    [Fact]
    public async Task Two_models_serve_on_the_same_GPUs_and_a_guest_that_finds_no_room_leaves_them_alone()
    {
        await fleet.NamespaceAsync(Ns);
        await fleet.KubectlAsync(["-n", Ns, "apply", "-f", Path.Combine(Repository.Root, "manifests", "samples", "co-resident.yaml")]);
        var pod = await OnlyPodAsync(withGuest: true);
        await fleet.ConditionAsync(Ns, "pair-large", ConditionTypes.Ready, isTrue: true);
        await fleet.ConditionAsync(Ns, "pair-small", ConditionTypes.Ready, isTrue: true);
        fleet.Get<V1Service>(Ns, "pair-small")!.Spec.Ports.Select(port => (port.Name, (string)port.TargetPort)).ShouldBe([("http", "8001"), ("http-1", "8002")]);
        foreach (var (port, model) in new[] { (8000, "Qwen/Qwen3-32B"), (8001, "meta-llama/Llama-3.1-8B-Instruct"), (8002, "meta-llama/Llama-3.1-8B-Instruct") })
            (await Fleet.ModelsAsync(new($"http://{pod.Status.PodIP}:{port}/"))).ShouldContain(model);

        // 40 of 85 percent are taken.
        await fleet.KubectlAsync(["-n", Ns, "apply", "-f", "-"], """
            apiVersion: ops.autonomic.dev/v1alpha1
            kind: ModelPool
            metadata: {name: pair-third}
            spec:
              model: Qwen/Qwen3-14B
              engine: {type: simulated, port: 8010}
              gpu: {product: NVIDIA-H100-80GB-HBM3, count: 1}
              coResident: {host: pair-large, memoryPercent: 60}
            """);
        (await fleet.ConditionAsync(Ns, "pair-third", ConditionTypes.Degraded, isTrue: true, "InvalidSpec")).Message.ShouldContain("spec.coResident.memoryPercent: 60 asked for, 45 left");
        (await OnlyPodAsync(withGuest: true)).Metadata.Uid.ShouldBe(pod.Metadata.Uid);

        await fleet.KubectlAsync(["-n", Ns, "delete", "mp", "pair-small", "pair-third"]);
        await OnlyPodAsync(withGuest: false);
        await fleet.ConditionAsync(Ns, "pair-large", ConditionTypes.Ready, isTrue: true);
        await fleet.DropAsync(Ns);
    }

    // One simulated engine process serves all models of a pod's GPUs.
    private async Task<V1Pod> OnlyPodAsync(bool withGuest)
    {
        V1Pod? found = null;
        await fleet.UntilAsync($"one pod, {(withGuest ? "with" : "without")} the small model, is ready", () =>
        {
            found = fleet.List<V1Pod>(Ns) is [{ Metadata.DeletionTimestamp: null, Spec.Containers: [var engine], Status.ContainerStatuses: [{ Ready: true }] } pod]
                && string.Join(' ', engine.Args).Contains("Llama-3.1-8B", StringComparison.Ordinal) == withGuest ? pod : null;
            return Task.FromResult(found is not null);
        });
        return found!;
    }
}
