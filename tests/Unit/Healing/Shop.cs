using System.Text.Json.Nodes;
using k8s.Models;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Content;
using Ops.Healing.Detection;
using Ops.Healing.Guarding;
using Ops.Healing.Memory;

namespace Ops.Healing.Tests;

/// <summary>A small namespace that is well: two Deployments with a Service each, and a ConfigMap that one reads.</summary>
internal static class Shop
{
    public static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    public static NamespaceSnapshot Well() => Of([Deployment("web"), Deployment("cart")], [Service("web"), Service("cart")]);

    public static Baseline Memory() => BaselineUpdate.After(Baseline.Empty, Well(), []);

    /// <summary>The namespace with pods and endpoints as Kubernetes' controllers would make them.</summary>
    public static NamespaceSnapshot Of(IReadOnlyList<V1Deployment> deployments, IReadOnlyList<V1Service> services, Action<V1Pod>? alter = null)
    {
        var sets = deployments.Select(one => new V1ReplicaSet
        {
            Metadata = new() { Name = one.Metadata.Name + "-5f6", Uid = one.Metadata.Uid + "-rs", OwnerReferences = [Owner(V1Deployment.KubeKind, one.Metadata.Name, one.Metadata.Uid)] },
        }).ToList();
        var pods = deployments.SelectMany(one => Enumerable.Range(0, one.Spec.Replicas ?? 1).Select(i => Pod(one, i, alter))).ToList();
        var snapshot = new NamespaceSnapshot
        {
            Namespace = "shop",
            Now = Now,
            Deployments = deployments,
            ReplicaSets = sets,
            Pods = pods,
            Services = services,
            ConfigMaps = [Map(("mode", "fast"))],
        };
        return snapshot with
        {
            EndpointSlices = [.. services.Where(one => snapshot.PodsBy(one.Spec.Selector).Count > 0).Select(one => new V1EndpointSlice
            {
                Metadata = new() { Name = one.Metadata.Name, Labels = new Dictionary<string, string> { [Labels.ServiceName] = one.Metadata.Name } },
                Ports = [new() { Port = 8080 }],
                Endpoints = [new() { Addresses = ["127.0.0.2"], Conditions = new() { Ready = true } }],
            })],
        };
    }

    public static V1Deployment Deployment(string name, Action<V1Deployment>? alter = null)
    {
        var labels = new Dictionary<string, string> { ["app"] = name, ["part-of"] = "shop" };
        var deployment = new V1Deployment
        {
            Metadata = new() { Name = name, NamespaceProperty = "shop", Uid = name, Generation = 1, Labels = labels },
            Spec = new()
            {
                Replicas = 2,
                Selector = new() { MatchLabels = labels },
                Template = new()
                {
                    Metadata = new() { Labels = labels },
                    Spec = new()
                    {
                        Containers =
                        [
                            new()
                            {
                                Name = "app", Image = "shop:1", Ports = [new() { Name = "http", ContainerPort = 8080 }],
                                ReadinessProbe = new() { HttpGet = new() { Path = "/readyz", Port = "http" } },
                                Env = [new() { Name = "MODE", ValueFrom = new() { ConfigMapKeyRef = new() { Name = "settings", Key = "mode" } } }],
                            },
                        ],
                    },
                },
            },
            Status = new() { ObservedGeneration = 1, ReadyReplicas = 2, UpdatedReplicas = 2, Replicas = 2 },
        };
        alter?.Invoke(deployment);
        return deployment;
    }

    public static V1Service Service(string name, Action<V1Service>? alter = null)
    {
        var service = new V1Service
        {
            Metadata = new() { Name = name, NamespaceProperty = "shop", Uid = "s-" + name },
            Spec = new() { Selector = new Dictionary<string, string> { ["app"] = name }, Ports = [new() { Port = 80, TargetPort = "http" }] },
        };
        alter?.Invoke(service);
        return service;
    }

    public static V1ConfigMap Map(params (string Key, string Value)[] data) =>
        new() { Metadata = new() { Name = "settings", NamespaceProperty = "shop" }, Data = data.ToDictionary(pair => pair.Key, pair => pair.Value) };

    public static HealingPolicy Policy(Func<HealingPolicySpec, HealingPolicySpec>? alter = null) => new()
    {
        Metadata = new() { Name = "shop", NamespaceProperty = "shop" },
        Spec = (alter ?? (spec => spec))(new() { Autonomy = AutonomyLevels.Auto }),
    };

    /// <summary>A proposed plan that scales web to three.</summary>
    public static Remediation Plan(RemediationAction? action = null)
    {
        var plan = new Remediation
        {
            Metadata = new() { Name = "r", NamespaceProperty = "shop", Uid = "r-1", CreationTimestamp = Now.UtcDateTime },
            Spec = new()
            {
                Policy = "shop", Incident = "i", Cause = Causes.ScaledToZero, Attempt = 1,
                Actions = [action ?? Action("ScaleWorkload", "Deployment", "web", ("replicas", "3"))],
            },
        };
        plan.Status = new() { PlanHash = PlanHash.Of(plan) };
        return plan;
    }

    public static RemediationAction Action(string type, string kind, string name, params (string Key, string Value)[] parameters) => new()
    {
        Type = type,
        Target = new() { Kind = kind, Name = name },
        Parameters = parameters.Length == 0 ? null : parameters.ToDictionary(pair => pair.Key, pair => pair.Value),
    };

    public static Approver Person(string name, Remediation plan, string decision = ApproverDecisions.Approve, string? hash = null) => new()
    {
        Metadata = new() { Name = name, NamespaceProperty = "shop" },
        Spec = new() { Decisions = [new() { Remediation = "r", PlanHash = hash ?? PlanHash.Of(plan), Decision = decision }] },
    };

    public static GuardInput Input(Remediation plan, HealingPolicy? policy = null, IReadOnlyCollection<Approver>? approvers = null, NamespaceSnapshot? snapshot = null, int spent = 0) =>
        new(plan, policy ?? Policy(), approvers ?? [], snapshot ?? Well(), Memory(), spent);

    public static JsonObject Json(string text) => JsonNode.Parse(text)!.AsObject();

    private static V1Pod Pod(V1Deployment deployment, int number, Action<V1Pod>? alter)
    {
        var pod = new V1Pod
        {
            Metadata = new()
            {
                Name = $"{deployment.Metadata.Name}-5f6-{number}", NamespaceProperty = "shop", Labels = deployment.Spec.Template.Metadata.Labels,
                CreationTimestamp = Now.UtcDateTime.AddMinutes(-10),
                OwnerReferences = [Owner(V1ReplicaSet.KubeKind, deployment.Metadata.Name + "-5f6", deployment.Metadata.Uid + "-rs")],
            },
            Spec = deployment.Spec.Template.Spec,
            Status = new()
            {
                Conditions =
                [
                    new() { Type = "PodScheduled", Status = "True" },
                    new() { Type = "Ready", Status = "True", LastTransitionTime = Now.UtcDateTime.AddMinutes(-10).AddSeconds(3) },
                ],
            },
        };
        alter?.Invoke(pod);
        return pod;
    }

    private static V1OwnerReference Owner(string kind, string name, string uid) => new() { Kind = kind, Name = name, Uid = uid, Controller = true, ApiVersion = "apps/v1" };
}
