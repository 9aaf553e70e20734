using k8s.Models;
using Ops.Api;
using Ops.Healing.Catalogue;
using Ops.Healing.Content;
using Ops.Healing.Guarding;

namespace Ops.Healing.Tests;

/// <summary>What must hold before a write; each test takes one thing away.</summary>
public sealed class Guard_rules
{
    [Fact]
    public void A_plan_within_the_policy_may_run() => Check(Shop.Plan()).Kind.ShouldBe(GuardVerdictKind.Go);

    [Theory]
    [InlineData("Exec", "Deployment", "web", "catalogue")]
    [InlineData("scaleworkload", "Deployment", "web", "catalogue")]
    [InlineData("ScaleWorkload", "Secret", "web", "target.kind")]
    [InlineData("ScaleWorkload", "ClusterRole", "web", "target.kind")]
    [InlineData("ScaleWorkload", "Deployment", "web --all", "target.name")]
    [InlineData("ScaleWorkload", "Deployment", "-web", "target.name")]
    [InlineData("ScaleWorkload", "Deployment", "../../secrets/x", "target.name")]
    [InlineData("ScaleWorkload", "Deployment", "web\n", "target.name")]
    [InlineData("ScaleWorkload", "Deployment", "w\u0435b", "target.name")]
    [InlineData("ScaleWorkload", "Deployment", "web;reboot", "target.name")]
    [InlineData("ScaleWorkload", "Deployment", "ghost", "does not exist")]
    [InlineData("RestartPod", "Pod", "web-5f6-0", "takes the parameters")]
    public void What_is_not_in_the_catalogue_as_it_stands_there_is_refused(string type, string kind, string name, string named) =>
        Refused(Shop.Plan(Shop.Action(type, kind, name, ("replicas", "3"))), named);

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("3; rm -rf /")]
    [InlineData("101")]
    [InlineData("NaN")]
    [InlineData("\u0663")]
    public void Replicas_are_a_number_and_never_none(string replicas) =>
        Refused(Shop.Plan(Shop.Action("ScaleWorkload", "Deployment", "web", ("replicas", replicas))), "parameters.replicas");

    [Fact]
    public void A_parameter_too_many_is_refused() =>
        Refused(Shop.Plan(Shop.Action("ScaleWorkload", "Deployment", "web", ("replicas", "3"), ("image", "evil"))), "no other");

    [Fact]
    public void A_state_that_is_not_remembered_cannot_be_restored() =>
        Refused(Shop.Plan(Shop.Action("RestoreTemplate", "Deployment", "web", ("state", new string('0', 64)))), "parameters.state");

    [Fact]
    public void A_plan_that_was_altered_after_it_was_proposed_is_refused()
    {
        var plan = Shop.Plan();
        plan.Spec = plan.Spec with { Actions = [Shop.Action("ScaleWorkload", "Deployment", "web", ("replicas", "9"))] };
        Refused(plan, "hash differs");
    }

    [Fact]
    public void Without_its_policy_nothing_runs() => Guard.Check(Shop.Input(Shop.Plan()) with { Policy = null }).Reason.ShouldContain("does not exist");

    [Fact]
    public void The_kill_switch_holds_every_plan_and_the_plans_own_brake_this_one()
    {
        Check(Shop.Plan(), spec => spec with { Suspend = true }).Kind.ShouldBe(GuardVerdictKind.Hold);
        var plan = Shop.Plan();
        plan.Spec = plan.Spec with { Suspend = true };
        Check(plan).Kind.ShouldBe(GuardVerdictKind.Hold);
        Guard.Brake(plan, Shop.Policy()).ShouldNotBeNull();
        Guard.Brake(Shop.Plan(), Shop.Policy(spec => spec with { Suspend = true })).ShouldNotBeNull();
        Guard.Brake(Shop.Plan(), Shop.Policy()).ShouldBeNull();
    }

    [Fact]
    public void What_the_policy_does_not_list_is_refused() =>
        Check(Shop.Plan(), spec => spec with { Actions = ["RestartPod"] }).Reason.ShouldContain("does not allow");

    [Fact]
    public void A_protected_object_is_left_alone() =>
        Check(Shop.Plan(), spec => spec with { Protected = [new() { Kind = "Deployment", Name = "web" }] }).Reason.ShouldContain("protected");

    [Fact]
    public void A_policy_covers_what_it_selects_and_its_own_namespace()
    {
        Check(Shop.Plan(), spec => spec with { Workloads = new Dictionary<string, string> { ["app"] = "cart" } }).Reason.ShouldContain("labels");
        var policy = Shop.Policy();
        policy.Metadata.NamespaceProperty = "shop-prod";
        Guard.Check(Shop.Input(Shop.Plan(), policy)).Reason.ShouldContain("another namespace");
    }

    [Fact]
    public void What_runs_the_healer_is_not_healed_by_it() =>
        Guard.Check(Shop.Input(Shop.Plan(), snapshot: Shop.Well() with { Namespace = WellKnown.SystemNamespace })).Reason.ShouldContain(WellKnown.SystemNamespace);

    [Fact]
    public void A_child_of_a_custom_resource_is_left_to_its_owner()
    {
        var child = Shop.Deployment("web", one => one.Metadata.Labels = new Dictionary<string, string> { [Labels.ManagedBy] = Labels.ManagedByOps });
        Guard.Check(Shop.Input(Shop.Plan(), snapshot: Shop.Of([child], []))).Reason.ShouldContain("custom resource");
    }

    [Fact]
    public void A_spent_budget_holds_the_plan() =>
        Guard.Check(Shop.Input(Shop.Plan(), Shop.Policy(spec => spec with { Budget = new() { ActionsPerHour = 3 } }), spent: 3)).Kind.ShouldBe(GuardVerdictKind.Hold);

    [Fact]
    public void More_ready_pods_than_the_budget_allows_are_not_taken_away()
    {
        var down = Shop.Plan(Shop.Action("ScaleWorkload", "Deployment", "web", ("replicas", "1")));
        Check(down).Kind.ShouldBe(GuardVerdictKind.Go);
        Check(down, spec => spec with { Budget = new() { MaxUnavailable = 0 } }).Reason.ShouldContain("maxUnavailable");
        Check(down, spec => spec with { Budget = new() { MinHealthy = 2 } }).Reason.ShouldContain("minHealthy");
        var tight = new V1PodDisruptionBudget
        {
            Metadata = new() { Name = "tight" },
            Spec = new() { Selector = new() { MatchLabels = new Dictionary<string, string> { ["app"] = "web" } } },
            Status = new() { DisruptionsAllowed = 0 },
        };
        Guard.Check(Shop.Input(down, snapshot: Shop.Well() with { DisruptionBudgets = [tight] })).Reason.ShouldContain("PodDisruptionBudget tight");
    }

    [Theory]
    [InlineData(AutonomyLevels.Observe, GuardVerdictKind.Suggest)]
    [InlineData(AutonomyLevels.Suggest, GuardVerdictKind.Suggest)]
    [InlineData(AutonomyLevels.Approve, GuardVerdictKind.AwaitApproval)]
    [InlineData(AutonomyLevels.Auto, GuardVerdictKind.Go)]
    public void Autonomy_says_how_far_a_plan_gets_by_itself(string autonomy, GuardVerdictKind kind) =>
        Check(Shop.Plan(), spec => spec with { Autonomy = autonomy }).Kind.ShouldBe(kind);

    [Fact]
    public void An_approval_counts_for_its_own_plan_and_person_only()
    {
        var plan = Shop.Plan();
        var other = Shop.Plan();
        other.Metadata.Uid = "r-2";
        Approved(plan, Shop.Person("alice", plan)).ShouldBe(GuardVerdictKind.Go);
        // The same actions in another object are another plan: an approval is used once.
        Approved(plan, Shop.Person("alice", other)).ShouldBe(GuardVerdictKind.AwaitApproval);
        Approved(plan, Shop.Person("alice", plan, hash: new string('a', 64))).ShouldBe(GuardVerdictKind.AwaitApproval);
        var suspended = Shop.Person("alice", plan);
        suspended.Spec = suspended.Spec with { Suspend = true };
        Approved(plan, suspended).ShouldBe(GuardVerdictKind.AwaitApproval);
        var stranger = Shop.Person("alice", plan);
        stranger.Metadata.NamespaceProperty = "elsewhere";
        Approved(plan, stranger).ShouldBe(GuardVerdictKind.AwaitApproval);
    }

    [Fact]
    public void One_rejection_outweighs_every_approval()
    {
        var plan = Shop.Plan();
        Approved(plan, Shop.Person("alice", plan), Shop.Person("bob", plan, ApproverDecisions.Reject)).ShouldBe(GuardVerdictKind.Refuse);
    }

    [Fact]
    public void A_plan_that_nobody_approved_in_time_expires()
    {
        var plan = Shop.Plan();
        plan.Metadata.CreationTimestamp = Shop.Now.UtcDateTime.AddMinutes(-16);
        Approved(plan).ShouldBe(GuardVerdictKind.Refuse);
    }

    [Fact]
    public void A_dry_run_that_changes_more_than_the_action_may_is_refused()
    {
        var scale = ActionCatalogue.Find("ScaleWorkload")!;
        DryRun.Problem(scale, [new() { Path = "/spec/replicas", Before = "0", After = "2" }]).ShouldBeNull();
        DryRun.Problem(scale, [new() { Path = "/spec/replicas" }, new() { Path = "/spec/template/spec/hostNetwork", After = "true" }]).ShouldNotBeNull().ShouldContain("hostNetwork");
        DryRun.Problem(scale, [new() { Path = "/spec/replicasX" }]).ShouldNotBeNull();
        DryRun.Problem(scale, []).ShouldNotBeNull();
    }

    [Fact]
    public void Every_type_of_the_catalogue_says_what_it_may_do()
    {
        ActionCatalogue.All.Select(type => type.Type).ShouldBeUnique();
        ActionCatalogue.All.ShouldAllBe(type => type.Summary.EndsWith('.') && type.Kinds.Count > 0 && (type.Effect == ActionEffect.Change || type.Effect == ActionEffect.Restart) == (type.Fields.Count > 0));
        // No action reaches what guards it.
        ActionCatalogue.All.SelectMany(type => type.Kinds).Intersect(["Secret", "Role", "ClusterRole", "HealingPolicy", "Approver", "Remediation", "ServiceAccount"]).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("UncordonNode")]
    [InlineData("RemoveTaint")]
    [InlineData("RestoreAccess")]
    [InlineData("RecreateAccess")]
    public void What_reaches_beyond_the_namespace_or_gives_rights_must_be_named_in_the_policy(string type) =>
        ActionCatalogue.Find(type)!.MustBeListed.ShouldBeTrue();

    [Theory]
    [InlineData("Role", "ServiceAccount", "shop", true)]
    [InlineData("ClusterRole", "ServiceAccount", "shop", false)]
    [InlineData("Role", "ServiceAccount", "ops-system", false)]
    [InlineData("Role", "User", "shop", false)]
    public void Only_rights_of_the_namespace_are_given_back_and_only_to_its_own_accounts(string role, string subject, string ns, bool allowed)
    {
        var binding = Shop.Json($$$"""{"roleRef":{"kind":"{{{role}}}","name":"reader"},"subjects":[{"kind":"{{{subject}}}","name":"web","namespace":"{{{ns}}}"}]}""");
        var memory = Shop.Memory().With(new("RoleBinding", "reader", binding, 0));
        var plan = Shop.Plan(Shop.Action("RecreateAccess", "RoleBinding", "reader", ("state", memory.Of("RoleBinding", "reader")!.Digest)));
        var verdict = Guard.Check(Shop.Input(plan, Shop.Policy(spec => spec with { Actions = ["RecreateAccess"] })) with { Memory = memory });
        verdict.Kind.ShouldBe(allowed ? GuardVerdictKind.Go : GuardVerdictKind.Refuse, verdict.Reason);
    }

    private static GuardVerdict Check(Remediation plan, Func<HealingPolicySpec, HealingPolicySpec>? policy = null) => Guard.Check(Shop.Input(plan, Shop.Policy(policy)));

    private static GuardVerdictKind Approved(Remediation plan, params Approver[] people) =>
        Guard.Check(Shop.Input(plan, Shop.Policy(spec => spec with { Autonomy = AutonomyLevels.Approve }), people)).Kind;

    private static void Refused(Remediation plan, string named)
    {
        var verdict = Check(plan);
        verdict.Kind.ShouldBe(GuardVerdictKind.Refuse);
        verdict.Reason.ShouldContain(named);
    }
}
