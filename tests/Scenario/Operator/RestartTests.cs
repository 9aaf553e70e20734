using k8s.Models;
using Ops.Testing;

namespace Ops.OperatorScenario;

public sealed class RestartTests(Fleet fleet)
{
    [Fact]
    public async Task An_idle_fleet_causes_no_writes_and_neither_does_a_killed_and_restarted_operator()
    {
        const string Ns = "restart";
        await fleet.NamespaceAsync(Ns);
        await fleet.KubectlAsync(["-n", Ns, "apply", "-f", "-"], Manifests.Pool("small") + "\n---\n" + Manifests.Route("talk-restart", "small"));
        await fleet.ConditionAsync(Ns, "small", "Progressing", false, "Settled");
        await fleet.UntilAsync("the route serves", async () => Ops.Api.Conditions.IsTrue((await fleet.RouteAsync(Ns, "talk-restart")).Status?.Conditions, "Ready"));
        await fleet.UntilAsync("numbers are shown", async () => (await fleet.PoolAsync(Ns, "small")).Status!.TokensPerSecond is not null);
        await ScrapesAsync(4);

        var before = (await fleet.PoolAsync(Ns, "small")).Metadata.ResourceVersion;
        var patches = fleet.Patches;
        await ScrapesAsync(6);
        fleet.Patches.ShouldBe(patches, "an idle fleet is written to");

        await fleet.Operator.SignalAsync("KILL");
        await fleet.Operator.WaitForExitAsync(TestContext.Current.CancellationToken);
        await fleet.Operator.DisposeAsync();
        await fleet.StartOperatorAsync();
        await fleet.UntilAsync("the new operator leads", async () => (await fleet.MetricsAsync()).Contains("ops_operator_leader 1"));
        await ScrapesAsync(6);
        fleet.Patches.ShouldBe(patches, "a restart writes");
        (await fleet.PoolAsync(Ns, "small")).Metadata.ResourceVersion.ShouldBe(before);

        // And it works: what changes now is taken up.
        await fleet.KubectlAsync(["-n", Ns, "scale", "mp", "small", "--replicas=0"]);
        await fleet.ConditionAsync(Ns, "small", "Ready", false, "ScaledToZero");
        await fleet.DropAsync(Ns);
    }

    [Fact]
    public async Task A_stopped_operator_gives_its_lease_back()
    {
        await fleet.UntilAsync("the operator leads", () => Task.FromResult(!string.IsNullOrEmpty(fleet.Get<V1Lease>("ops-system", "operator")?.Spec.HolderIdentity)));
        await fleet.Operator.SignalAsync("TERM");
        await fleet.Operator.WaitForExitAsync(TestContext.Current.CancellationToken);
        fleet.Get<V1Lease>("ops-system", "operator")!.Spec.HolderIdentity.ShouldBeNullOrEmpty();
        await fleet.Operator.DisposeAsync();
        await fleet.StartOperatorAsync();
    }

    [Fact]
    public async Task The_endpoints_answer()
    {
        (await fleet.StatusOfAsync("healthz")).ShouldBe(System.Net.HttpStatusCode.OK);
        (await fleet.StatusOfAsync("readyz")).ShouldBe(System.Net.HttpStatusCode.OK);
        await fleet.NamespaceAsync("metrics");
        await fleet.KubectlAsync(["-n", "metrics", "apply", "-f", "-"], Manifests.Pool("small", replicas: 0));
        await fleet.ConditionAsync("metrics", "small", "Ready", false, "ScaledToZero");
        var metrics = await fleet.MetricsAsync();
        metrics.ShouldContain("ops_operator_leader 1");
        metrics.ShouldContain("ops_kube_queue_depth{controller=\"modelpool\"}");
        metrics.ShouldContain("ops_kube_reconcile_duration_count{controller=\"modelpool\",result=\"ok\"}");
        metrics.ShouldContain("ops_kube_writes{outcome=\"Updated\",resource=\"modelpools.ops.autonomic.dev\"}");
        await fleet.DropAsync("metrics");
    }

    // Rounds of scrapes, counted by the operator itself: no clock is asked.
    private async Task ScrapesAsync(int rounds)
    {
        var start = await CountAsync();
        await fleet.UntilAsync($"{rounds} rounds of scrapes", async () => await CountAsync() >= start + rounds);
    }

    private async Task<double> CountAsync()
    {
        const string Name = "ops_operator_scrapes_total{target=\"pool\",result=\"ok\"} ";
        var line = (await fleet.MetricsAsync()).Split('\n').FirstOrDefault(line => line.StartsWith(Name, StringComparison.Ordinal));
        return line is null ? 0 : double.Parse(line[Name.Length..]);
    }
}
