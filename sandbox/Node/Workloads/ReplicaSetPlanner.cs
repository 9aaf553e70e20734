using k8s.Models;
using Ops.Sandbox.Node.Control;
using Ops.Sandbox.Node.Objects;

namespace Ops.Sandbox.Node.Workloads;

/// <summary>Keeps as many active pods as a ReplicaSet asks for; adopts fitting orphans and lets go what no longer fits.</summary>
internal static class ReplicaSetPlanner
{
    private const string Component = "replicaset-controller";

    private const string FailureCondition = "ReplicaFailure";

    /// <summary>Pods created or deleted by one plan. Kubernetes' own burst, so that one set cannot starve the others.</summary>
    private const int Burst = 500;

    public static Plan Make(V1ReplicaSet set, IEnumerable<V1Pod> podsOfNamespace, DateTimeOffset now)
    {
        var writes = new List<Write>();
        var claimed = Claim(set, podsOfNamespace, writes);
        if (writes.Count > 0)
            return new Plan(writes);

        var active = claimed.Where(Pods.IsActive).ToList();
        if (set.Metadata.DeletionTimestamp is null)
            writes.AddRange(Balance(set, claimed, active, now));
        var status = StatusOf(set, claimed, active, now);
        if (!Canonical.Same(status, set.Status))
        {
            var copy = Canonical.Copy(set);
            copy.Status = status;
            writes.Add(new UpdateStatus<V1ReplicaSet>(copy));
        }
        return new Plan(writes, NextAvailability(active, set.Spec.MinReadySeconds ?? 0, now));
    }

    /// <summary>The earliest moment when a ready pod of these becomes available.</summary>
    public static TimeSpan? NextAvailability(IEnumerable<V1Pod> pods, int minReadySeconds, DateTimeOffset now) =>
        pods.Select(pod => Pods.UntilAvailable(pod, minReadySeconds, now)).Where(left => left is not null).Min();

    private static List<V1Pod> Claim(V1ReplicaSet set, IEnumerable<V1Pod> pods, List<Write> writes)
    {
        var claimed = new List<V1Pod>();
        foreach (var pod in pods)
        {
            var fits = Selectors.Matches(set.Spec.Selector, pod.Metadata.Labels);
            var owner = Owners.ControllerOf(pod);
            if (owner?.Uid == set.Metadata.Uid && fits)
                claimed.Add(pod);
            else if (owner?.Uid == set.Metadata.Uid && set.Metadata.DeletionTimestamp is null && Pods.IsActive(pod))
                writes.Add(new UpdateObject<V1Pod>(WithOwners(pod, (pod.Metadata.OwnerReferences ?? []).Where(one => one.Uid != set.Metadata.Uid))));
            else if (owner is null && fits && Pods.IsActive(pod) && set.Metadata.DeletionTimestamp is null)
                writes.Add(new UpdateObject<V1Pod>(WithOwners(pod, [.. pod.Metadata.OwnerReferences ?? [], Owners.Reference(set)])));
        }
        return claimed;
    }

    private static V1Pod WithOwners(V1Pod pod, IEnumerable<V1OwnerReference> owners)
    {
        var copy = Canonical.Copy(pod);
        copy.Metadata.OwnerReferences = [.. owners];
        return copy;
    }

    private static IEnumerable<Write> Balance(V1ReplicaSet set, List<V1Pod> claimed, List<V1Pod> active, DateTimeOffset now)
    {
        var wanted = set.Spec.Replicas ?? 1;
        var about = References.To(set);
        if (active.Count < wanted)
        {
            for (var index = 0; index < Math.Min(Burst, wanted - active.Count); index++)
            {
                yield return new CreateObject<V1Pod>(Pods.FromTemplate(
                    set.Spec.Template, set.Metadata.NamespaceProperty, Owners.Reference(set), name: null, generateName: set.Metadata.Name + "-"))
                {
                    Tell = new Narration(about, Component, "SuccessfulCreate", "Created pod: {0}"),
                    TellRefusal = new Narration(about, Component, "FailedCreate", "Error creating: {0}", "Warning"),
                    AfterRefusal = problem => Failing(set, StatusOf(set, claimed, active, now), problem, now),
                };
            }
        }
        else
        {
            foreach (var pod in PodRanking.FirstToGo(active).Take(Math.Min(Burst, active.Count - wanted)))
                yield return new DeleteObject<V1Pod>(pod) { Tell = new Narration(about, Component, "SuccessfulDelete", "Deleted pod: {0}") };
        }
    }

    /// <summary>Says that pods cannot be made; the first sentence stays, since each try has another pod's name in it.</summary>
    private static UpdateStatus<V1ReplicaSet> Failing(V1ReplicaSet set, V1ReplicaSetStatus status, string problem, DateTimeOffset now)
    {
        var copy = Canonical.Copy(set);
        status.Conditions = set.Status?.Conditions?.Any(condition => condition is { Type: FailureCondition, Status: "True" }) == true
            ? set.Status.Conditions
            : [.. (status.Conditions ?? []), new V1ReplicaSetCondition { Type = FailureCondition, Status = "True", Reason = "FailedCreate", Message = problem, LastTransitionTime = now.UtcDateTime }];
        copy.Status = status;
        return new UpdateStatus<V1ReplicaSet>(copy);
    }

    private static V1ReplicaSetStatus StatusOf(V1ReplicaSet set, List<V1Pod> claimed, List<V1Pod> active, DateTimeOffset now)
    {
        var minReady = set.Spec.MinReadySeconds ?? 0;
        return new V1ReplicaSetStatus
        {
            Replicas = active.Count,
            FullyLabeledReplicas = NullIfZero(active.Count(pod => Selectors.MatchesAll(set.Spec.Template.Metadata?.Labels, pod.Metadata.Labels))),
            ReadyReplicas = NullIfZero(active.Count(Pods.IsReady)),
            AvailableReplicas = NullIfZero(active.Count(pod => Pods.IsAvailable(pod, minReady, now))),
            TerminatingReplicas = claimed.Count(pod => Pods.IsTerminating(pod) && !Pods.IsTerminal(pod)),
            ObservedGeneration = set.Metadata.Generation,
            // All pods that were wanted could be made, or this status would not be written.
            Conditions = set.Status?.Conditions?.Where(condition => condition.Type != FailureCondition).ToList() is { Count: > 0 } others ? others : null,
        };
    }

    // Kubernetes omits zero counts of optional fields; writing them would make every idle comparison differ.
    private static int? NullIfZero(int count) => count == 0 ? null : count;
}
