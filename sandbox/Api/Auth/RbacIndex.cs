using System.Text.Json.Nodes;
using Ops.Sandbox.Api.Store;

namespace Ops.Sandbox.Api.Auth;

/// <summary>One rule of a role.</summary>
internal sealed record PolicyRule(
    IReadOnlyList<string> Verbs,
    IReadOnlyList<string> Groups,
    IReadOnlyList<string> Resources,
    IReadOnlyList<string> Names,
    IReadOnlyList<string> Paths)
{
    public static PolicyRule Read(JsonObject rule) =>
        new(rule.Texts("verbs"), rule.Texts("apiGroups"), rule.Texts("resources"), rule.Texts("resourceNames"), rule.Texts("nonResourceURLs"));

    public bool Allows(AccessAttributes access)
    {
        if (!Has(Verbs, access.Verb)) return false;
        return access.IsResource ? AllowsResource(access) : Paths.Any(p => PathMatches(p, access.Path));
    }

    private bool AllowsResource(AccessAttributes access)
    {
        if (!Has(Groups, access.Group)) return false;
        var resource = access.Subresource.Length == 0 ? access.Resource : $"{access.Resource}/{access.Subresource}";
        var named = Has(Resources, resource) || (access.Subresource.Length > 0 && Resources.Contains($"*/{access.Subresource}", StringComparer.Ordinal));
        return named && (Names.Count == 0 || Names.Contains(access.Name, StringComparer.Ordinal));
    }

    private static bool Has(IReadOnlyList<string> values, string value) =>
        values.Contains("*", StringComparer.Ordinal) || values.Contains(value, StringComparer.Ordinal);

    private static bool PathMatches(string pattern, string path) =>
        pattern == "*" || pattern == path || (pattern.EndsWith('*') && path.StartsWith(pattern[..^1], StringComparison.Ordinal));
}

/// <summary>What someone wants to do, in RBAC's terms.</summary>
internal sealed record AccessAttributes(
    string Verb, bool IsResource, string Group = "", string Resource = "", string Subresource = "", string Namespace = "", string Name = "", string Path = "");

/// <summary>All bindings with their rules, read once per change of any of the four RBAC resources.</summary>
internal sealed class RbacIndex
{
    private static readonly ResourceId[] Sources = [Known.ClusterRoles, Known.ClusterRoleBindings, Known.Roles, Known.RoleBindings];

    private readonly IReadOnlyList<Grant> _grants;
    private readonly object[] _readFrom;

    private RbacIndex(StoreSnapshot snapshot)
    {
        _readFrom = [.. Sources.Select(s => (object)snapshot.Of(s))];
        var clusterRoles = Rules(snapshot, Known.ClusterRoles);
        var roles = Rules(snapshot, Known.Roles);
        _grants =
        [
            .. snapshot.Of(Known.ClusterRoleBindings).Values.Select(b => ReadBinding(b.Parse(), "", clusterRoles, roles)),
            .. snapshot.Of(Known.RoleBindings).Values.Select(b => ReadBinding(b.Parse(), b.Id.Namespace, clusterRoles, roles)),
        ];
    }

    /// <summary>The same index when no role or binding changed, else a new one.</summary>
    public static RbacIndex For(StoreSnapshot snapshot, RbacIndex? previous)
    {
        if (previous is null) return new RbacIndex(snapshot);
        for (var i = 0; i < Sources.Length; i++)
        {
            if (!ReferenceEquals(snapshot.Of(Sources[i]), previous._readFrom[i])) return new RbacIndex(snapshot);
        }

        return previous;
    }

    public bool Allows(UserInfo user, AccessAttributes access)
    {
        foreach (var grant in _grants)
        {
            if (grant.Namespace.Length > 0 && (!access.IsResource || grant.Namespace != access.Namespace)) continue;
            if (grant.Binds(user) && grant.Rules.Any(r => r.Allows(access))) return true;
        }

        return false;
    }

    /// <summary>Every rule that applies to a user in a namespace.</summary>
    public IEnumerable<PolicyRule> RulesOf(UserInfo user, string ns) =>
        _grants.Where(g => (g.Namespace.Length == 0 || g.Namespace == ns) && g.Binds(user)).SelectMany(g => g.Rules);

    private static Dictionary<ObjectId, IReadOnlyList<PolicyRule>> Rules(StoreSnapshot snapshot, ResourceId resource) =>
        snapshot.Of(resource).Values.ToDictionary(r => r.Id, r => (IReadOnlyList<PolicyRule>)[.. r.Parse().Items("rules").Select(PolicyRule.Read)]);

    private static Grant ReadBinding(
        JsonObject binding,
        string ns,
        Dictionary<ObjectId, IReadOnlyList<PolicyRule>> clusterRoles,
        Dictionary<ObjectId, IReadOnlyList<PolicyRule>> roles)
    {
        var reference = binding.Child("roleRef");
        var name = reference.Text("name") ?? "";
        var rules = reference.Text("kind") == "Role"
            ? roles.GetValueOrDefault(new ObjectId(ns, name))
            : clusterRoles.GetValueOrDefault(new ObjectId("", name));
        return new Grant(ns, [.. binding.Items("subjects").Select(s => Subject.Read(s, ns))], rules ?? []);
    }

    private sealed record Subject(string Kind, string Name)
    {
        public static Subject Read(JsonObject subject, string bindingNamespace) => subject.Text("kind") == "ServiceAccount"
            ? new Subject("User", $"system:serviceaccount:{subject.Text("namespace") ?? bindingNamespace}:{subject.Text("name")}")
            : new Subject(subject.Text("kind") ?? "", subject.Text("name") ?? "");

        public bool Is(UserInfo user) => Kind == "Group" ? user.Groups.Contains(Name, StringComparer.Ordinal) : user.Name == Name;
    }

    private sealed record Grant(string Namespace, IReadOnlyList<Subject> Subjects, IReadOnlyList<PolicyRule> Rules)
    {
        public bool Binds(UserInfo user) => Subjects.Any(s => s.Is(user));
    }
}
