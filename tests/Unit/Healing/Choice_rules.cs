using k8s.Models;
using Ops.Api;
using Ops.Healing.Detection;
using Ops.Healing.Executing;
using Ops.Healing.Planning;

namespace Ops.Healing.Tests;

/// <summary>Which of several plans is taken, and when a fault began.</summary>
public sealed class Choice_rules
{
    private static readonly Finding Broken = new("Deployment", "web", Causes.BadImage, "ImagePullBackOff shop:2");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_equals_the_rules_plan_is_taken()
    {
        var rule = RulePlanner.Plan(Broken, Snapshot, Shop.Memory())!;
        var (best, considered) = await Choose([rule, rule with { Planner = RemediationPlanners.Llm }], ["it did not answer within 1s"]);
        best!.Planner.ShouldBe(RemediationPlanners.Rules);
        considered.ShouldBe(best.Considered);
        considered.Count.ShouldBe(2);
        considered[0].ShouldBe("llm: it did not answer within 1s");
    }

    [Fact]
    public async Task What_leaves_more_unlike_the_last_good_state_costs_more()
    {
        var scale = Model(Shop.Action("ScaleWorkload", "Deployment", "web", ("replicas", "3")));
        var restore = RulePlanner.Plan(Broken, Snapshot, Shop.Memory())!;
        (await Choose([scale, restore])).Best!.Summary.ShouldStartWith("RestoreTemplate");
        // It may still run where there is nothing better.
        (await Choose([scale])).Best.ShouldNotBeNull();
    }

    [Fact]
    public async Task A_plan_that_the_guard_or_the_server_refuses_is_not_taken_and_says_why()
    {
        var stranger = Model(Shop.Action("ScaleWorkload", "Deployment", "cart", ("replicas", "3")));
        var ghost = Model(Shop.Action("ScaleWorkload", "Deployment", "ghost", ("replicas", "3")));
        var (best, considered) = await Choose([stranger, ghost]);
        best.ShouldBeNull();
        considered[0].ShouldContain("nothing to do with");
        considered[1].ShouldContain("does not exist");

        var refused = new PlanChoice(Broken, Shop.Policy(), Snapshot, Shop.Memory(), (_, _) => throw new ActionRefusedException("the webhook says no"));
        (await refused.ChooseAsync([RulePlanner.Plan(Broken, Snapshot, Shop.Memory())!], [], Cancellation)).Considered.ShouldHaveSingleItem().ShouldContain("the webhook says no");
    }

    [Fact]
    public void A_fault_began_when_its_object_was_last_changed_and_not_when_its_status_was()
    {
        DateTime At(int minutes) => Shop.Now.UtcDateTime.AddMinutes(-minutes);
        DateTime? Began(params V1ManagedFieldsEntry[] fields) =>
            Onset.Of(Broken, Shop.Of([Shop.Deployment("web", one => one.Metadata.ManagedFields = fields)], []));
        Began(new() { Time = At(5) }, new() { Time = At(3) }, new() { Time = At(1), Subresource = "status" }).ShouldBe(At(3));
        Began(new V1ManagedFieldsEntry { Time = At(60) }).ShouldBeNull();
        Began(new V1ManagedFieldsEntry { Time = At(-5) }).ShouldBeNull();
        Began().ShouldBeNull();
    }

    private static Cluster.NamespaceSnapshot Snapshot =>
        Shop.Of([Shop.Deployment("web", one => one.Spec.Template.Spec.Containers[0].Image = "shop:2"), Shop.Deployment("cart")], [Shop.Service("web"), Shop.Service("cart")]);

    private static HealingPlan Model(RemediationAction action) => new("", [action]) { Planner = RemediationPlanners.Llm };

    private static Task<(HealingPlan? Best, IReadOnlyList<string> Considered)> Choose(IReadOnlyList<HealingPlan> plans, params string[] problems) =>
        new PlanChoice(Broken, Shop.Policy(), Snapshot, Shop.Memory(), (_, _) => Task.FromResult(1)).ChooseAsync(plans, problems, Cancellation);
}
