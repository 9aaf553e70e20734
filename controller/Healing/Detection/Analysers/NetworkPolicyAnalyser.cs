using k8s.Models;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Detection.Analysers;

/// <summary>Network policies that let somebody in and now let nobody. A new policy is its author's intention.</summary>
internal sealed class NetworkPolicyAnalyser : IAnalyser
{
    public IEnumerable<Finding> Analyse(NamespaceSnapshot snapshot, Baseline memory) =>
        from policy in snapshot.Others.OfType<V1NetworkPolicy>()
        where LetsNobodyIn(policy) && Remembered.Of<V1NetworkPolicy>(memory, policy.Metadata.Name) is { } was && !LetsNobodyIn(was)
        select new Finding(V1NetworkPolicy.KubeKind, policy.Metadata.Name, Causes.NetworkPolicyDenies, "spec.ingress has no rule any more");

    private static bool LetsNobodyIn(V1NetworkPolicy policy) =>
        policy.Spec.Ingress is not { Count: > 0 } && policy.Spec.PolicyTypes?.Contains("Ingress") != false;
}
