using System.Net;
using Ops.Testing;

namespace Ops.RealCluster.Tests;

/// <summary>The account that healing acts as, through a whole repair on a real API server.</summary>
public sealed class HealerPermissionTests(RealCluster cluster)
{
    private const string Account = "healer";
    private const string Ns = "healed";

    [Fact]
    public async Task The_healer_is_forbidden_nothing_and_is_granted_nothing_in_vain()
    {
        await cluster.KubectlAsync("create", "namespace", Ns);
        await cluster.KubectlAsync("-n", Ns, "create", "deployment", "web", "--image=web:1");
        // First the right and then the policy, or the healer begins with refusals until somebody has bound it.
        await cluster.KubectlAsync("-n", Ns, "create", "rolebinding", "ops-healer-actions", "--clusterrole=ops-healer-actions", $"--serviceaccount={Installation.SystemNamespace}:{Account}");
        await Eventually.HoldsAsync(
            () => cluster.MayAsync(Installation.UserOf(Account), "list", "pods", Ns), "the healer's binding is known");
        var before = cluster.RequestsOf(Account).Count;
        await using var op = await cluster.StartOperatorAsync();
        await cluster.KubectlAsync("-n", Ns, "apply", "--validate=false", "-f", Path.Combine(Repository.Root, "manifests", "samples", "healing.yaml"));
        await cluster.KubectlAsync("-n", Ns, "patch", "hp", "shop", "--type=merge", "-p", """{"spec":{"verifyWithin":"1s"}}""");
        await RememberedAsync(replicas: 1);

        // The same wait comes twice, so that its Event is counted up instead of made anew.
        await cluster.KubectlAsync("-n", Ns, "scale", "deployment", "web", "--replicas=0");
        await PhaseAsync("AwaitingApproval");
        await AutonomyAsync("suggest");
        await PhaseAsync("Suggested");
        await AutonomyAsync("approve");
        await PhaseAsync("AwaitingApproval");
        await AutonomyAsync("auto");
        await PhaseAsync("Succeeded");
        (await cluster.KubectlAsync("-n", Ns, "get", "deployment", "web", "-o", "jsonpath={.spec.replicas}")).ShouldBe("1");
        // Another replica is remembered: the memory is written again.
        await cluster.KubectlAsync("-n", Ns, "scale", "deployment", "web", "--replicas=2");
        await RememberedAsync(replicas: 2);

        // A watch is logged when it ends.
        await op.Process.SignalAsync("TERM");
        await op.Process.WaitForExitAsync(TestContext.Current.CancellationToken);
        var requests = cluster.RequestsOf(Account);
        requests.Skip(before).Where(request => request.Code == (int)HttpStatusCode.Forbidden).ShouldBeEmpty();
        var granted = await Permission.GrantedAsync(cluster, Account);
        granted.ShouldNotBeEmpty();
        granted.Except(requests.SelectMany(Permission.UsedBy)).ShouldBeEmpty("a permission that nothing needs is taken away, or the test learns to need it");
    }

    // Not how many objects are remembered: the first of them is there before the Deployment is well.
    private Task RememberedAsync(int replicas) => Eventually.HoldsAsync(
        async () => (await cluster.KubectlAsync("-n", Installation.SystemNamespace, "get", "configmap", $"healing-memory-{Ns}", "--ignore-not-found", "-o", "jsonpath={.data.Deployment\\.web}")).Contains($"\"replicas\":{replicas}", StringComparison.Ordinal),
        $"the memory has {replicas} replicas",
        TimeSpan.FromMinutes(3));

    private Task<string> AutonomyAsync(string autonomy) => cluster.KubectlAsync("-n", Ns, "patch", "hp", "shop", "--type=merge", "-p", $$$"""{"spec":{"autonomy":"{{{autonomy}}}"}}""");

    private Task PhaseAsync(string phase) => Eventually.HoldsAsync(
        async () => (await cluster.KubectlAsync("-n", Ns, "get", "rem", "-o", "jsonpath={.items[*].status.phase}")).Split(' ')[0] == phase, $"the remediation is {phase}", TimeSpan.FromMinutes(3));
}
