using Ops.Sandbox.Api.Store;

namespace Ops.Sandbox.Api;

/// <summary>Resources that the server itself has something to do with.</summary>
internal static class Known
{
    public static readonly ResourceId Namespaces = new("", "namespaces");
    public static readonly ResourceId Pods = new("", "pods");
    public static readonly ResourceId Claims = new("", "persistentvolumeclaims");
    public static readonly ResourceId Quotas = new("", "resourcequotas");
    public static readonly ResourceId LimitRanges = new("", "limitranges");
    public static readonly ResourceId Services = new("", "services");
    public static readonly ResourceId ServiceAccounts = new("", "serviceaccounts");
    public static readonly ResourceId Secrets = new("", "secrets");
    public static readonly ResourceId Events = new("", "events");
    public static readonly ResourceId Nodes = new("", "nodes");
    public static readonly ResourceId MutatingWebhooks = new("admissionregistration.k8s.io", "mutatingwebhookconfigurations");
    public static readonly ResourceId ValidatingWebhooks = new("admissionregistration.k8s.io", "validatingwebhookconfigurations");
    public static readonly ResourceId PriorityClasses = new("scheduling.k8s.io", "priorityclasses");
    public static readonly ResourceId Crds = new("apiextensions.k8s.io", "customresourcedefinitions");
    public static readonly ResourceId DisruptionBudgets = new("policy", "poddisruptionbudgets");
    public static readonly ResourceId Roles = new("rbac.authorization.k8s.io", "roles");
    public static readonly ResourceId ClusterRoles = new("rbac.authorization.k8s.io", "clusterroles");
    public static readonly ResourceId RoleBindings = new("rbac.authorization.k8s.io", "rolebindings");
    public static readonly ResourceId ClusterRoleBindings = new("rbac.authorization.k8s.io", "clusterrolebindings");
}
