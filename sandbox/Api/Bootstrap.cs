using System.Text.Json.Nodes;

namespace Ops.Sandbox.Api;

/// <summary>What every cluster has before anybody asks: four namespaces, the two classes of system pods, and the roles that kube-apiserver ships.</summary>
internal static class Bootstrap
{
    private static readonly string[] Namespaces = ["default", "kube-system", "kube-public", "kube-node-lease"];

    private static readonly (string Name, int Value, string Description)[] PriorityClasses =
    [
        ("system-cluster-critical", 2000000000, "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary."),
        ("system-node-critical", 2000001000, "Used for system critical pods that must not be moved from their current node."),
    ];

    private static readonly string[] ReadVerbs = ["get", "list", "watch"];

    private static readonly string[] AllVerbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

    private static readonly string[] WorkloadGroups =
        ["", "apps", "batch", "autoscaling", "policy", "networking.k8s.io", "discovery.k8s.io", "events.k8s.io", "coordination.k8s.io"];

    public static void Fill(LocalClient client)
    {
        foreach (var name in Namespaces) Ensure(client, "v1", "Namespace", new JsonObject { ["metadata"] = new JsonObject { ["name"] = name } });
        foreach (var (name, value, what) in PriorityClasses)
            Ensure(client, "scheduling.k8s.io/v1", "PriorityClass", new JsonObject { ["metadata"] = new JsonObject { ["name"] = name }, ["value"] = value, ["description"] = what });
        foreach (var (name, rules) in Roles()) Ensure(client, "rbac.authorization.k8s.io/v1", "ClusterRole", Role(name, rules));
        foreach (var (role, subject) in Bindings()) Ensure(client, "rbac.authorization.k8s.io/v1", "ClusterRoleBinding", Binding(role, subject));
    }

    private static void Ensure(LocalClient client, string apiVersion, string kind, JsonObject document)
    {
        if (client.FindKind(apiVersion, kind) is not { } definition) return;
        if (client.Get(definition, null, document.Metadata().Text("name")!) is null) client.Create(definition, document);
    }

    private static IEnumerable<(string Name, JsonArray Rules)> Roles()
    {
        yield return ("cluster-admin", [Rule(["*"], ["*"], ["*"]), Paths(["*"], ["*"])]);
        yield return ("admin", [Rule(WorkloadGroups, ["*"], AllVerbs), Rule(["rbac.authorization.k8s.io"], ["roles", "rolebindings"], AllVerbs)]);
        yield return ("edit", [Rule(WorkloadGroups, ["*"], AllVerbs)]);
        yield return ("view", [Rule(WorkloadGroups.Where(g => g.Length > 0), ["*"], ReadVerbs), Rule([""], ViewableCore, ReadVerbs)]);
        yield return ("system:basic-user", [Rule(["authorization.k8s.io"], ["selfsubjectaccessreviews", "selfsubjectrulesreviews"], ["create"]), Rule(["authentication.k8s.io"], ["selfsubjectreviews"], ["create"])]);
        yield return ("system:discovery", [Paths(["/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz", "/version", "/version/"], ["get"])]);
    }

    /// <summary>Everything in the core group but Secrets.</summary>
    private static readonly string[] ViewableCore =
    [
        "configmaps", "endpoints", "events", "limitranges", "namespaces", "namespaces/status", "persistentvolumeclaims", "pods", "pods/log", "pods/status",
        "replicationcontrollers", "resourcequotas", "serviceaccounts", "services", "services/status",
    ];

    private static IEnumerable<(string Role, string Group)> Bindings() =>
        [("cluster-admin", "system:masters"), ("system:basic-user", "system:authenticated"), ("system:discovery", "system:authenticated")];

    private static JsonObject Role(string name, JsonArray rules) => new()
    {
        ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = new JsonObject { ["kubernetes.io/bootstrapping"] = "rbac-defaults" } },
        ["rules"] = rules,
    };

    private static JsonObject Binding(string role, string group) => new()
    {
        ["metadata"] = new JsonObject { ["name"] = role },
        ["roleRef"] = new JsonObject { ["apiGroup"] = "rbac.authorization.k8s.io", ["kind"] = "ClusterRole", ["name"] = role },
        ["subjects"] = new JsonArray(new JsonObject { ["apiGroup"] = "rbac.authorization.k8s.io", ["kind"] = "Group", ["name"] = group }),
    };

    private static JsonObject Rule(IEnumerable<string> groups, IEnumerable<string> resources, IEnumerable<string> verbs) =>
        new() { ["apiGroups"] = Array(groups), ["resources"] = Array(resources), ["verbs"] = Array(verbs) };

    private static JsonObject Paths(IEnumerable<string> paths, IEnumerable<string> verbs) =>
        new() { ["nonResourceURLs"] = Array(paths), ["verbs"] = Array(verbs) };

    private static JsonArray Array(IEnumerable<string> values) => new([.. values.Select(v => (JsonNode)v)]);
}
