using System.Text;
using k8s.Models;
using Ops.Api;
using Ops.Testing;

namespace Ops.OperatorScenario;

public sealed class EnergyTests(Fleet fleet)
{
    private const string Scaled = """
          scaling: {objective: energy, min: 0, max: 3, idleAfter: 5s}
          energy: {mode: auto}
        """;

    [Fact]
    public async Task A_pool_grows_with_its_load_and_sleeps_when_nobody_asks()
    {
        const string Ns = "demand";
        await fleet.NamespaceAsync(Ns);
        // One replica of this model keeps the objective up to about two requests a second.
        await fleet.KubectlAsync(["-n", Ns, "apply", "-f", "-"], Manifests.Pool("big", more: Scaled, model: "Qwen/Qwen3-32B"));
        await using (fleet.Ask(Ns, "big", "Qwen/Qwen3-32B", everyMilliseconds: 200))
            await fleet.UntilAsync("the load has its replicas", async () => (await fleet.PoolAsync(Ns, "big")).Status is { ReadyReplicas: >= 2, Plan.Replicas: >= 2 });
        (await fleet.PoolAsync(Ns, "big")).Spec.Replicas!.Value.ShouldBeInRange(2, 3);
        fleet.List<Corev1Event>(Ns).ShouldContain(one => one.Reason == "ScaledUp" && one.InvolvedObject.Name == "big");

        await fleet.UntilAsync("the pool sleeps", async () => (await fleet.PoolAsync(Ns, "big")) is { Spec.Replicas: 0, Status.Replicas: 0 });
        await fleet.ConditionAsync(Ns, "big", "Ready", false, "ScaledToZero");
        (await fleet.PoolAsync(Ns, "big")).Status!.Plan!.Reason.ShouldBe("Idle");
        await fleet.DropAsync(Ns);
    }

    [Fact]
    public async Task What_a_user_scales_is_taken_up_before_the_planner_moves_on()
    {
        const string Ns = "byhand";
        await fleet.NamespaceAsync(Ns);
        await fleet.KubectlAsync(["-n", Ns, "apply", "-f", "-"], Manifests.Pool("small", more: "  scaling: {objective: energy, max: 3}"));
        await fleet.ConditionAsync(Ns, "small", "Ready", true);
        await fleet.KubectlAsync(["-n", Ns, "scale", "mp", "small", "--replicas=2"]);
        await fleet.UntilAsync("both run", async () => (await fleet.PoolAsync(Ns, "small")).Status!.ReadyReplicas == 2);
        // Above the bound is not the user's to ask for.
        await fleet.KubectlAsync(["-n", Ns, "scale", "mp", "small", "--replicas=4"]);
        await fleet.UntilAsync("the bound holds", async () => (await fleet.PoolAsync(Ns, "small")).Spec.Replicas == 3);
        await fleet.DropAsync(Ns);
    }

    [Fact]
    public async Task A_budget_holds_the_lower_priority_back_and_says_when_it_cannot_hold()
    {
        const string Ns = "budget";
        await fleet.NamespaceAsync(Ns);
        await fleet.KubectlAsync(["-n", Ns, "apply", "-f", "-"], Manifests.Pool("gold") + "\n---\n" + Manifests.Pool("bronze"));
        await fleet.KubectlAsync(["-n", Ns, "label", "mp", "gold", "bronze", "budget=test"]);
        await fleet.KubectlAsync(["-n", Ns, "label", "mp", "gold", "tier=gold"]);
        await fleet.ConditionAsync(Ns, "gold", "Ready", true);
        await fleet.ConditionAsync(Ns, "bronze", "Ready", true);
        await fleet.KubectlAsync(["apply", "-k", Path.Combine(Repository.Root, "manifests", "power-agent")]);

        await fleet.KubectlAsync(["apply", "-f", "-"], Manifests.Budget("test", 1200));
        await fleet.UntilAsync("bronze is held back", async () => (await fleet.PoolAsync(Ns, "bronze")).Status!.Plan is { Budget: "test", ClockMHz: < 1980 });
        (await fleet.PoolAsync(Ns, "gold")).Status!.Plan.ShouldBeNull();
        await fleet.UntilAsync("the budget shows it", async () => (await fleet.BudgetAsync("test")).Status is { Limited: 1, Pools: 2, AllocatedWatts: <= 1200, ObservedWatts: > 0 });
        await fleet.UntilAsync("the node's agent has made it so", async () => (await fleet.PoolAsync(Ns, "bronze")).Status is { Plan.ClockMHz: { } asked, ClockMHz: { } clock } && clock <= asked);
        (await PowerReportAsync()).ShouldContain($"\"pod\":\"{Ns}/bronze-");
        var row = (await fleet.BudgetAsync("test")).Status!.LimitedPools.ShouldHaveSingleItem();
        (row.Namespace, row.Name, row.Replicas).ShouldBe((Ns, "bronze", 1));
        (await fleet.KubectlAsync(["get", "eb", "test"])).ShouldContain("WithinBudget");

        await fleet.KubectlAsync(["patch", "eb", "test", "--type=merge", "-p", """{"spec":{"watts":100}}"""]);
        await fleet.UntilAsync("the budget says that it cannot hold", async () =>
            Conditions.Find((await fleet.BudgetAsync("test")).Status?.Conditions, "Degraded") is { Status: "True", Reason: "BelowIdlePower" });
        await fleet.KubectlAsync(["delete", "eb", "test"]);
        await fleet.UntilAsync("nothing is held back", async () => (await fleet.PoolAsync(Ns, "bronze")).Status!.Plan is null);
        await fleet.UntilAsync("both run", async () => (await fleet.PoolAsync(Ns, "bronze")).Status!.ReadyReplicas == 1);
        await fleet.UntilAsync("the agent has given the GPUs back", async () => !(await PowerReportAsync()).Contains("\"set\":true", StringComparison.Ordinal));
        await fleet.UntilAsync("the clock is free", async () => (await fleet.PoolAsync(Ns, "bronze")).Status!.ClockMHz is >= 1900);
        await fleet.KubectlAsync(["delete", "--ignore-not-found", "-k", Path.Combine(Repository.Root, "manifests", "power-agent")]);
        await fleet.DropAsync(Ns);
    }

    private Task<string> PowerReportAsync() => fleet.KubectlAsync(["-n", "ops-power", "get", "configmap", "power-agent-gpu-0", "-o", "jsonpath={.data.gpus}"]);
}
