using k8s;
using k8s.Models;
using Ops.Api;
using Ops.Kube;

namespace Ops.Operator;

/// <summary>Events for people who watch kubectl events: one when a condition turns, none while it stays.</summary>
internal static class ConditionEvents
{
    /// <summary>Records what turned between two states of an object's conditions.</summary>
    public static void Record(
        EventRecorder events, IKubernetesObject<V1ObjectMeta> regarding, IEnumerable<V1Condition>? before, IEnumerable<V1Condition>? after)
    {
        var (wasDegraded, isDegraded) = (Conditions.Find(before, ConditionTypes.Degraded), Conditions.Find(after, ConditionTypes.Degraded));
        if (isDegraded?.Status == Conditions.True && (wasDegraded?.Status != Conditions.True || wasDegraded.Reason != isDegraded.Reason))
            events.Warning(regarding, isDegraded.Reason, isDegraded.Message);
        else if (isDegraded?.Status == Conditions.False && wasDegraded?.Status == Conditions.True)
            events.Normal(regarding, "Recovered", $"{wasDegraded.Reason} is over");

        if (Conditions.IsTrue(after, ConditionTypes.Ready) && !Conditions.IsTrue(before, ConditionTypes.Ready))
            events.Normal(regarding, "Ready", Conditions.Find(after, ConditionTypes.Ready)!.Message);
    }
}
