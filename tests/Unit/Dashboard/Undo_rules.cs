using Ops.Api;
using Ops.Dashboard.Access;

namespace Ops.Dashboard.Tests;

/// <summary>What is asked for when a plan is to be taken back.</summary>
public sealed class Undo_rules
{
    [Fact]
    public void The_healers_own_inverse_is_asked_for_by_name()
    {
        var plan = Plan(new() { Phase = RemediationPhases.Succeeded, Inverse = [new() { Type = "UndoRestoreService", Target = new() { Kind = "Service", Name = "web" } }] });

        var undo = UndoRequest.Of(plan, "ada@example.com", 2).ShouldNotBeNull();

        (undo.Metadata.Name, undo.Metadata.NamespaceProperty, undo.Spec.Planner, undo.Spec.Policy).ShouldBe(("web-1-try-1-undo-2", "shop", RemediationPlanners.Person, "shop"));
        undo.Spec.Actions.ShouldBe(plan.Status!.Inverse);
        undo.Spec.Rationale.ShouldBe("ada@example.com asks to take web-1-try-1 back.");
        (UndoRequest.IsOf(undo, plan), UndoRequest.IsOf(plan, plan)).ShouldBe((true, false));
    }

    [Fact]
    public void Without_an_inverse_or_before_it_succeeded_there_is_nothing_to_ask_for()
    {
        UndoRequest.Of(Plan(new() { Phase = RemediationPhases.Succeeded, NoInverse = "gone" }), "ada", 1).ShouldBeNull();
        UndoRequest.Of(Plan(new() { Phase = RemediationPhases.Verifying, Inverse = [new()] }), "ada", 1).ShouldBeNull();
    }

    private static Remediation Plan(RemediationStatus status) => new()
    {
        Metadata = new() { Name = "web-1-try-1", NamespaceProperty = "shop" },
        Spec = new() { Policy = "shop", Incident = "web-1", Cause = "WrongTargetPort" },
        Status = status,
    };
}
