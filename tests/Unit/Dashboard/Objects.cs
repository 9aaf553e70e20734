using k8s.Models;
using Ops.Api;
using Ops.Dashboard.Cluster;

namespace Ops.Dashboard.Tests;

/// <summary>Objects as the operator and the root-cause service leave them.</summary>
internal static class Objects
{
    public static readonly DateTime Noon = new(2026, 3, 4, 12, 0, 0, DateTimeKind.Utc);

    public static V1Condition Condition(string type, bool holds, string reason, string message = "") =>
        new() { Type = type, Status = holds ? Conditions.True : Conditions.False, Reason = reason, Message = message, LastTransitionTime = Noon };

    public static ModelPool Pool(string name, int ready = 1, params V1Condition[] conditions) => new()
    {
        Metadata = new() { Name = name, NamespaceProperty = "default" },
        Spec = new() { Model = "org/" + name, Replicas = 2, Gpu = new() { Product = "NVIDIA-H100-80GB-HBM3" } },
        Status = new() { Replicas = 2, ReadyReplicas = ready, Conditions = conditions },
    };

    public static ModelPool WellPool(string name) => Pool(name, 2, Condition(ConditionTypes.Ready, true, "AllReplicasReady"));

    public static ModelRoute Route(string name, params V1Condition[] conditions) => new()
    {
        Metadata = new() { Name = name, NamespaceProperty = "default" },
        Spec = new() { Variants = [new() { Pool = "small" }, new() { Pool = "large" }] },
        Status = new() { Conditions = conditions },
    };

    public static Incident Incident(string name, string phase, string? cause = "shop/catalog") => new()
    {
        Metadata = new() { Name = name, NamespaceProperty = "shop", CreationTimestamp = Noon },
        Status = new() { Phase = phase, Symptom = "shop/web: request mean", Cause = cause, Onset = Noon, DetectedAt = Noon.AddMinutes(1) },
    };

    public static ClusterSnapshot Cluster(IEnumerable<ModelPool>? pools = null, IEnumerable<ModelRoute>? routes = null, IEnumerable<Incident>? incidents = null) =>
        new() { Pools = [.. pools ?? []], Routes = [.. routes ?? []], Incidents = [.. incidents ?? []] };
}
