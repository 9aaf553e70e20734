using k8s.Models;
using Ops.Api;
using Ops.Healing.Catalogue.Actions;
using Ops.Healing.Cluster;
using Ops.Healing.Detection;
using Ops.Healing.Goals;

namespace Ops.Healing.Executing;

/// <summary>Whether a plan for a goal helped, by the goal's own measure, which no action writes.</summary>
public static class GoalProgress
{
    // A step of scaling that does not reach the goal counts where it has taken off this much of the worst value: the next
    // step goes on from there, and taking it back would make it worse.
    private const double Better = 0.9;

    // Goals are judged over one window; the first of a new process is slow by itself, so three.
    private static readonly TimeSpan ToldAfter = 3 * PodSeries.Window;

    /// <summary>Findings without those of goals that the plan has brought nearer by scaling.</summary>
    /// <param name="remediation">The plan.</param>
    /// <param name="snapshot">The namespace now.</param>
    /// <param name="findings">What is wrong in it.</param>
    public static IReadOnlyList<Finding> Left(Remediation remediation, NamespaceSnapshot snapshot, IReadOnlyList<Finding> findings) =>
        !Causes.IsOfGoal(remediation.Spec.Cause) || remediation.Spec.Actions is not [{ Type: nameof(ScaleWorkload) }] ? findings
        : [.. findings.Where(finding => GoalFindings.GoalOf(finding, snapshot) is not var (_, target) || !(target.Value <= Better * target.Worst))];

    /// <summary>Whether new processes have been measured long enough to tell that they did not help: a restart has nothing that could be taken back.</summary>
    /// <param name="remediation">The plan.</param>
    /// <param name="snapshot">The namespace now.</param>
    public static bool IsToldByRestart(Remediation remediation, NamespaceSnapshot snapshot) => Causes.IsOfGoal(remediation.Spec.Cause)
        && remediation.Spec.Actions is [{ Type: nameof(RestartRollout), Target: var target }] && snapshot.Workload(target.Kind, target.Name) is { IsHealthy: true } workload
        && workload.Pods.All(pod => pod.Metadata.CreationTimestamp >= remediation.Status?.StartedAt && snapshot.Now.UtcDateTime - ReadySince(pod) > ToldAfter);

    private static DateTime? ReadySince(V1Pod pod) => pod.Status?.Conditions?.FirstOrDefault(one => one is { Type: "Ready", Status: "True" })?.LastTransitionTime;

    /// <summary>Why nobody can tell whether a plan for a goal helped; null where it can be told.</summary>
    /// <param name="remediation">The plan.</param>
    /// <param name="snapshot">The namespace now.</param>
    public static string? Unclear(Remediation remediation, NamespaceSnapshot snapshot) => Causes.IsOfGoal(remediation.Spec.Cause)
        ? remediation.Spec.Actions.Select(action => GoalFindings.Unclear(action.Target.Name, snapshot)).FirstOrDefault(goal => goal is not null) is { } unclear ? $"goal {unclear.Goal.Name}: {unclear.Reason}" : null
        : null;
}
