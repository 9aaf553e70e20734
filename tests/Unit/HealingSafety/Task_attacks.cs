using k8s.Models;
using Ops.Api;
using Ops.Healing.Catalogue;
using Ops.Healing.Content;
using Ops.Healing.Executing;
using Ops.Healing.Guarding;
using Ops.Healing.Tests;

namespace Ops.HealingSafety;

/// <summary>
/// Tasks that a person gives without digests, so that the healer takes them: forged, cleared and moved digests, and targets that
/// change between the moments at which they were taken, tried, approved and written. Nothing is written, and it can be read why.
/// </summary>
public sealed class Task_attacks(AttackFixture fixture) : IClassFixture<AttackFixture>
{
    private const string Edit = """{"spec":{"minReadySeconds":7}}""";

    private static readonly string Forged = new('a', 64);

    private static readonly TaskAttack[] All =
    [
        new("a-digest-of-the-persons-own", "is not as it was when the plan was made") { Plan = plan => Act(plan, action => action with { Precondition = Forged }) },
        new("a-digest-in-the-status-that-nobody-took", "hash differs") { Bound = (_, plan) => Done(() => Status(plan, status => status with { BoundTo = [Forged] })) },
        new("digests-of-the-changed-target-after-the-approval", "hash differs")
        {
            Approved = async (world, plan) =>
            {
                world.Patch<V1Deployment>("web", Edit);
                plan.Status = plan.Status! with { BoundTo = [(await DigestAsync(world, plan))!] };
            },
        },
        new("digest-cleared-after-the-approval", "hash differs") { Approved = (_, plan) => Done(() => Status(plan, status => status with { BoundTo = null })) },
        new("digest-emptied-after-the-approval", "hash differs") { Approved = (_, plan) => Done(() => Status(plan, status => status with { BoundTo = [""] })) },
        new("digest-unbound-after-the-approval", "hash differs") { Approved = (_, plan) => Done(() => Status(plan, status => status with { BoundTo = [RemediationStatus.Unbound] })) },
        new("one-digest-too-many-after-the-approval", "hash differs") { Approved = (_, plan) => Done(() => Status(plan, status => status with { BoundTo = [.. status.BoundTo!, Forged] })) },
        new("digest-and-hash-forged-after-the-approval", "0 of 1 person approved")
        {
            Approved = async (world, plan) =>
            {
                world.Patch<V1Deployment>("web", Edit);
                plan.Status = plan.Status! with { BoundTo = [(await DigestAsync(world, plan))!] };
                plan.Status = plan.Status with { PlanHash = PlanHash.Of(plan) };
            },
        },
        new("digest-moved-into-the-spec-of-another-target", "hash differs") { Approved = (_, plan) => Done(() => Act(plan, action => action with { Target = new() { Kind = "Deployment", Name = "cart" } })) },
        new("target-changed-between-the-digest-and-the-approval", "is not as it was when the plan was made") { Bound = (world, _) => Done(() => world.Patch<V1Deployment>("web", Edit)) },
        new("target-changed-between-the-approval-and-the-dry-run", "is not as it was when the plan was made") { Approved = (world, _) => Done(() => world.Patch<V1Deployment>("web", Edit)) },
        new("target-changed-between-the-dry-run-and-the-write", "changed after its dry run") { Tried = world => world.Patch<V1Deployment>("web", Edit) },
        new("approval-of-the-plan-without-its-digest", "0 of 1 person approved") { Hash = plan => PlanHash.Of(new() { Metadata = plan.Metadata, Spec = plan.Spec }) },
        new("nobody-approved", "0 of 1 person approved") { Hash = _ => Forged },
        new("rules-that-a-person-pretends-to-be", "is not as it was when the plan was made")
        {
            Plan = plan => plan.Spec = plan.Spec with { Planner = RemediationPlanners.Rules, Actions = [Shop.Action("ScaleWorkload", "Deployment", "web", ("replicas", "3"))] },
        },
        new("rules-with-a-digest-in-the-status", "is not as it was when the plan was made")
        {
            Plan = plan => plan.Spec = plan.Spec with { Planner = RemediationPlanners.Rules, Actions = [Shop.Action("ScaleWorkload", "Deployment", "web", ("replicas", "3"))] },
            Bound = async (world, plan) => plan.Status = plan.Status! with { BoundTo = [(await DigestAsync(world, plan))!] },
        },
        new("a-secret-to-take-the-digest-of", "does not act on Secret") { Plan = plan => Act(plan, action => action with { Target = new() { Kind = "Secret", Name = "db" } }) },
        new("a-binding-to-take-the-digest-of", "does not act on RoleBinding") { Plan = plan => Act(plan, action => action with { Target = new() { Kind = "RoleBinding", Name = "ops-healer-actions" } }) },
        new("a-protected-target", "is protected") { Plant = world => world.Policy.Spec = world.Policy.Spec with { Protected = [new() { Kind = "Deployment", Name = "web" }] } },
        new("a-target-made-by-somebody-after-it-was-absent", "exists; there is nothing to make anew")
        {
            Plan = plan => plan.Spec = plan.Spec with { Actions = [Shop.Action("CreateDeployment", "Deployment", "fresh", ("image", "shop:1"), ("args", ""), ("replicas", "1"))] },
            Approved = (world, _) => Done(() => world.Create(Shop.Deployment("fresh", one => one.Metadata.Uid = null))),
        },
        new("an-undo-without-the-state-that-its-plan-left", "parameters.of and parameters.step")
        {
            Plan = plan => plan.Spec = plan.Spec with { Actions = [Shop.Action("UndoRestoreTemplate", "Deployment", "web", ("of", "old"), ("step", "1"))] },
        },
    ];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string> Names => [.. All.Select(one => one.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Nothing_is_written_and_the_attempt_can_be_read(string name)
    {
        var (attack, world) = (All.Single(one => one.Name == name), fixture.Server.NewWorld());
        Allow(world);
        attack.Plant(world);
        world.Remember();
        var reason = await RunAsync(attack, world);
        reason.ShouldContain(attack.Seen);
        world.UnsafeWrites().ShouldBeEmpty();
    }

    [Fact]
    public async Task The_same_task_left_alone_runs_once_approved_and_changes_what_it_says()
    {
        var world = fixture.Server.NewWorld();
        Allow(world);
        (await RunAsync(new("", ""), world)).ShouldBe("Wrote");
        world.Web.Spec.Template.Spec.Containers[0].Image.ShouldBe("shop:2");
    }

    // With every type allowed that a policy can allow, and the autonomy that asks the fewest people.
    private static void Allow(AttackWorld world) => world.Policy.Spec = world.Policy.Spec with
    {
        Autonomy = AutonomyLevels.Auto, Actions = [.. ActionCatalogue.All.Concat(ActionCatalogue.Tasks).Select(type => type.Type)],
    };

    // As the operator does it, a step a turn: bind, propose, approved by somebody, check, try, write.
    private static async Task<string> RunAsync(TaskAttack attack, AttackWorld world)
    {
        var plan = new Remediation
        {
            Metadata = new() { Name = "r", NamespaceProperty = world.Namespace, Uid = "r-1", CreationTimestamp = Shop.Now.UtcDateTime },
            Spec = new() { Policy = world.Policy.Metadata.Name, Planner = RemediationPlanners.Person, Actions = [Shop.Action("SetImage", "Deployment", "web", ("container", "app"), ("image", "shop:2"))] },
        };
        attack.Plan(plan);
        GuardInput Input(IReadOnlyCollection<Approver> approvers) => new(BoundPlan.Of(plan), world.Policy, approvers, world.Snapshot(), world.Memory, 0);
        var digests = await new PlanBinding(world.Executor).DigestsAsync(Input([]), Cancellation);
        plan.Status = new() { BoundTo = digests, PlanHash = PlanHash.Of(BoundPlan.Of(plan, digests)) };
        await attack.Bound(world, plan);
        Approver alice = new()
        {
            Metadata = new() { Name = "alice", NamespaceProperty = world.Namespace },
            Spec = new() { Decisions = [new() { Remediation = "r", PlanHash = attack.Hash(plan), Decision = ApproverDecisions.Approve }] },
        };
        await attack.Approved(world, plan);
        var verdict = Guard.Check(Input([alice]));
        if (verdict.Kind != GuardVerdictKind.Go)
            return verdict.Reason;
        try
        {
            var action = BoundPlan.Of(plan).Spec.Actions.ShouldHaveSingleItem();
            var step = await world.Executor.TryAsync(world.Namespace, action, world.Memory, Cancellation);
            attack.Tried(world);
            await world.Executor.DoAsync(world.Namespace, action, step, world.Memory, Cancellation);
            return "Wrote";
        }
        catch (Exception refused) when (ActionExecutor.IsRefusal(refused))
        {
            return refused.Message;
        }
    }

    private static void Act(Remediation plan, Func<RemediationAction, RemediationAction> alter) => plan.Spec = plan.Spec with { Actions = [alter(plan.Spec.Actions[0])] };

    private static void Status(Remediation plan, Func<RemediationStatus, RemediationStatus> alter) => plan.Status = alter(plan.Status!);

    private static Task<string?> DigestAsync(AttackWorld world, Remediation plan) => world.Executor.PreconditionAsync(world.Namespace, plan.Spec.Actions[0].Target, Cancellation);

    private static Task Done(Action act)
    {
        act();
        return Task.CompletedTask;
    }

    private sealed record TaskAttack(string Name, string Seen)
    {
        /// <summary>What lies there before.</summary>
        public Action<AttackWorld> Plant { get; init; } = _ => { };

        /// <summary>Alters the plan that is created.</summary>
        public Action<Remediation> Plan { get; init; } = _ => { };

        /// <summary>What is done between the digest and the approval.</summary>
        public Func<AttackWorld, Remediation, Task> Bound { get; init; } = (_, _) => Task.CompletedTask;

        /// <summary>The hash that is approved.</summary>
        public Func<Remediation, string> Hash { get; init; } = plan => plan.Status!.PlanHash!;

        /// <summary>What is done after the approval.</summary>
        public Func<AttackWorld, Remediation, Task> Approved { get; init; } = (_, _) => Task.CompletedTask;

        /// <summary>What is done between the dry run and the write.</summary>
        public Action<AttackWorld> Tried { get; init; } = _ => { };
    }
}
