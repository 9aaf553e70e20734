using System.Text.Json.Nodes;
using k8s.Models;
using Ops.Api;

namespace Ops.Planning.Tests;

internal static class Fixtures
{
    public static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public static ModelPool Pool(string engine = "simulated", int replicas = 2, int gpus = 1, string? podTemplate = null) => new()
    {
        Metadata = new() { Name = "llama", NamespaceProperty = "default", Uid = "uid-1", Generation = 7 },
        Spec = new()
        {
            Model = "meta-llama/Llama-3.1-8B-Instruct",
            Engine = new() { Type = engine },
            Gpu = new() { Product = "NVIDIA-H100-80GB-HBM3", Count = gpus },
            Replicas = replicas,
            PodTemplate = podTemplate is null ? null : JsonNode.Parse(podTemplate)!.AsObject(),
        },
    };

    /// <summary>A Deployment as its controller reports it.</summary>
    public static V1Deployment Deployment(ModelPool pool, int total, int ready, int? updated = null, long observed = 1, params V1DeploymentCondition[] conditions) => new()
    {
        Metadata = new() { Name = pool.Metadata.Name, NamespaceProperty = "default", Generation = 1, OwnerReferences = [Owner(pool)] },
        Spec = new() { Replicas = pool.Spec.EffectiveReplicas },
        Status = new() { ObservedGeneration = observed, Replicas = total, ReadyReplicas = ready, UpdatedReplicas = updated ?? total, Conditions = conditions },
    };

    public static V1OwnerReference Owner(ModelPool pool) => new()
    {
        ApiVersion = pool.ApiVersion, Kind = pool.Kind, Name = pool.Metadata.Name, Uid = pool.Metadata.Uid, Controller = true,
    };

    public static V1Pod Pod(string name, V1ContainerStatus? container = null, V1PodCondition? condition = null, string phase = "Running") => new()
    {
        Metadata = new() { Name = name, NamespaceProperty = "default" },
        Status = new()
        {
            Phase = phase,
            ContainerStatuses = container is null ? null : [container],
            Conditions = condition is null ? null : [condition],
        },
    };

    public static V1ContainerStatus Waiting(string reason, string message = "", int restarts = 0, V1ContainerStateTerminated? last = null) => new()
    {
        Name = "engine", Image = "registry/image:1", Ready = false, RestartCount = restarts,
        State = new() { Waiting = new() { Reason = reason, Message = message } },
        LastState = new() { Terminated = last },
    };

    public static V1PodCondition Unschedulable(string message) => new()
    {
        Type = "PodScheduled", Status = "False", Reason = "Unschedulable", Message = message,
    };

    public static ModelRoute Route(params string[] pools) => new()
    {
        Metadata = new() { Name = "chat", NamespaceProperty = "default", Uid = "route-1", Generation = 3 },
        Spec = new()
        {
            Variants = [.. pools.Select(pool => new VariantSpec { Pool = pool, Quality = new Dictionary<string, double> { ["default"] = 0.5 } })],
        },
    };

    public static ModelPool Ready(string name, int replicas) => new()
    {
        Metadata = new() { Name = name, NamespaceProperty = "default" },
        Status = new() { ReadyReplicas = replicas },
    };
}
