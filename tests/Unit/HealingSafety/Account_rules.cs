using System.Net;
using System.Text.Json.Nodes;
using Ops.Api;
using Ops.Kube;

namespace Ops.HealingSafety;

/// <summary>
/// What the healer's account is refused by the server, whatever the process that has its token wants: the last fence, from the
/// manifests themselves, in a namespace that is healed and in its own.
/// </summary>
public sealed class Account_rules(AttackFixture fixture) : IClassFixture<AttackFixture>
{
    private const string Rbac = "rbac.authorization.k8s.io/v1";
    private const string Ops = ApiGroup.Name + "/" + ApiGroup.Version;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("v1", "Secret", "secrets", "db")]
    [InlineData(Ops, "HealingPolicy", "healingpolicies", "shop")]
    [InlineData(Ops, "Approver", "approvers", "alice")]
    [InlineData("v1", "ServiceAccount", "serviceaccounts", "default")]
    public async Task Secrets_policies_approvals_and_accounts_of_a_healed_namespace_are_out_of_reach(string apiVersion, string kind, string plural, string name)
    {
        var (raw, ns) = (new RawKind(apiVersion, kind, plural), fixture.Server.NewWorld().Namespace);
        await ExpectForbidden(() => fixture.Server.Objects.GetAsync(raw, ns, name, Cancellation));
        await ExpectForbidden(() => fixture.Server.Objects.ReplaceAsync(raw, ns, Object(apiVersion, kind, name), dryRun: false, Cancellation));
        await ExpectForbidden(() => fixture.Server.Objects.CreateAsync(raw, ns, Object(apiVersion, kind, name), dryRun: false, Cancellation));
        await ExpectForbidden(() => fixture.Server.Objects.DeleteAsync(raw, ns, name, "u", dryRun: false, Cancellation));
    }

    [Theory]
    [InlineData("apps/v1", "Deployment", "deployments", WellKnown.SystemNamespace, "operator")]
    [InlineData("v1", "Pod", "pods", WellKnown.SystemNamespace, "operator-0")]
    [InlineData(Rbac, "Role", "roles", WellKnown.SystemNamespace, "healer")]
    [InlineData(Rbac, "ClusterRole", "clusterroles", null, "ops-healer")]
    [InlineData(Rbac, "ClusterRoleBinding", "clusterrolebindings", null, "ops-healer")]
    [InlineData("apps/v1", "Deployment", "deployments", "default", "not-healed")]
    public async Task Its_own_deployment_its_own_rights_and_namespaces_that_nobody_bound_are_out_of_reach(string apiVersion, string kind, string plural, string? ns, string name)
    {
        var raw = new RawKind(apiVersion, kind, plural);
        await ExpectForbidden(() => fixture.Server.Objects.ReplaceAsync(raw, ns, Object(apiVersion, kind, name), dryRun: false, Cancellation));
        await ExpectForbidden(() => fixture.Server.Objects.CreateAsync(raw, ns, Object(apiVersion, kind, name), dryRun: false, Cancellation));
        await ExpectForbidden(() => fixture.Server.Objects.DeleteAsync(raw, ns, name, "u", dryRun: false, Cancellation));
    }

    private static JsonObject Object(string apiVersion, string kind, string name) => new() { ["apiVersion"] = apiVersion, ["kind"] = kind, ["metadata"] = new JsonObject { ["name"] = name } };

    private static async Task ExpectForbidden(Func<Task> request) => (await Should.ThrowAsync<KubeApiException>(request)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
}
