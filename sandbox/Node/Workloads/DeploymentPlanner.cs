using k8s.Models;
using Ops.Sandbox.Node.Control;
using Ops.Sandbox.Node.Objects;

namespace Ops.Sandbox.Node.Workloads;

/// <summary>Moves a Deployment's ReplicaSets one step towards its spec. Follows kube-controller-manager's deployment controller.</summary>
internal static class DeploymentPlanner
{
    internal const string Component = "deployment-controller";

    public static Plan Make(V1Deployment deployment, IEnumerable<V1ReplicaSet> setsOfNamespace, IEnumerable<V1Pod> podsOfNamespace, DateTimeOffset now)
    {
        var claims = ReplicaSetClaims.Make(deployment, setsOfNamespace);
        if (claims.Writes.Count > 0)
            return new Plan(claims.Writes);

        var step = new DeploymentStep(deployment, claims.Owned, now);
        if (deployment.Metadata.DeletionTimestamp is not null)
            return step.Finish();
        step.NotePause();
        if (deployment.Spec.Paused == true || step.IsScaling())
            Scale(step);
        else if (deployment.Spec.Strategy?.Type == "Recreate")
            Recreate(step, podsOfNamespace);
        else
            Roll(step);
        return step.Finish();
    }

    /// <summary>The size changed, or the Deployment is paused: spread the change, start nothing new.</summary>
    private static void Scale(DeploymentStep step)
    {
        step.KeepNewSetCurrent();
        DeploymentScaling.Make(step);
        if (step.Deployment.Spec.Paused == true)
            step.CleanUp();
    }

    private static void Recreate(DeploymentStep step, IEnumerable<V1Pod> pods)
    {
        step.KeepNewSetCurrent();
        foreach (var old in step.OldSets.Where(set => (set.Spec.Replicas ?? 1) > 0))
            step.Resize(old, 0);
        if (step.HasWrites)
            return;
        // Nothing of the new template may start while anything of an old one still runs.
        var oldIds = step.OldSets.Select(set => set.Metadata.Uid).ToHashSet();
        if (pods.Any(pod => !Pods.IsTerminal(pod) && Owners.ControllerOf(pod) is { } owner && oldIds.Contains(owner.Uid)))
            return;
        step.CreateNewSetIfMissing(step.Wanted);
        if (step.NewSet is { } set && set.Spec.Replicas != step.Wanted)
            step.Resize(set, step.Wanted);
        step.CleanUpIfComplete();
    }

    private static void Roll(DeploymentStep step)
    {
        step.KeepNewSetCurrent();
        step.CreateNewSetIfMissing(RollingUpdate.SizeOfNew(step.Bounds, step.Wanted, 0, step.OldSets.Sum(HeldBy)));
        if (step.NewSet is not { } newSet)
            return;
        var size = RollingUpdate.SizeOfNew(step.Bounds, step.Wanted, SizeOf(newSet), step.OldSets.Sum(HeldBy));
        if (size != SizeOf(newSet))
        {
            step.Resize(newSet, size);
            return;
        }
        foreach (var (old, target) in RollingUpdate.SizesOfOld(step.Bounds, step.Wanted, newSet, step.OldSets))
            step.Resize(old, target);
        step.CleanUpIfComplete();
    }

    internal static int SizeOf(V1ReplicaSet set) => set.Spec.Replicas ?? 1;

    /// <summary>Pods that a shrinking set still has count too: room that is not free yet must not be filled. (Upstream counts the spec only and may overshoot for a moment.)</summary>
    private static int HeldBy(V1ReplicaSet set) => Math.Max(SizeOf(set), set.Status?.Replicas ?? 0);
}
