using System.Net;
using k8s;
using k8s.Models;
using Ops.Testing;

namespace Ops.RealCluster.Tests;

/// <summary>One thing that a role lets an account do.</summary>
internal sealed record Permission(string Group, string Resource, string Verb)
{
    /// <summary>What a request needs. An apply that creates (201) is logged as patch and authorized as both.</summary>
    public static IEnumerable<Permission> UsedBy(AuditedRequest r)
    {
        var resource = r.Subresource.Length > 0 ? $"{r.Resource}/{r.Subresource}" : r.Resource;
        yield return new Permission(r.Group, resource, r.Verb);
        if (r is { Verb: "patch", Code: (int)HttpStatusCode.Created })
            yield return new Permission(r.Group, resource, "create");
    }

    /// <summary>What an account may do for the whole cluster and in its own namespace.</summary>
    public static async Task<HashSet<Permission>> GrantedAsync(RealCluster cluster, string account, string ns = Installation.SystemNamespace)
    {
        using var client = cluster.Plane.Client();
        var rules = new List<V1PolicyRule>();
        foreach (var binding in (await client.RbacAuthorizationV1.ListClusterRoleBindingAsync()).Items.Where(b => Binds(b.Subjects, account, ns)))
            rules.AddRange((await client.RbacAuthorizationV1.ReadClusterRoleAsync(binding.RoleRef.Name)).Rules);
        foreach (var binding in (await client.RbacAuthorizationV1.ListNamespacedRoleBindingAsync(ns)).Items.Where(b => Binds(b.Subjects, account, ns)))
        {
            rules.AddRange(binding.RoleRef.Kind == "ClusterRole"
                ? (await client.RbacAuthorizationV1.ReadClusterRoleAsync(binding.RoleRef.Name)).Rules
                : (await client.RbacAuthorizationV1.ReadNamespacedRoleAsync(binding.RoleRef.Name, ns)).Rules);
        }

        return [.. from rule in rules from @group in rule.ApiGroups from resource in rule.Resources from verb in rule.Verbs select new Permission(@group, resource, verb)];
    }

    private static bool Binds(IList<Rbacv1Subject>? subjects, string account, string ns) =>
        subjects?.Any(s => s.Kind == "ServiceAccount" && s.NamespaceProperty == ns && s.Name == account) == true;
}
