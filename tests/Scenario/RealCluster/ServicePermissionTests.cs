using System.Net;
using Ops.Testing;

namespace Ops.RealCluster.Tests;

/// <summary>The accounts of the dashboard, the root-cause service and the power agent: enough for their work, and nothing beside it.</summary>
public sealed class ServicePermissionTests(RealCluster cluster)
{
    private const string PowerNamespace = "ops-power";

    // An incident takes minutes of metrics until it is opened, and a minute until one is old: tests/Scenario/Incidents opens and
    // resolves real ones with this account.
    private static readonly Permission[] NeedsAnIncident =
    [
        new("ops.autonomic.dev", "incidents", "create"),
        new("ops.autonomic.dev", "incidents", "patch"),
        new("ops.autonomic.dev", "incidents", "delete"),
        new("ops.autonomic.dev", "incidents/status", "patch"),
    ];

    [Fact]
    public async Task The_dashboard_is_forbidden_nothing_and_is_granted_nothing_in_vain()
    {
        await KnownAsync("dashboard", Installation.SystemNamespace);
        var before = cluster.RequestsOf("dashboard").Count;
        await using (var dashboard = await cluster.Installation.StartAsync("Ops.Dashboard", "dashboard", [], TestContext.Current.CancellationToken))
            await EndWhenAsync(dashboard, "dashboard", Installation.SystemNamespace, new Permission("", "pods", "list"));
        await ExpectLeastAsync("dashboard", Installation.SystemNamespace, before);
    }

    [Fact]
    public async Task The_root_cause_service_is_forbidden_nothing_and_is_granted_nothing_in_vain()
    {
        await KnownAsync("rca", Installation.SystemNamespace, "leases");
        var before = cluster.RequestsOf("rca").Count;
        await using (var rca = await cluster.Installation.StartAsync("Ops.Rca.Service", "rca", ["--interval", "1s"], TestContext.Current.CancellationToken))
            await EndWhenAsync(rca, "rca", Installation.SystemNamespace, new Permission("ops.autonomic.dev", "incidents", "list"), new("", "pods", "list"), new("", "services", "list"), new("discovery.k8s.io", "endpointslices", "list"), new("coordination.k8s.io", "leases", "update"));
        await ExpectLeastAsync("rca", Installation.SystemNamespace, before, NeedsAnIncident);
        foreach (var (_, resource, verb) in NeedsAnIncident)
            (await cluster.MayAsync(Installation.UserOf("rca"), verb, resource.Replace("incidents", "incidents.ops.autonomic.dev", StringComparison.Ordinal), "default")).ShouldBeTrue($"{verb} {resource}");
    }

    [Fact]
    public async Task A_power_agent_is_forbidden_nothing_and_is_granted_nothing_in_vain()
    {
        await InstallAgentAsync();
        // A pod that asks for a limit, on a node whose GPUs cannot be set: it is told so, again and again.
        const string Limited = """
            apiVersion: ops.autonomic.dev/v1alpha1
            kind: ModelPool
            metadata: {name: limited, namespace: default}
            spec:
              model: meta-llama/Llama-3.1-8B-Instruct
              suspend: true
              engine: {type: vllm}
              gpu: {product: NVIDIA-H100-80GB-HBM3, count: 1}
              energy: {mode: fixed, powerLimitWatts: 400}
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: limited-0, namespace: default, labels: {ops.autonomic.dev/pool: limited} }
            spec: {nodeName: fake-gpu, automountServiceAccountToken: false, containers: [{name: engine, image: none}] }
            """;
        // Pods are refused until their namespace's account is there.
        await Eventually.HoldsAsync(async () => (await cluster.Kubectl.RunAsync(["apply", "--validate=false", "-f", "-"], TestContext.Current.CancellationToken, Limited)).ExitCode == 0, "the pool and its pod are made");
        var before = cluster.RequestsOf("power-agent", PowerNamespace).Count;
        await using (var agent = await cluster.Installation.StartAsync("Ops.PowerAgent", "power-agent", ["--node", "fake-gpu", "--interval", "500ms"], TestContext.Current.CancellationToken, PowerNamespace))
            await EndWhenAsync(agent, "power-agent", PowerNamespace, new Permission("", "events", "patch"), new("", "configmaps", "create"), new("coordination.k8s.io", "leases", "update"));
        await ExpectLeastAsync("power-agent", PowerNamespace, before);
        await cluster.KubectlAsync("delete", "mp/limited", "pod/limited-0", "--grace-period=0", "--force");
    }

    [Theory]
    [InlineData("dashboard", "get", "secrets")]
    [InlineData("dashboard", "list", "incidents.ops.autonomic.dev")]
    [InlineData("dashboard", "patch", "approvers.ops.autonomic.dev")]
    [InlineData("dashboard", "patch", "remediations.ops.autonomic.dev")]
    [InlineData("dashboard", "delete", "pods")]
    [InlineData("dashboard", "create", "pods/exec")]
    [InlineData("dashboard", "impersonate", "users")]
    [InlineData("rca", "get", "secrets")]
    [InlineData("rca", "get", "configmaps")]
    [InlineData("rca", "delete", "pods")]
    [InlineData("rca", "patch", "deployments.apps")]
    [InlineData("rca", "patch", "remediations.ops.autonomic.dev")]
    [InlineData("rca", "patch", "healingpolicies.ops.autonomic.dev")]
    [InlineData("rca", "patch", "approvers.ops.autonomic.dev")]
    [InlineData("rca", "create", "rolebindings.rbac.authorization.k8s.io")]
    [InlineData("power-agent", "get", "secrets")]
    [InlineData("power-agent", "patch", "pods")]
    [InlineData("power-agent", "patch", "nodes")]
    [InlineData("power-agent", "patch", "configmaps")]
    [InlineData("power-agent", "update", "leases")]
    [InlineData("power-agent", "patch", "modelpools.ops.autonomic.dev")]
    [InlineData("power-agent", "patch", "modelpools.ops.autonomic.dev/status")]
    public async Task What_is_none_of_their_business_is_forbidden(string account, string verb, string resource)
    {
        var ns = account == "power-agent" ? PowerNamespace : Installation.SystemNamespace;
        if (ns == PowerNamespace)
            await InstallAgentAsync();
        await KnownAsync(account, ns);
        (await cluster.MayAsync(Installation.UserOf(account, ns), verb, resource, "default")).ShouldBeFalse();
    }

    // Its account and roles; the agent itself runs beside the test.
    private async Task InstallAgentAsync()
    {
        foreach (var file in (string[])["namespace.yaml", "rbac.yaml"])
            await cluster.KubectlAsync("apply", "--validate=false", "-f", Path.Combine(Repository.Root, "manifests", "power-agent", file));
        await KnownAsync("power-agent", PowerNamespace, "leases");
    }

    // An API server that has just started forbids everything until it knows the roles.
    private Task KnownAsync(string account, string ns, params string[] own) => Eventually.HoldsAsync(
        async () =>
        {
            var user = Installation.UserOf(account, ns);
            foreach (var resource in own)
            {
                if (!await cluster.MayAsync(user, "get", resource, ns))
                    return false;
            }

            return await cluster.MayAsync(user, "list", "pods", "default");
        },
        $"the roles of {account} are known");

    private async Task EndWhenAsync(InstalledProcess process, string account, string ns, params Permission[] used)
    {
        await Eventually.HoldsAsync(() => Task.FromResult(!used.Except(cluster.RequestsOf(account, ns).SelectMany(Permission.UsedBy)).Any()), $"the {account} has used {string.Join(", ", used.Select(one => $"{one.Verb} {one.Resource}"))}", TimeSpan.FromMinutes(3));
        await process.Process.SignalAsync("TERM");
        await process.Process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    private async Task ExpectLeastAsync(string account, string ns, int before, params Permission[] elsewhere)
    {
        var requests = cluster.RequestsOf(account, ns);
        requests.Skip(before).Where(request => request.Code == (int)HttpStatusCode.Forbidden).ShouldBeEmpty();
        var granted = await Permission.GrantedAsync(cluster, account, ns);
        granted.ShouldNotBeEmpty();
        // A watch is logged when it ends, and one that had not begun when the process was ended is not logged at all.
        granted.Where(one => one.Verb != "watch").Except(requests.SelectMany(Permission.UsedBy)).Except(elsewhere).ShouldBeEmpty("a permission that nothing needs is taken away, or the test learns to need it");
    }
}
