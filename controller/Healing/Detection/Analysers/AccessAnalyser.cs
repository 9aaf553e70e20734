using k8s.Models;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Detection.Analysers;

/// <summary>Rights of workloads' accounts that were taken away. What a pod asks with them is refused from then on.</summary>
internal sealed class AccessAnalyser : IAnalyser
{
    public IEnumerable<Finding> Analyse(NamespaceSnapshot snapshot, Baseline memory)
    {
        var used = snapshot.Workloads.Select(workload => workload.Template.Spec.ServiceAccountName is { Length: > 0 } account ? account : "default").ToHashSet();
        foreach (var good in memory.States.Values.Where(state => state.Kind == V1RoleBinding.KubeKind))
        {
            var now = snapshot.Find(good.Kind, good.Name) as V1RoleBinding;
            if (Accounts(Remembered.Of<V1RoleBinding>(memory, good.Name)).Except(Accounts(now)).FirstOrDefault(used.Contains) is { } account)
                yield return new(good.Kind, good.Name, Causes.AccessRevoked, $"ServiceAccount {account} has lost what it binds");
        }
    }

    private static IEnumerable<string> Accounts(V1RoleBinding? binding) =>
        (binding?.Subjects ?? []).Where(subject => subject.Kind == V1ServiceAccount.KubeKind).Select(subject => subject.Name);
}
