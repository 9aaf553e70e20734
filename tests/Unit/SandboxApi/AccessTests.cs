using System.Text.Json.Nodes;

namespace Ops.SandboxApi.Tests;

public sealed class AccessTests : ApiTest
{
    private const string Roles = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles";

    private const string RoleBindings = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings";

    [Fact]
    public async Task A_wrong_token_is_401()
    {
        using var stranger = ClientFor("nonsense");
        var status = await ExpectAsync(401, "GET", ConfigMaps, client: stranger);
        status["message"]!.GetValue<string>().ShouldBe("Unauthorized");
        status["reason"]!.GetValue<string>().ShouldBe("Unauthorized");
    }

    [Fact]
    public async Task No_token_is_anonymous_who_may_read_version_and_health_only()
    {
        using var nobody = ClientFor(null);
        await ExpectAsync(200, "GET", "/version", client: nobody);
        await ExpectAsync(200, "GET", "/readyz", client: nobody);
        var status = await ExpectAsync(403, "GET", "/api/v1/nodes", client: nobody);
        status["message"]!.GetValue<string>().ShouldBe("nodes is forbidden: User \"system:anonymous\" cannot list resource \"nodes\" in API group \"\" at the cluster scope");
        await ExpectAsync(403, "GET", "/metrics", client: nobody);
    }

    [Fact]
    public async Task A_service_account_may_do_what_its_role_says_and_nothing_else()
    {
        using var account = await AccountAsync("reader");
        var refused = await ExpectAsync(403, "GET", Pods, client: account);
        refused["message"]!.GetValue<string>().ShouldBe(
            "pods is forbidden: User \"system:serviceaccount:default:reader\" cannot list resource \"pods\" in API group \"\" in the namespace \"default\"");
        await GrantAsync("reader", new JsonObject { ["apiGroups"] = new JsonArray(""), ["resources"] = new JsonArray("pods", "pods/log"), ["verbs"] = new JsonArray("get", "list", "watch") });
        await ExpectAsync(200, "GET", Pods, client: account);
        await ExpectAsync(404, "GET", $"{Pods}/nope", client: account);
        await ExpectAsync(403, "GET", "/api/v1/pods", client: account);
        await ExpectAsync(403, "POST", Pods, Pod("p"), client: account);
        var sub = await ExpectAsync(403, "PATCH", $"{Pods}/p/status", new JsonObject(), "application/merge-patch+json", account);
        sub["message"]!.GetValue<string>().ShouldBe(
            "pods \"p\" is forbidden: User \"system:serviceaccount:default:reader\" cannot patch resource \"pods/status\" in API group \"\" in the namespace \"default\"");
    }

    [Fact]
    public async Task Resource_names_restrict_a_rule()
    {
        await CreateConfigMapAsync("open");
        await CreateConfigMapAsync("closed");
        using var account = await AccountAsync("one");
        await GrantAsync("one", new JsonObject { ["apiGroups"] = new JsonArray(""), ["resources"] = new JsonArray("configmaps"), ["resourceNames"] = new JsonArray("open"), ["verbs"] = new JsonArray("get") });
        await ExpectAsync(200, "GET", $"{ConfigMaps}/open", client: account);
        await ExpectAsync(403, "GET", $"{ConfigMaps}/closed", client: account);
    }

    [Fact]
    public async Task A_token_ends_with_its_account()
    {
        using var account = await AccountAsync("short");
        await ExpectAsync(200, "GET", "/api", client: account);
        await ExpectAsync(200, "DELETE", "/api/v1/namespaces/default/serviceaccounts/short");
        await ExpectAsync(401, "GET", "/api", client: account);
        await ExpectAsync(201, "POST", "/api/v1/namespaces/default/serviceaccounts", Account("short"));
        await ExpectAsync(401, "GET", "/api", client: account);
    }

    [Fact]
    public async Task A_requested_token_works_and_a_forged_one_does_not()
    {
        await ExpectAsync(201, "POST", "/api/v1/namespaces/default/serviceaccounts", Account("sa"));
        var answer = await ExpectAsync(201, "POST", "/api/v1/namespaces/default/serviceaccounts/sa/token", new JsonObject { ["spec"] = new JsonObject { ["expirationSeconds"] = 600 } });
        var token = answer["status"]!["token"]!.GetValue<string>();
        using var account = ClientFor(token);
        var me = await ExpectAsync(201, "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", new JsonObject(), client: account);
        me["status"]!["userInfo"]!["username"]!.GetValue<string>().ShouldBe("system:serviceaccount:default:sa");
        var parts = token.Split('.');
        var payload = parts[1];
        var forged = payload[..10] + (payload[10] == 'A' ? 'B' : 'A') + payload[11..];
        using var forger = ClientFor($"{parts[0]}.{forged}.{parts[2]}");
        await ExpectAsync(401, "GET", "/api", client: forger);
        await ExpectAsync(422, "POST", "/api/v1/namespaces/default/serviceaccounts/sa/token", new JsonObject { ["spec"] = new JsonObject { ["expirationSeconds"] = 5 } });
    }

    [Fact]
    public async Task Access_reviews_answer_as_the_authorizer_decides()
    {
        using var account = await AccountAsync("asker");
        await GrantAsync("asker", new JsonObject { ["apiGroups"] = new JsonArray("apps"), ["resources"] = new JsonArray("*"), ["verbs"] = new JsonArray("*") });
        (await MayAsync(account, "create", "apps", "deployments")).ShouldBeTrue();
        (await MayAsync(account, "create", "", "pods")).ShouldBeFalse();
        (await MayAsync(Http, "create", "", "pods")).ShouldBeTrue();
    }

    [Fact]
    public async Task The_admin_may_act_as_somebody_else_and_others_may_not()
    {
        using var account = await AccountAsync("plain");
        using var request = ClientFor(Server.AdminToken);
        request.DefaultRequestHeaders.Add("Impersonate-User", "system:serviceaccount:default:plain");
        var refused = await ExpectAsync(403, "GET", Pods, client: request);
        refused["message"]!.GetValue<string>().ShouldContain("system:serviceaccount:default:plain");
        account.DefaultRequestHeaders.Add("Impersonate-User", "kubernetes-admin");
        (await ExpectAsync(403, "GET", Pods, client: account))["message"]!.GetValue<string>().ShouldContain("cannot impersonate resource \"users\"");
    }

    private async Task<HttpClient> AccountAsync(string name)
    {
        await ExpectAsync(201, "POST", "/api/v1/namespaces/default/serviceaccounts", Account(name));
        return ClientFor(Server.IssueServiceAccountToken("default", name));
    }

    private async Task GrantAsync(string account, JsonObject rule)
    {
        await ExpectAsync(201, "POST", Roles, new JsonObject { ["metadata"] = new JsonObject { ["name"] = account }, ["rules"] = new JsonArray(rule) });
        await ExpectAsync(201, "POST", RoleBindings, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = account },
            ["roleRef"] = new JsonObject { ["apiGroup"] = "rbac.authorization.k8s.io", ["kind"] = "Role", ["name"] = account },
            ["subjects"] = new JsonArray(new JsonObject { ["kind"] = "ServiceAccount", ["name"] = account, ["namespace"] = "default" }),
        });
    }

    private async Task<bool> MayAsync(HttpClient client, string verb, string group, string resource)
    {
        var answer = await ExpectAsync(
            201,
            "POST",
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            new JsonObject { ["spec"] = new JsonObject { ["resourceAttributes"] = new JsonObject { ["verb"] = verb, ["group"] = group, ["resource"] = resource, ["namespace"] = "default" } } },
            client: client);
        return answer["status"]!["allowed"]!.GetValue<bool>();
    }

    private static JsonObject Account(string name) => new() { ["metadata"] = new JsonObject { ["name"] = name } };
}
