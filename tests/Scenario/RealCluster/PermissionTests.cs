using System.Net;
using Ops.Testing;

namespace Ops.RealCluster.Tests;

/// <summary>Least privilege, proved by the API server's own audit log: nothing was refused, and nothing is granted in vain.</summary>
public sealed class PermissionTests(RealCluster cluster)
{
    [Theory]
    [InlineData("operator")]
    [InlineData("router")]
    public async Task Nothing_is_forbidden_and_every_granted_permission_is_used(string account)
    {
        await UseEverythingAsync();

        var requests = cluster.RequestsOf(account);
        requests.Skip(s_before[account]).Where(r => r.Code == (int)HttpStatusCode.Forbidden).ShouldBeEmpty();

        var used = requests.SelectMany(Permission.UsedBy).Concat(CheckedByAdmission).ToHashSet();
        var granted = await Permission.GrantedAsync(cluster, account);
        granted.ShouldNotBeEmpty();
        granted.Except(used).ShouldBeEmpty("a permission that nothing needs is taken away, or the test learns to need it");
    }

    // Owner references that block deletion are checked by an admission plugin (on by default in OpenShift, switched on
    // in these tests), which asks for this permission without a request of its own in the log. So does acting as another account.
    private static readonly Permission[] CheckedByAdmission =
    [
        new("ops.autonomic.dev", "modelpools/finalizers", "update"),
        new("ops.autonomic.dev", "shardedstores/finalizers", "update"),
        new("", "serviceaccounts", "impersonate"),
        // Pods of a store go only while all its nodes answer; no engine runs here. tests/Scenario/ShardedStore rolls real stores with this account.
        new("", "pods", "delete"),
        // So are its backups, whose Jobs read the engines.
        new("batch", "jobs", "get"),
        new("batch", "jobs", "create"),
        new("batch", "jobs", "patch"),
    ];

    // What other tests let happen before: an API server that has just started forbids everything until it knows the roles.
    private static readonly Dictionary<string, int> s_before = [];

    // Both cases look at the same life of the same processes.
    private async Task UseEverythingAsync()
    {
        if (s_before.Count > 0)
            return;
        foreach (var account in (string[])["operator", "router"])
            s_before[account] = cluster.RequestsOf(account).Count;
        await using var op = await cluster.StartOperatorAsync();
        await using var router = await cluster.StartRouterAsync();
        await cluster.ApplyAsync(Yaml.Pool("used"));
        await cluster.ApplyAsync(Yaml.Route("used", "used"));
        await cluster.KubectlAsync("wait", "--for=condition=Ready", "mp/used", "mr/used", "--timeout=60s");

        // The same thing happens again, so that an Event is counted up instead of made anew.
        foreach (var replicas in (string[])["2", "1", "2", "1"])
        {
            await cluster.KubectlAsync("scale", "mp", "used", $"--replicas={replicas}");
            await Eventually.HoldsAsync(
                async () => (await cluster.KubectlAsync("get", "mp", "used", "-o", "jsonpath={.status.replicas}/{.status.readyReplicas}")) == $"{replicas}/{replicas}",
                $"the pool has {replicas} replicas");
        }

        // The planner scales the pool up to its least, and the budget's status is written.
        await cluster.KubectlAsync("label", "mp", "used", "budget=used");
        await cluster.ApplyAsync(Yaml.Budget("used", watts: 1500));
        await cluster.KubectlAsync("patch", "mp", "used", "--type=merge", "-p", """{"spec":{"scaling":{"objective":"energy","min":2,"max":3}}}""");
        await Eventually.HoldsAsync(
            async () => await cluster.KubectlAsync("get", "mp", "used", "-o", "jsonpath={.spec.replicas}/{.status.readyReplicas}") == "2/2"
                && await cluster.KubectlAsync("get", "eb", "used", "-o", "jsonpath={.status.pools}") == "1",
            "the fleet is planned",
            TimeSpan.FromMinutes(3));
        await cluster.KubectlAsync("delete", "eb", "used");

        // A store gets its sets; a shard that never held a slot leaves with its set, and what others change comes back.
        await cluster.ApplyAsync(Yaml.Store("kept", shards: 4));
        await Eventually.HoldsAsync(async () => (await SetsAsync()).Length == 4, "every shard has a set");
        await cluster.KubectlAsync("scale", "statefulset", "kept-s0", "--replicas=2");
        await Eventually.HoldsAsync(async () => await cluster.KubectlAsync("get", "statefulset", "kept-s0", "-o", "jsonpath={.spec.replicas}") == "1", "the set is as the store wants it");
        await cluster.ApplyAsync(Yaml.Store("kept", shards: 3));
        await Eventually.HoldsAsync(async () => (await SetsAsync()).Length == 3, "the last shard's set is gone");
        await cluster.KubectlAsync("delete", "sstore", "kept");

        await cluster.KubectlAsync("patch", "mp", "used", "--type=merge", "-p", """{"spec":{"suspend":true}}""");
        await Eventually.HoldsAsync(
            async () => (await cluster.KubectlAsync("get", "mp", "used", "-o", "jsonpath={.status.observedGeneration}={.metadata.generation}")) is var both && both.Split('=') is [var seen, var now] && seen == now,
            "the operator saw the suspension");
        await op.Process.SignalAsync("TERM");
        await op.Process.WaitForExitAsync(TestContext.Current.CancellationToken);

        // The lease was released and exists: a second operator takes it by an update instead of a create.
        await using var next = await cluster.StartOperatorAsync();
        await cluster.KubectlAsync("delete", "mp,mr", "used", "--timeout=60s");
    }

    private async Task<string[]> SetsAsync() =>
        (await cluster.KubectlAsync("get", "statefulsets", "-l", "ops.autonomic.dev/store=kept", "-o", "name")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
