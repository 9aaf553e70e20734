using Ops.Sandbox.Api.Resources;
using Ops.Sandbox.Api.Store;

namespace Ops.Sandbox.Api.Discovery;

/// <summary>A subresource as discovery shows it.</summary>
internal sealed record SubresourceInfo(string Name, string Group, string Version, string Kind, IReadOnlyList<string> Verbs);

/// <summary>A resource that only answers POST and stores nothing, such as a SelfSubjectAccessReview.</summary>
internal sealed record ReviewResource(string Group, string Version, string Plural, string Kind, bool Namespaced = false);

/// <summary>What discovery shows beside the plain resources.</summary>
internal static class SubresourceCatalogue
{
    private static readonly string[] ReadWrite = ["get", "patch", "update"];

    public static readonly IReadOnlyList<ReviewResource> Reviews =
    [
        new("authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview"),
        new("authentication.k8s.io", "v1", "tokenreviews", "TokenReview"),
        new("authorization.k8s.io", "v1", "localsubjectaccessreviews", "LocalSubjectAccessReview", Namespaced: true),
        new("authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview"),
        new("authorization.k8s.io", "v1", "selfsubjectrulesreviews", "SelfSubjectRulesReview"),
        new("authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview"),
    ];

    private static readonly Dictionary<ResourceId, SubresourceInfo[]> Special = new()
    {
        [Known.Pods] =
        [
            new("binding", "", "v1", "Binding", ["create"]),
            new("eviction", "policy", "v1", "Eviction", ["create"]),
            new("exec", "", "v1", "PodExecOptions", ["create", "get"]),
            new("log", "", "v1", "Pod", ["get"]),
        ],
        [Known.ServiceAccounts] = [new("token", "authentication.k8s.io", "v1", "TokenRequest", ["create"])],
        [Known.Namespaces] = [new("finalize", "", "v1", "Namespace", ["update"])],
    };

    public static IEnumerable<SubresourceInfo> Of(ServedResource resource)
    {
        var kind = resource.Kind;
        foreach (var special in Special.GetValueOrDefault(resource.Id, [])) yield return special;
        if (kind.Scale is not null) yield return new SubresourceInfo("scale", "autoscaling", "v1", "Scale", ReadWrite);
        if (kind.HasStatus) yield return new SubresourceInfo("status", kind.Group, kind.Version, kind.Kind, ReadWrite);
    }

    public static IReadOnlyList<string> VerbsOf(ServedResource resource) => resource.Storage == Known.Namespaces
        ? ["create", "delete", "get", "list", "patch", "update", "watch"]
        : ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
}
