using k8s.Models;

namespace Ops.SandboxNode.Tests;

/// <summary>Objects that tests start from.</summary>
internal static class Make
{
    /// <summary>A pod with one container named main that runs a shell script.</summary>
    public static V1Pod Pod(string name, params string[] script) => new()
    {
        ApiVersion = "v1",
        Kind = "Pod",
        Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = "default", Labels = new Dictionary<string, string> { ["app"] = name } },
        Spec = Spec(script),
    };

    /// <summary>The trap makes a shell end at once on SIGTERM, as a well-behaved server does.</summary>
    public static V1PodSpec Spec(params string[] script) => new()
    {
        Containers = [new V1Container { Name = "main", Image = "sh", Args = ["-c", script.Length == 0 ? "trap 'exit 0' TERM; sleep 1000 & wait" : string.Join('\n', script)] }],
    };

    public static V1Deployment Deployment(string name, int replicas, V1PodSpec? spec = null) => new()
    {
        ApiVersion = "apps/v1",
        Kind = "Deployment",
        Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = "default" },
        Spec = new V1DeploymentSpec
        {
            Replicas = replicas,
            Selector = new V1LabelSelector { MatchLabels = Labels(name) },
            Template = new V1PodTemplateSpec { Metadata = new V1ObjectMeta { Labels = Labels(name) }, Spec = spec ?? Spec() },
        },
    };

    public static V1StatefulSet StatefulSet(string name, int replicas) => new()
    {
        ApiVersion = "apps/v1",
        Kind = "StatefulSet",
        Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = "default" },
        Spec = new V1StatefulSetSpec
        {
            Replicas = replicas,
            ServiceName = name,
            Selector = new V1LabelSelector { MatchLabels = Labels(name) },
            Template = new V1PodTemplateSpec { Metadata = new V1ObjectMeta { Labels = Labels(name) }, Spec = Spec() },
        },
    };

    public static V1Job Job(string name, params string[] script)
    {
        var spec = Spec(script);
        spec.RestartPolicy = "Never";
        return new V1Job
        {
            ApiVersion = "batch/v1",
            Kind = "Job",
            Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = "default" },
            Spec = new V1JobSpec { Template = new V1PodTemplateSpec { Metadata = new V1ObjectMeta { Labels = Labels(name) }, Spec = spec } },
        };
    }

    public static V1Service Service(string name, int port, IntOrString target) => new()
    {
        ApiVersion = "v1",
        Kind = "Service",
        Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = "default" },
        Spec = new V1ServiceSpec { Selector = Labels(name), Ports = [new V1ServicePort { Name = "http", Port = port, TargetPort = target }] },
    };

    public static Dictionary<string, string> Labels(string name) => new() { ["app"] = name };

    public static V1Node Node(string name, string cpu = "8", int gpus = 0, string? product = null)
    {
        var labels = new Dictionary<string, string> { ["kubernetes.io/hostname"] = name };
        if (product is not null)
            labels["nvidia.com/gpu.product"] = product;
        var allocatable = new Dictionary<string, ResourceQuantity> { ["cpu"] = new(cpu), ["memory"] = new("64Gi"), ["pods"] = new("110") };
        if (gpus > 0)
            allocatable["nvidia.com/gpu"] = new ResourceQuantity(gpus.ToString());
        return new V1Node { Metadata = new V1ObjectMeta { Name = name, Labels = labels }, Spec = new V1NodeSpec(), Status = new V1NodeStatus { Allocatable = allocatable } };
    }
}
