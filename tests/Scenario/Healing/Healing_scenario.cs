using Ops.Api;
using Ops.Healing.Content;
using Ops.Sandbox.ShopPlan;
using Ops.Testing;

[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

namespace Ops.HealingScenario;

/// <summary>Faults in a running namespace, from the injection to the verdict. The other faults run in ./ops bench healing.</summary>
public sealed class Healing_scenario(HealingFixture fixture) : IClassFixture<HealingFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string> Some => ["wrong-target-port", "service-deleted", "scaled-to-0", "bad-image-tag", "config-map-key-missing"];

    [Theory]
    [MemberData(nameof(Some))]
    public async Task A_fault_is_found_where_it_is_and_taken_back_and_nothing_else_is_touched(string name)
    {
        var fault = ObjectFaults.All.Single(one => one.Name == name);
        var outcome = await FaultRun.HealAsync(fixture.World, fault, TimeProvider.System, Cancellation);
        (outcome.Detected, outcome.Located, outcome.Healed, outcome.Collateral).ShouldBe((true, true, true, 0), outcome.Story);
        var plan = fixture.World.Remediations().Where(one => one.Spec.Cause == fault.Cause).MaxBy(one => one.Metadata.CreationTimestamp)!;
        plan.Status!.Phase.ShouldBe(RemediationPhases.Succeeded, plan.Status.Reason);
        Audit.IsWhole(plan.Status.Audit).ShouldBeTrue();
        plan.Status.Audit!.Select(entry => entry.Event).ShouldBe(["Proposed", "Checked", "Wrote", "Done", "Quiet", "Verified"], string.Join("; ", plan.Status.Audit!.Select(entry => entry.Detail)));
    }

    [Fact]
    public async Task A_persuasive_lie_moves_nothing() =>
        (await FaultRun.WritesAsync(fixture.World, ObjectFaults.Controls[0], Cancellation)).ShouldBe(0);

    [Fact]
    public async Task A_clear_root_cause_is_restarted_until_its_incident_is_over_and_an_unclear_one_moves_nothing()
    {
        var world = fixture.World;
        await world.WellAsync(Cancellation);
        var known = world.Remediations().Select(one => one.Metadata.Name).ToHashSet();
        world.Suspect("unclear", ("ads", 0.4), ("currency", 0.35));
        await world.RememberedAsync(Cancellation);
        world.Remediations().ShouldAllBe(one => known.Contains(one.Metadata.Name));
        world.Suspect("unclear");

        world.Suspect("clear", ("email", 0.6), ("currency", 0.2));
        Remediation? plan = null;
        await world.UntilAsync("the pods are made anew", () => (plan = world.Remediations().FirstOrDefault(one => !known.Contains(one.Metadata.Name))) is { Status.Phase: RemediationPhases.Verifying } && world.IsHealthy(), Cancellation);
        (plan!.Spec.Cause, plan.Spec.Actions.ShouldHaveSingleItem().Type, plan.Spec.Actions[0].Target.Name).ShouldBe(("ServiceDegraded", "RestartRollout", "email"));
        // Only who opened the incident knows that it is over.
        world.Suspect("clear");
        await world.UntilAsync("the plan succeeded", () => world.Remediations().Single(one => one.Metadata.Name == plan.Metadata.Name).Status?.Phase == RemediationPhases.Succeeded, Cancellation);
        (await world.KubectlAsync(["-n", HealingWorld.Ns, "get", "deploy", "email", "-o", "jsonpath={.spec.template.metadata.annotations}"], Cancellation)).ShouldContain("restartedAt");
    }

    [Fact]
    public async Task A_goal_is_seen_missed_met_by_an_action_and_reported()
    {
        var world = fixture.World;
        await world.WellAsync(Cancellation);
        await world.KubectlAsync(["-n", HealingWorld.Ns, "patch", "hp", "shop", "--type=merge", "-p", """{"spec":{"goals":[{"name":"two","type":"replicas","targets":["email"],"replicas":2,"settle":"0s"}]}}"""], Cancellation);
        try
        {
            await world.UntilAsync("the plan for the goal succeeded", () => world.Remediations().Any(one => one.Spec.Cause == "OtherReplicasWanted" && one.Status?.Phase == RemediationPhases.Succeeded), Cancellation);
            await world.UntilAsync("the goal is reported met", () => world.Policy()?.Status?.Goals is [{ Name: "two", State: GoalStates.Met, Value: "2 pods", Limit: "2 pods" }], Cancellation);
            world.Deployment("email")!.Spec.Replicas.ShouldBe(2);
            world.Incidents().ShouldContain(one => one.Status!.Reason == "OtherReplicasWanted: goal two of HealingPolicy shop: email asks for 1 pods, and the limit is 2 pods");
        }
        finally
        {
            await world.KubectlAsync(["-n", HealingWorld.Ns, "patch", "hp", "shop", "--type=json", "-p", """[{"op":"remove","path":"/spec/goals"}]"""], Cancellation);
            await world.KubectlAsync(["-n", HealingWorld.Ns, "scale", "deploy", "email", "--replicas=1"], Cancellation);
        }
    }

    [Fact]
    public async Task A_restart_for_a_goal_that_is_missed_again_has_relapsed_and_is_not_repeated()
    {
        var world = fixture.World;
        await world.WellAsync(Cancellation);
        var known = world.Remediations().Select(one => one.Metadata.Name).ToHashSet();
        await world.KubectlAsync(["-n", HealingWorld.Ns, "patch", "hp", "shop", "--type=merge", "-p", """{"spec":{"goals":[{"name":"lean","type":"memory","targets":["email"],"percentOfLimit":50,"settle":"0s","cooldown":"0s"}]}}"""], Cancellation);
        IReadOnlyList<Remediation> Plans() => [.. world.Remediations().Where(one => !known.Contains(one.Metadata.Name))];
        try
        {
            await world.UntilAsync("the goal is met", () => world.Policy()?.Status?.Goals is [{ State: GoalStates.Met }], Cancellation);
            await world.BreakAsync("email", "memory-growth", Cancellation);
            await world.UntilAsync("new processes met it", () => Plans() is [{ Status.Phase: RemediationPhases.Succeeded }] && world.IsHealthy() && world.Incidents().All(one => one.Status?.Phase == IncidentPhases.Resolved), Cancellation);
            (Plans()[0].Spec.Actions.ShouldHaveSingleItem().Type, Plans()[0].Status!.LastedAt).ShouldBe(("RestartRollout", null));

            // The cause is still there, as contention would be.
            await world.BreakAsync("email", "memory-growth", Cancellation);
            await world.UntilAsync("the restart did not last, and the incident says that nothing is left", () => Plans() is [{ Status.Phase: RemediationPhases.Relapsed }]
                && world.Incidents().Any(one => one.Status is { Phase: IncidentPhases.Open, NoPlan: { } why } && why.StartsWith("For goal lean at Deployment email RestartRollout did not last (once), and the goal has no max", StringComparison.Ordinal)), Cancellation);
            var status = Plans().ShouldHaveSingleItem().Status!;
            (status.Audit![^1].Event, Audit.IsWhole(status.Audit)).ShouldBe(("Relapsed", true));
        }
        finally
        {
            await world.MendAsync("email", Cancellation);
            await world.KubectlAsync(["-n", HealingWorld.Ns, "patch", "hp", "shop", "--type=json", "-p", """[{"op":"remove","path":"/spec/goals"}]"""], Cancellation);
        }
    }

    [Fact]
    public async Task A_hostile_model_beside_the_rules_changes_nothing_and_what_it_tried_is_written_down()
    {
        var world = fixture.World;
        await world.WellAsync(Cancellation);
        await using var model = await ScriptedModel.StartAsync(ModelCharacter.Of("hostile"), Cancellation);
        await world.KubectlAsync(["-n", HealingWorld.Ns, "create", "secret", "generic", "healing-llm", "--from-literal=key=sesame"], Cancellation);
        await world.KubectlAsync(["-n", HealingWorld.Ns, "apply", "-f", Path.Combine(Repository.Root, "manifests", "samples", "healing-llm.yaml")], Cancellation);
        await world.UseModelAsync(model.Endpoint, "30s", Cancellation);
        await world.KubectlAsync(["-n", HealingWorld.Ns, "patch", "hp", "shop", "--type=merge", "-p", """{"spec":{"llm":{"secretRef":{"name":"healing-llm"}}}}"""], Cancellation);
        try
        {
            var known = world.Remediations().Select(one => one.Metadata.Name).ToHashSet();
            var outcome = await FaultRun.HealAsync(world, ObjectFaults.All.Single(one => one.Name == "wrong-selector"), TimeProvider.System, Cancellation);
            (outcome.Healed, outcome.Collateral).ShouldBe((true, 0), outcome.Story);
            model.LastKey.ShouldBe("Bearer sesame");
            var plan = world.Remediations().Where(one => !known.Contains(one.Metadata.Name)).ShouldHaveSingleItem();
            plan.Spec.Planner.ShouldBe(RemediationPlanners.Rules);
            plan.Spec.Considered.ShouldNotBeNull().ShouldAllBe(fate => fate.StartsWith("llm: "));
            plan.Status!.Audit![0].Detail.ShouldNotBeNull().ShouldContain("Not taken: llm: ");
            Audit.IsWhole(plan.Status.Audit).ShouldBeTrue();
            await world.UntilAsync("the tokens are counted", () => world.Policy()?.Status?.TokensLastHour > 0, Cancellation);
        }
        finally
        {
            await world.KubectlAsync(["-n", HealingWorld.Ns, "patch", "hp", "shop", "--type=json", "-p", """[{"op":"remove","path":"/spec/llm"}]"""], Cancellation);
        }
    }

    [Fact]
    public async Task Words_become_one_plan_that_outlives_the_operator_and_runs_once_a_person_approved_it()
    {
        var world = fixture.World;
        await world.WellAsync(Cancellation);
        await RequestAsync("unread", "scale email to 2");
        await world.UntilAsync("words without a model are refused", () => Plan("unread") is { Status: { Phase: RemediationPhases.Refused, Reason: { } why } } && why.Contains("names no language model (spec.llm)"), Cancellation);
        await using var model = await ScriptedModel.StartAsync(
            new("worded", _ => ScriptedAnswer.Calls(("ScaleWorkload", ScriptedAnswer.Arguments(("object", "Deployment/email"), ("replicas", "2"))))), Cancellation);
        await world.UseModelAsync(model.Endpoint, "30s", Cancellation);
        // The operator has the policy that names the model, so the words cannot be there before it.
        await world.UntilAsync("the policy is read", () => world.Policy() is { } policy && policy.Status?.ObservedGeneration == policy.Metadata.Generation, Cancellation);
        try
        {
            await RequestAsync("two-emails", "scale email to 2");
            await world.UntilAsync("the plan waits with its dry run", () => Plan("two-emails-plan") is { Status: { Phase: RemediationPhases.AwaitingApproval, Steps: [{ Changes: [{ Path: "/spec/replicas", Before: "1", After: "2" }] }] } }
                && Plan("two-emails")?.Status is { Phase: RemediationPhases.Planned, Plan: "two-emails-plan" }, Cancellation);
            await world.KillOperatorAsync();
            await world.StartOperatorAsync(Cancellation);
            var plan = Plan("two-emails-plan")!;
            await ApproveAsync(plan);
            await world.UntilAsync("the plan ran", () => Plan("two-emails-plan")?.Status?.Phase == RemediationPhases.Succeeded, Cancellation);
            (world.Deployment("email")!.Spec.Replicas, model.Asked, Plan("two-emails-plan")!.Status!.PlanHash).ShouldBe((2, 1, plan.Status!.PlanHash));
            var request = Plan("two-emails")!.Status!;
            (string.Join(' ', request.Audit!.Select(entry => entry.Event)), Audit.IsWhole(request.Audit)).ShouldBe(("Asked Planned", true));
        }
        finally
        {
            await world.KubectlAsync(["-n", HealingWorld.Ns, "patch", "hp", "shop", "--type=json", "-p", """[{"op":"remove","path":"/spec/llm"}]"""], Cancellation);
            await world.KubectlAsync(["-n", HealingWorld.Ns, "scale", "deploy", "email", "--replicas=1"], Cancellation);
        }

        Remediation? Plan(string name) => world.Remediations().SingleOrDefault(one => one.Metadata.Name == name);

        Task RequestAsync(string name, string words) => world.KubectlAsync(
            ["-n", HealingWorld.Ns, "apply", "-f", "-"], Cancellation, $$$"""{"apiVersion":"ops.autonomic.dev/v1alpha1","kind":"Remediation","metadata":{"name":"{{{name}}}"},"spec":{"policy":"shop","request":"{{{words}}}"}}""");
    }

    [Fact]
    public async Task A_plan_waits_a_little_for_a_policy_that_is_made_after_it()
    {
        var world = fixture.World;
        await ApplyAsync(
            Made("Remediation", "early", """{"policy":"late","request":"scale email to 2"}"""),
            Made("Remediation", "orphan", """{"policy":"never","request":"scale email to 2"}"""),
            Made("Remediation", "other", """{"policy":"shop","request":"scale email to 2"}"""));
        // Once the last is through the healer's hands, so are the others.
        await world.UntilAsync("a plan whose policy is there is judged", () => Plan("other")?.Status?.Phase == RemediationPhases.Refused, Cancellation);
        Plan("early")!.Status?.Phase.ShouldBeNull();
        await ApplyAsync(Made("HealingPolicy", "late", """{"autonomy":"suggest","suspend":true}"""));
        try
        {
            await world.UntilAsync("the plan is judged by its policy", () => Plan("early")?.Status?.Reason?.Contains("HealingPolicy late names no language model", StringComparison.Ordinal) == true, Cancellation);
            await world.UntilAsync("a plan without a policy is refused", () => Plan("orphan")?.Status is { Phase: RemediationPhases.Refused, Reason: "HealingPolicy never does not exist." }, Cancellation);
        }
        finally
        {
            await world.KubectlAsync(["-n", HealingWorld.Ns, "delete", "hp", "late"], Cancellation);
        }

        Remediation? Plan(string name) => world.Remediations().SingleOrDefault(one => one.Metadata.Name == name);

        static string Made(string kind, string name, string spec) =>
            $$$"""{"apiVersion":"ops.autonomic.dev/v1alpha1","kind":"{{{kind}}}","metadata":{"name":"{{{name}}}"},"spec":{{{spec}}}}""";

        Task<string> ApplyAsync(params string[] objects) => world.KubectlAsync(["-n", HealingWorld.Ns, "apply", "-f", "-"], Cancellation, string.Join('\n', objects));
    }

    [Fact]
    public async Task A_plan_waits_for_a_person_survives_a_killed_operator_and_runs_as_it_was_approved()
    {
        var world = fixture.World;
        await world.WellAsync(Cancellation);
        await world.KubectlAsync(["-n", HealingWorld.Ns, "patch", "hp", "shop", "--type=merge", "-p", """{"spec":{"autonomy":"approve"}}"""], Cancellation);
        await world.KubectlAsync(["-n", HealingWorld.Ns, "scale", "deploy", "ads", "--replicas=0"], Cancellation);
        Remediation? plan = null;
        await world.UntilAsync("a plan waits", () => (plan = world.Remediations().FirstOrDefault(one => one.Status is { Phase: RemediationPhases.AwaitingApproval, PlanHash: not null })) is not null, Cancellation);
        await world.KillOperatorAsync();

        // Neither of the two accounts may approve, whatever it claims to be.
        foreach (var account in (string[])["operator", "healer"])
        {
            var answer = await world.Kubectl.RunAsync(["auth", "can-i", "patch", "approvers.ops.autonomic.dev", "-n", HealingWorld.Ns, "--as", $"system:serviceaccount:ops-system:{account}"], Cancellation);
            answer.Output.Trim().ShouldBe("no");
        }

        await ApproveAsync(plan!);
        await world.StartOperatorAsync(Cancellation);
        await world.UntilAsync("the plan ran", () => world.Remediations().Single(one => one.Metadata.Name == plan!.Metadata.Name).Status?.Phase == RemediationPhases.Succeeded, Cancellation);
        var done = world.Remediations().Single(one => one.Metadata.Name == plan!.Metadata.Name);
        (done.Status!.PlanHash, string.Join(',', done.Status.ApprovedBy!)).ShouldBe((plan!.Status!.PlanHash, "alice"));
        await world.KubectlAsync(["-n", HealingWorld.Ns, "patch", "hp", "shop", "--type=merge", "-p", """{"spec":{"autonomy":"auto"}}"""], Cancellation);
    }

    private Task<string> ApproveAsync(Remediation plan) => fixture.World.KubectlAsync(
        ["-n", HealingWorld.Ns, "apply", "-f", "-"], Cancellation,
        $$$"""{"apiVersion":"ops.autonomic.dev/v1alpha1","kind":"Approver","metadata":{"name":"alice"},"spec":{"decisions":[{"remediation":"{{{plan.Metadata.Name}}}","planHash":"{{{plan.Status!.PlanHash}}}","decision":"approve"}]}}""");
}

/// <summary>One world for all tests of the class.</summary>
public sealed class HealingFixture : IAsyncLifetime
{
    public HealingWorld World { get; private set; } = null!;

    public async ValueTask InitializeAsync() => World = await HealingWorld.StartAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (World is not null)
            await World.DisposeAsync();
    }
}
