using System.Runtime.InteropServices;
using k8s.Models;
using Ops.Sandbox.Node.Control;
using Ops.Sandbox.Node.Objects;

namespace Ops.Sandbox.Node.Kubelet;

/// <summary>The Node and Lease objects of a simulated machine.</summary>
internal static class NodeObjects
{
    /// <summary>Marks nodes of a sandbox, so that one that is no longer asked for can be told from one that somebody made by hand.</summary>
    public const string Marker = "sandbox.ops.autonomic.dev/node";

    /// <summary>A kubelet's own: 40 s lease, renewed every quarter.</summary>
    public static readonly TimeSpan RenewPeriod = TimeSpan.FromSeconds(10);

    private const int LeaseSeconds = 40;
    private const string LeaseNamespace = "kube-node-lease";

    /// <summary>Creates the node or brings it up to date; what others put on it (taints, cordon, labels) stays.</summary>
    public static void Register(ClusterState state, NodeSpec spec, IReadOnlyDictionary<string, ImageEntry> images)
    {
        var live = state.Client.Get<V1Node>(null, spec.Name);
        var node = live is null ? null : Canonical.Copy(live);
        if (node is null)
        {
            node = state.Create(new V1Node
            {
                ApiVersion = "v1",
                Kind = "Node",
                Metadata = new V1ObjectMeta { Name = spec.Name, Labels = Labels(spec), Annotations = new Dictionary<string, string> { [Marker] = "true" } },
                Spec = new V1NodeSpec(),
            });
        }
        else
        {
            node.Metadata.Labels = new Dictionary<string, string>(node.Metadata.Labels ?? new Dictionary<string, string>());
            foreach (var (key, value) in Labels(spec))
                node.Metadata.Labels[key] = value;
            if (!Canonical.Same(node.Metadata.Labels, live!.Metadata.Labels))
                node = state.Update(node);
        }
        var status = Status(spec, images, node.Status, state.Clock.GetUtcNow());
        if (!Canonical.Same(status, node.Status))
        {
            var copy = Canonical.Copy(node);
            copy.Status = status;
            state.UpdateStatus(copy);
        }
        state.Events.Tell(new Narration(References.To(node), KubeletContext.Component, "Starting", "Starting kubelet."), spec.Name);
    }

    public static void RenewLease(ClusterState state, string node)
    {
        var now = state.Clock.GetUtcNow().UtcDateTime;
        if (state.Client.Get<V1Lease>(LeaseNamespace, node) is { } lease)
        {
            lease.Spec ??= new V1LeaseSpec();
            lease.Spec.HolderIdentity = node;
            lease.Spec.LeaseDurationSeconds = LeaseSeconds;
            lease.Spec.RenewTime = now;
            state.Client.Update(lease);
            return;
        }
        state.Client.Create(new V1Lease
        {
            ApiVersion = "coordination.k8s.io/v1",
            Kind = "Lease",
            Metadata = new V1ObjectMeta { Name = node, NamespaceProperty = LeaseNamespace },
            Spec = new V1LeaseSpec { HolderIdentity = node, LeaseDurationSeconds = LeaseSeconds, RenewTime = now },
        });
    }

    private static Dictionary<string, string> Labels(NodeSpec spec)
    {
        var labels = new Dictionary<string, string>(spec.Labels)
        {
            ["kubernetes.io/hostname"] = spec.Name,
            ["kubernetes.io/os"] = "linux",
            ["kubernetes.io/arch"] = Architecture,
        };
        if (spec.GpuProduct is { } product)
            labels["nvidia.com/gpu.product"] = product;
        if (spec.Gpus > 0)
            labels["nvidia.com/gpu.count"] = spec.Gpus.ToString();
        return labels;
    }

    private static V1NodeStatus Status(NodeSpec spec, IReadOnlyDictionary<string, ImageEntry> images, V1NodeStatus? old, DateTimeOffset now)
    {
        var capacity = new Dictionary<string, ResourceQuantity>
        {
            ["cpu"] = new(spec.Cpu), ["memory"] = new(spec.Memory), ["pods"] = new("110"), ["ephemeral-storage"] = new("100Gi"),
        };
        if (spec.Gpus > 0)
            capacity["nvidia.com/gpu"] = new ResourceQuantity(spec.Gpus.ToString());
        return new V1NodeStatus
        {
            Capacity = capacity,
            Allocatable = capacity,
            Addresses = [new V1NodeAddress { Type = "InternalIP", Address = KubeletContext.HostIP }, new V1NodeAddress { Type = "Hostname", Address = spec.Name }],
            Conditions =
            [
                Condition(old, "MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available", now),
                Condition(old, "DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure", now),
                Condition(old, "PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available", now),
                Condition(old, "Ready", "True", "KubeletReady", "kubelet is posting ready status", now),
            ],
            DaemonEndpoints = old?.DaemonEndpoints,
            Images = [.. images.Keys.Order(StringComparer.Ordinal).Take(50).Select(name => new V1ContainerImage { Names = [name] })],
            NodeInfo = new V1NodeSystemInfo
            {
                Architecture = Architecture,
                OperatingSystem = "linux",
                OsImage = RuntimeInformation.OSDescription,
                KernelVersion = Environment.OSVersion.Version.ToString(),
                ContainerRuntimeVersion = "sandbox://local-processes",
                KubeletVersion = "v1.36.0+ops-sandbox",
                KubeProxyVersion = string.Empty,
                BootID = string.Empty,
                MachineID = spec.Name,
                SystemUUID = spec.Name,
            },
        };
    }

    private static string Architecture => RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "arm64" : "amd64";

    private static V1NodeCondition Condition(V1NodeStatus? old, string type, string status, string reason, string message, DateTimeOffset now)
    {
        var before = old?.Conditions?.FirstOrDefault(condition => condition.Type == type);
        return before?.Status == status
            ? before
            : new V1NodeCondition { Type = type, Status = status, Reason = reason, Message = message, LastHeartbeatTime = now.UtcDateTime, LastTransitionTime = now.UtcDateTime };
    }
}
