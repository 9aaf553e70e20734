using Ops.Api;

namespace Ops.OperatorScenario;

public sealed class SleepTests(Fleet fleet)
{
    [Fact]
    public async Task Replicas_that_nobody_needs_sleep_in_their_pods_and_wake_for_load()
    {
        const string Ns = "sleep";
        await fleet.NamespaceAsync(Ns);
        // One replica of this model keeps the objective up to about two requests a second.
        await fleet.KubectlAsync(["-n", Ns, "apply", "-f", "-"], Manifests.Pool("big", replicas: 2, more: "  scaling: {idle: sleep, min: 1, idleAfter: 5s}", model: "Qwen/Qwen3-32B"));
        await fleet.UntilAsync("one of two sleeps, in its pod", async () =>
            await SleepingAsync(Ns) == 1 && await fleet.PoolAsync(Ns, "big") is { Spec.Replicas: 2, Status: { ReadyReplicas: 2, Replicas: 2, Sleeping.Count: 1, Plan.Awake: 1 } status } && Conditions.IsTrue(status.Conditions, "Ready"));

        await using (fleet.Ask(Ns, "big", "Qwen/Qwen3-32B", everyMilliseconds: 100))
            await fleet.UntilAsync("the load has woken the other", async () => await SleepingAsync(Ns) == 0 && await fleet.PoolAsync(Ns, "big") is { Status: { Plan.Awake: 2, Sleeping: null } });
        await fleet.DropAsync(Ns);
    }

    private async Task<int> SleepingAsync(string ns)
    {
        var count = 0;
        foreach (var replica in fleet.Replicas(ns, "big"))
            count += await Fleet.SleepsAsync(replica) ? 1 : 0;
        return count;
    }
}
