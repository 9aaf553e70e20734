using Ops.Api;
using Ops.Healing.Catalogue;
using Ops.Healing.Content;
using Ops.Healing.Guarding;
using Ops.Healing.Planning;

namespace Ops.Healing.Tests;

/// <summary>A repair that is taken back later: which have an inverse, and that it takes the gate like any plan.</summary>
public sealed class Undo_rules
{
    [Fact]
    public void A_restored_object_is_taken_back_to_what_it_was_and_a_person_must_approve_even_under_auto()
    {
        var undo = Undo(out var past);
        Guard.Check(Input(undo, past)).Kind.ShouldBe(GuardVerdictKind.AwaitApproval);
        Guard.Check(Input(undo, past, Shop.Person("ada", undo))).Kind.ShouldBe(GuardVerdictKind.Go);

        var web = Shop.Json("""{"spec":{"ports":[{"port":80,"targetPort":"http"}]}}""");
        ActionCatalogue.Find(undo.Spec.Actions[0].Type)!.Apply(web, undo.Spec.Actions[0], Input(undo, past).Memory);
        web["spec"]!["ports"]![0]!["targetPort"]!.GetValue<int>().ShouldBe(9999);
    }

    [Fact]
    public void Nobody_can_name_other_values_than_those_of_a_plan_that_succeeded_and_is_whole()
    {
        var undo = Undo(out var past);
        Refused(undo, past: null);
        Refused(undo, Altered(past, status => status with { Phase = RemediationPhases.Refused }));
        Refused(undo, Altered(past, status => status with { PlanHash = new('0', 64) }));
        Refused(With(undo, action => action with { Target = action.Target with { Name = "cart" } }), past);
        Refused(With(undo, action => action with { Type = "UndoRestoreTemplate", Target = new() { Kind = "Deployment", Name = "web" } }), past);
        Refused(With(undo, action => action with { Precondition = "other" }), past);
        Refused(With(undo, action => action with { Parameters = new Dictionary<string, string> { ["of"] = "past", ["step"] = "2" } }), past);
    }

    [Fact]
    public void What_a_policy_says_of_a_repair_holds_for_its_inverse()
    {
        var undo = Undo(out var past);
        Guard.Check(Input(undo, past) with { Policy = Shop.Policy(spec => spec with { Actions = ["RestoreService"] }) }).Kind.ShouldBe(GuardVerdictKind.AwaitApproval);
        Guard.Check(Input(undo, past) with { Policy = Shop.Policy(spec => spec with { Actions = ["ScaleWorkload"] }) }).Reason.ShouldBe("HealingPolicy shop does not allow RestoreService.");
        ActionCatalogue.All.ShouldNotContain(type => type.AlwaysAsks, "no planner is offered an inverse");
    }

    [Theory]
    [InlineData("ScaleWorkload", "Deployment", "1", null)]
    [InlineData("ScaleWorkload", "Deployment", "0", "nothing is scaled to none")]
    [InlineData("RestoreTemplate", "Deployment", "{}", null)]
    [InlineData("RestartPod", "Pod", null, "its controller has made a new one")]
    [InlineData("RecreateObject", "Service", null, "no action of the catalogue deletes it")]
    [InlineData("UncordonNode", "Node", "true", "everybody's")]
    [InlineData("UndoRestoreTemplate", "Deployment", "{}", "an undo itself")]
    public void An_inverse_is_made_of_catalogue_actions_or_there_is_a_reason(string type, string kind, string? before, string? why)
    {
        var plan = Shop.Plan(Shop.Action(type, kind, "web"));
        var (actions, reason) = UndoPlan.Of(plan, [new() { State = RemediationStepStates.Done, After = "after", Changes = [new() { Path = "/spec/replicas", Before = before }] }]);

        if (why is not null)
        {
            reason.ShouldNotBeNull().ShouldContain(why);
            return;
        }

        reason.ShouldBeNull();
        var action = actions.ShouldNotBeNull().ShouldHaveSingleItem();
        ActionCatalogue.Find(action.Type).ShouldNotBeNull().Parameters.Order().ShouldBe(action.Parameters!.Keys.Order());
        (action.Target.Name, action.Precondition).ShouldBe(("web", "after"));
    }

    [Fact]
    public void Steps_are_taken_back_last_first_and_all_or_none()
    {
        var plan = Shop.Plan();
        plan.Spec = plan.Spec with { Actions = [Shop.Action("RestoreService", "Service", "web"), Shop.Action("RestoreTemplate", "Deployment", "web")] };
        RemediationStep step = new() { State = RemediationStepStates.Done, After = "after", Changes = [new() { Path = "/spec", Before = "{}" }] };

        UndoPlan.Of(plan, [step, step]).Actions!.Select(action => action.Type).ShouldBe(["UndoRestoreTemplate", "UndoRestoreService"]);
        UndoPlan.Of(plan, [step, step with { Changes = [] }]).Actions.ShouldBeNull();
    }

    private static Remediation Undo(out Remediation past)
    {
        past = Shop.Plan(Shop.Action("RestoreService", "Service", "web", ("state", "s")));
        past.Metadata.Name = "past";
        RemediationStep[] steps = [new() { State = RemediationStepStates.Done, After = "after", Changes = [new() { Path = "/spec/ports/0/targetPort", Before = "9999", After = "\"http\"" }] }];
        past.Status = new() { Phase = RemediationPhases.Succeeded, PlanHash = PlanHash.Of(past), Steps = steps };
        var inverse = UndoPlan.Of(past, steps).Actions!;
        return With(Shop.Plan(), _ => inverse[0]);
    }

    private static Remediation With(Remediation plan, Func<RemediationAction, RemediationAction> alter)
    {
        var copy = Shop.Plan(alter(plan.Spec.Actions[0]));
        copy.Spec = copy.Spec with { Planner = RemediationPlanners.Person };
        copy.Status = new() { PlanHash = PlanHash.Of(copy) };
        return copy;
    }

    private static Remediation Altered(Remediation past, Func<RemediationStatus, RemediationStatus> alter) =>
        new() { Metadata = past.Metadata, Spec = past.Spec, Status = alter(past.Status!) };

    private static GuardInput Input(Remediation undo, Remediation? past, params Approver[] people)
    {
        var input = Shop.Input(undo, approvers: people);
        return past is null ? input : input with { Memory = input.Memory with { Past = new Dictionary<string, Remediation> { ["past"] = past } } };
    }

    private static void Refused(Remediation undo, Remediation? past) => Guard.Check(Input(undo, past)).Kind.ShouldBe(GuardVerdictKind.Refuse);
}
