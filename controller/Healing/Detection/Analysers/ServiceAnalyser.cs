using System.Globalization;
using k8s;
using k8s.Models;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Detection.Analysers;

/// <summary>Services that lead nowhere, or to strangers. What never worked is its owner's business: only changes count.</summary>
internal sealed class ServiceAnalyser : IAnalyser
{
    public IEnumerable<Finding> Analyse(NamespaceSnapshot snapshot, Baseline memory)
    {
        foreach (var good in memory.States.Values.Where(state => state.Kind == V1Service.KubeKind))
        {
            var was = KubernetesJson.Deserialize<V1Service>(good.Content.ToJsonString());
            var before = snapshot.PodsBy(was.Spec.Selector);
            // Without its pods a Service is no use, and whoever took the pods away may take the Service away.
            if (before.Count == 0)
                continue;
            var now = snapshot.Services.FirstOrDefault(service => service.Metadata.Name == good.Name);
            if (now is null)
                yield return new(V1Service.KubeKind, good.Name, Causes.ServiceDeleted, $"{before.Count} pods are left without it");
            else if (Of(now, was, before, snapshot) is var (cause, evidence))
                yield return new(V1Service.KubeKind, good.Name, cause, evidence);
        }
    }

    private static (string Cause, string Evidence)? Of(V1Service now, V1Service was, IReadOnlyList<V1Pod> before, NamespaceSnapshot snapshot)
    {
        var pods = snapshot.PodsBy(now.Spec.Selector);
        if (pods.Count == 0)
            return (Causes.WrongSelector, "spec.selector selects no pod");
        var owners = Owners(before);
        if (Owners(pods).Except(owners).Any())
            return Owners(pods).Overlaps(owners)
                ? (Causes.SelectorTooBroad, "spec.selector also selects pods of another workload")
                : (Causes.WrongSelector, "spec.selector selects pods of another workload");
        if (now.Spec.InternalTrafficPolicy == "Local" && was.Spec.InternalTrafficPolicy != "Local"
            && snapshot.Nodes.FirstOrDefault(node => pods.All(pod => pod.Spec.NodeName != node.Metadata.Name)) is { } empty)
        {
            return (Causes.LocalTrafficOnly, $"spec.internalTrafficPolicy is Local, and node {empty.Metadata.Name} has none of its pods");
        }

        var wrong = now.Spec.Ports.FirstOrDefault(port => before.All(pod => !Opens(pod, Target(port))));
        return wrong is not null && was.Spec.Ports.All(port => before.Any(pod => Opens(pod, Target(port))))
            ? (Causes.WrongTargetPort, $"no pod opens port {Target(wrong)}")
            : null;
    }

    private static HashSet<string> Owners(IEnumerable<V1Pod> pods) => [.. pods.Select(Owner)];

    // A ReplicaSet is its Deployment's name and a hash: pods of two revisions have one owner.
    private static string Owner(V1Pod pod) => pod.Metadata.OwnerReferences?.FirstOrDefault(owner => owner.Controller == true) switch
    {
        null => $"Pod/{pod.Metadata.Name}",
        { Kind: V1ReplicaSet.KubeKind, Name: var name } when name.LastIndexOf('-') is > 0 and var dash => $"{V1Deployment.KubeKind}/{name[..dash]}",
        var owner => $"{owner.Kind}/{owner.Name}",
    };

    private static string Target(V1ServicePort port) => port.TargetPort?.Value is { Length: > 0 } target && target != "0" ? target : port.Port.ToString(CultureInfo.InvariantCulture);

    private static bool Opens(V1Pod pod, string target) => pod.Spec.Containers.SelectMany(container => container.Ports ?? [])
        .Any(port => port.Name == target || port.ContainerPort.ToString(CultureInfo.InvariantCulture) == target);
}
