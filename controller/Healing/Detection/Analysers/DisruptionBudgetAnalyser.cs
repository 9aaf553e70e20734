using k8s.Models;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Detection.Analysers;

/// <summary>Disruption budgets that were changed until they allow no disruption at all: no node can be drained any more.</summary>
internal sealed class DisruptionBudgetAnalyser : IAnalyser
{
    public IEnumerable<Finding> Analyse(NamespaceSnapshot snapshot, Baseline memory) =>
        from budget in snapshot.DisruptionBudgets
        where AllowsNone(budget.Spec) && Remembered.Of<V1PodDisruptionBudget>(memory, budget.Metadata.Name) is { } was && !AllowsNone(was.Spec)
        select new Finding(V1PodDisruptionBudget.KubeKind, budget.Metadata.Name, Causes.DisruptionsBlocked, "it allows no disruption any more");

    private static bool AllowsNone(V1PodDisruptionBudgetSpec? spec) => spec?.MaxUnavailable?.Value is "0" or "0%" || spec?.MinAvailable?.Value == "100%";
}
