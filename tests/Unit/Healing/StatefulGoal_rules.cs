using k8s.Models;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Detection;
using Ops.Healing.Goals;
using Ops.Healing.Guarding;
using Ops.Healing.Memory;
using Ops.Healing.Planning;

namespace Ops.Healing.Tests;

/// <summary>Goals of StatefulSets: judged and repaired as those of Deployments, and refused where the set does not replace its pods.</summary>
public sealed class StatefulGoal_rules
{
    private static readonly HealingGoal Three = new() { Name = "three", Kind = GoalKinds.StatefulSet, Type = GoalTypes.Replicas, Targets = ["db"], Replicas = 3, Settle = "0s" };
    private static readonly HealingGoal Calm = new() { Name = "calm", Kind = GoalKinds.StatefulSet, Type = GoalTypes.Cpu, Targets = ["db"], PercentOfLimit = 50, Settle = "0s" };

    [Fact]
    public void A_set_that_asks_for_other_pods_is_scaled_and_a_Deployment_of_its_name_is_not()
    {
        var snapshot = With(Set(), Shop.Deployment("db"));
        var (finding, plan) = Missed(Three, snapshot);
        (finding.Kind, finding.Cause, plan!.Summary).ShouldBe(("StatefulSet", Causes.OtherReplicasWanted, "ScaleWorkload StatefulSet/db replicas=3"));
        Verdict(plan, snapshot).Kind.ShouldBe(GuardVerdictKind.Go);
    }

    [Fact]
    public void A_busy_set_is_made_anew_one_pod_at_a_time_where_the_budget_has_room_for_one()
    {
        var snapshot = With(Set());
        var (finding, plan) = Missed(Calm, snapshot, 90);
        (finding.Kind, plan!.Summary).ShouldBe(("StatefulSet", "RestartRollout StatefulSet/db at=2026-01-01T12:00:00Z"));
        Verdict(plan, snapshot).Kind.ShouldBe(GuardVerdictKind.Go);
        Verdict(plan, snapshot, new() { MaxUnavailable = 0 }).Reason.ShouldContain("may take away 1 ready pods");
        Verdict(plan, snapshot, new() { MinHealthy = 2 }).Reason.ShouldContain("would leave 1 ready pods");
    }

    [Fact]
    public void A_busy_set_goes_back_to_the_template_that_was_well()
    {
        var changed = With(Set(one => one.Spec.Template.Spec.Containers[0].Image = "db:2"));
        var (_, plan) = Missed(Calm, changed, 90);
        plan!.Actions.ShouldHaveSingleItem().Type.ShouldBe("RestoreTemplate");
        Verdict(plan, changed).Kind.ShouldBe(GuardVerdictKind.Go);
    }

    [Theory]
    [InlineData("OnDelete", null)]
    [InlineData("RollingUpdate", 1)]
    public void A_set_that_does_not_replace_its_pods_is_not_marked(string type, int? partition)
    {
        var still = With(Set(one => one.Spec.UpdateStrategy = new() { Type = type, RollingUpdate = partition is null ? null : new() { Partition = partition } }));
        var verdict = Verdict(new("", [Shop.Action("RestartRollout", "StatefulSet", "db", ("at", "2026-01-01T12:00:00Z"))]), still);
        (verdict.Kind, verdict.Reason).ShouldBe((GuardVerdictKind.Refuse, "StatefulSet db does not replace its pods by itself: spec.updateStrategy is OnDelete, or has a partition"));
    }

    [Fact]
    public void A_set_that_is_not_there_is_unknown() =>
        GoalJudge.Judge("shop", Three, Shop.Of([Shop.Deployment("db")], []), new Dictionary<string, TargetReading>(), null).Reason.ShouldBe("It cannot be measured: StatefulSet db does not exist.");

    private static (Finding Finding, HealingPlan? Plan) Missed(HealingGoal goal, NamespaceSnapshot snapshot, double? cpu = null)
    {
        var readings = new Dictionary<string, TargetReading> { ["db"] = new(cpu, null, null, null, "nobody told") };
        snapshot = snapshot with { Goals = [GoalJudge.Judge("shop", goal, snapshot, readings, null)] };
        var finding = GoalFindings.Of(snapshot).ShouldHaveSingleItem();
        return (finding, RulePlanner.Plan(finding, snapshot, Memory));
    }

    private static Baseline Memory => BaselineUpdate.After(Baseline.Empty, With(Set()), []);

    private static GuardVerdict Verdict(HealingPlan plan, NamespaceSnapshot snapshot, HealingBudget? budget = null)
    {
        var remediation = Shop.Plan(plan.Actions.ShouldHaveSingleItem());
        return Guard.Check(new(remediation, Shop.Policy(spec => spec with { Budget = budget }), [], snapshot, Memory, 0));
    }

    private static NamespaceSnapshot With(V1StatefulSet set, params V1Deployment[] deployments)
    {
        var snapshot = Shop.Of(deployments, []);
        return snapshot with
        {
            StatefulSets = [set],
            Pods = [.. snapshot.Pods, .. Enumerable.Range(0, 2).Select(i => new V1Pod
            {
                Metadata = new() { Name = $"db-{i}", NamespaceProperty = "shop", CreationTimestamp = Shop.Now.UtcDateTime.AddMinutes(-10), OwnerReferences = [new() { Kind = "StatefulSet", Name = "db", Uid = "db-set", Controller = true, ApiVersion = "apps/v1" }] },
                Spec = set.Spec.Template.Spec,
                Status = new() { Conditions = [new() { Type = "PodScheduled", Status = "True" }, new() { Type = "Ready", Status = "True", LastTransitionTime = Shop.Now.UtcDateTime.AddMinutes(-9) }] },
            })],
        };
    }

    private static V1StatefulSet Set(Action<V1StatefulSet>? alter = null)
    {
        var set = new V1StatefulSet
        {
            Metadata = new() { Name = "db", NamespaceProperty = "shop", Uid = "db-set", Generation = 1 },
            Spec = new()
            {
                Replicas = 2, ServiceName = "db", Selector = new() { MatchLabels = new Dictionary<string, string> { ["app"] = "db" } },
                Template = new() { Metadata = new() { Labels = new Dictionary<string, string> { ["app"] = "db" } }, Spec = new() { Containers = [new() { Name = "db", Image = "db:1" }] } },
            },
            Status = new() { ObservedGeneration = 1, Replicas = 2, ReadyReplicas = 2, UpdatedReplicas = 2 },
        };
        alter?.Invoke(set);
        return set;
    }
}
