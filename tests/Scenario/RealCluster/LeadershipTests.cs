using Ops.Testing;

namespace Ops.RealCluster.Tests;

/// <summary>Two operators, one leader: what happens when the leader dies or sleeps.</summary>
public sealed class LeadershipTests(RealCluster cluster)
{
    [Fact]
    public async Task After_the_leader_is_killed_the_other_acts_and_no_object_is_written_twice()
    {
        await using var first = await cluster.StartOperatorAsync();
        await ExpectLeaderAsync(first);
        await using var second = await cluster.StartOperatorAsync();
        await cluster.ApplyAsync(Yaml.Pool("before"));
        await ExpectReadyAsync("before");
        var written = WritesTo("before");

        await first.Process.SignalAsync("KILL");
        await cluster.ApplyAsync(Yaml.Pool("after"));
        await ExpectReadyAsync("after");

        WritesTo("before").ShouldBe(written, "the new leader found its objects as they should be");
        cluster.RequestsOf("operator").Count(r => r is { IsWrite: true, Resource: "deployments", Name: "after" }).ShouldBe(1);
        cluster.RequestsOf("operator").Count(r => r is { IsWrite: true, Resource: "services", Name: "after" }).ShouldBe(1);
    }

    [Fact]
    public async Task A_leader_that_slept_past_its_lease_writes_nothing_when_it_wakes()
    {
        await using var sleeper = await cluster.StartOperatorAsync();
        await ExpectLeaderAsync(sleeper);
        await using var other = await cluster.StartOperatorAsync();
        var before = await WritesOfAsync(sleeper);

        await sleeper.Process.SignalAsync("STOP");
        await ExpectLeaderAsync(other);
        await cluster.ApplyAsync(Yaml.Pool("meanwhile"));
        await ExpectReadyAsync("meanwhile");
        await sleeper.Process.SignalAsync("CONT");
        // Enough for the sleeper's caches to catch up and its reconcile loops to see the new pool, were they running.
        await Task.Delay(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);

        (await WritesOfAsync(sleeper)).ShouldBe(before);
        cluster.RequestsOf("operator").Count(r => r is { IsWrite: true, Resource: "deployments", Name: "meanwhile" }).ShouldBe(1);
    }

    private int WritesTo(string name) => cluster.RequestsOf("operator").Count(r => r.IsWrite && r.Name == name);

    private Task ExpectReadyAsync(string pool) => cluster.KubectlAsync("wait", "--for=condition=Ready", $"mp/{pool}", "--timeout=60s");

    private static Task ExpectLeaderAsync(InstalledProcess op) => Eventually.HoldsAsync(
        async () => Value(await op.MetricsAsync(TestContext.Current.CancellationToken), "ops_operator_leader") == 1,
        "the operator leads");

    /// <summary>Objects that this process wrote, by its own count: patches and posts, the lease's updates left out.</summary>
    private static async Task<double> WritesOfAsync(InstalledProcess op)
    {
        var metrics = await op.MetricsAsync(TestContext.Current.CancellationToken);
        return metrics.Split('\n')
            .Where(line => line.StartsWith("ops_kube_requests", StringComparison.Ordinal) && (line.Contains("\"PATCH\"", StringComparison.Ordinal) || line.Contains("\"DELETE\"", StringComparison.Ordinal)))
            .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..]));
    }

    private static double Value(string metrics, string name) =>
        metrics.Split('\n').Where(line => line.StartsWith(name + " ", StringComparison.Ordinal)).Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..]));
}
