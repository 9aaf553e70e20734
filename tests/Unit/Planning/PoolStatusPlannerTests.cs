using CsCheck;
using k8s;
using k8s.Models;
using Ops.Api;
using Ops.Planning.Pools;

namespace Ops.Planning.Tests;

public sealed class PoolStatusPlannerTests
{
    [Fact]
    public void A_settled_pool_is_ready() => Golden.ShouldMatch("status-settled", Status(Fixtures.Pool(), 2, 2));

    [Fact]
    public void A_starting_pool_waits_for_replicas()
    {
        var status = Status(Fixtures.Pool(), total: 2, ready: 1);
        ExpectCondition(status, "Ready", false, "WaitingForReplicas", "1 of 2 replicas ready");
        ExpectCondition(status, "Progressing", true, "WaitingForReplicas");
        ExpectCondition(status, "Degraded", false, "AsExpected");
    }

    [Fact]
    public void A_pool_without_a_deployment_yet_is_being_applied()
    {
        var pool = Fixtures.Pool();
        var status = PoolStatusPlanner.Plan(Seen(pool));
        ExpectCondition(status, "Ready", false, "WaitingForReplicas");
        ExpectCondition(status, "Progressing", true, "Applying");
    }

    [Fact]
    public void A_rollout_shows_how_far_it_is() =>
        ExpectCondition(Status(Fixtures.Pool(), total: 3, ready: 2, updated: 1), "Progressing", true, "RollingOut", "1 of 2 replicas have the latest template, 3 exist");

    [Fact]
    public void An_unschedulable_pod_gives_the_schedulers_own_words()
    {
        var status = Status(Fixtures.Pool(), 2, 0, pods:
        [
            Fixtures.Pod("llama-b", condition: Fixtures.Unschedulable("0/3 nodes are available: 3 Insufficient nvidia.com/gpu."), phase: "Pending"),
            Fixtures.Pod("llama-a", condition: Fixtures.Unschedulable("0/3 nodes are available: 3 Insufficient nvidia.com/gpu."), phase: "Pending"),
        ]);
        ExpectCondition(status, "Degraded", true, "Unschedulable", "pod llama-a (and 1 other pod): 0/3 nodes are available: 3 Insufficient nvidia.com/gpu.");
        ExpectCondition(status, "Ready", false, "Unschedulable");
    }

    [Theory]
    [InlineData("ErrImagePull")]
    [InlineData("ImagePullBackOff")]
    public void An_image_that_cannot_be_pulled_has_one_name_whatever_the_kubelet_is_doing(string waiting)
    {
        var status = Status(Fixtures.Pool(), 1, 0, pods: [Fixtures.Pod("llama-a", Fixtures.Waiting(waiting, "no such host"))]);
        ExpectCondition(status, "Degraded", true, "ImagePullBackOff", "pod llama-a: image registry/image:1 cannot be pulled; check spec.engine.image and the pull secrets");
    }

    [Fact]
    public void A_failing_engine_shows_its_exit_code_and_last_words()
    {
        var end = new V1ContainerStateTerminated { ExitCode = 3, Message = "CUDA out of memory\n" };
        var backOff = Fixtures.Waiting("CrashLoopBackOff", "back-off 40s", restarts: 4, last: end);
        ExpectCondition(Status(Fixtures.Pool(), 1, 0, pods: [Fixtures.Pod("llama-a", backOff)]), "Degraded", true, "CrashLoopBackOff", "pod llama-a: container engine keeps failing with exit code 3: CUDA out of memory");
    }

    [Fact]
    public void A_failing_engine_counts_as_failing_also_while_it_tries_again()
    {
        var trying = new V1ContainerStatus
        {
            Name = "engine", Ready = false, RestartCount = 3, State = new() { Running = new() }, LastState = new() { Terminated = new() { ExitCode = 1 } },
        };
        ExpectCondition(Status(Fixtures.Pool(), 1, 0, pods: [Fixtures.Pod("llama-a", trying)]), "Degraded", true, "CrashLoopBackOff");
        trying.Ready = true;
        ExpectCondition(Status(Fixtures.Pool(), 1, 0, pods: [Fixtures.Pod("llama-a", trying)]), "Degraded", false, "AsExpected");
    }

    [Fact]
    public void The_worst_trouble_comes_first_and_pods_on_their_way_out_do_not_count()
    {
        var leaving = Fixtures.Pod("llama-0", Fixtures.Waiting("ErrImagePull"));
        leaving.Metadata.DeletionTimestamp = Fixtures.Now.UtcDateTime;
        var status = Status(Fixtures.Pool(), 2, 0, pods:
        [
            leaving,
            Fixtures.Pod("llama-a", condition: Fixtures.Unschedulable("no GPU")),
            Fixtures.Pod("llama-b", Fixtures.Waiting("CrashLoopBackOff")),
        ]);
        ExpectCondition(status, "Degraded", true, "CrashLoopBackOff", "pod llama-b: container engine keeps failing");
    }

    [Fact]
    public void Trouble_of_the_newest_template_comes_before_that_of_an_older_one()
    {
        var pool = Fixtures.Pool();
        var deployment = PoolPlanner.Plan(pool, null, null).Deployment!;
        var old = Fixtures.Pod("llama-a", Fixtures.Waiting("ImagePullBackOff"));
        var young = Fixtures.Pod("llama-b", condition: Fixtures.Unschedulable("no GPU"));
        young.Metadata.Annotations = deployment.Spec.Template.Metadata.Annotations;
        var seen = Seen(pool) with { Deployment = deployment, Pods = [old, young] };
        ExpectCondition(PoolStatusPlanner.Plan(seen), "Degraded", true, "Unschedulable");
        ExpectCondition(PoolStatusPlanner.Plan(seen with { Pods = [old] }), "Degraded", true, "ImagePullBackOff");
    }

    [Fact]
    public void Pods_that_a_quota_refuses_are_reported_from_the_deployment()
    {
        var refused = new V1DeploymentCondition { Type = "ReplicaFailure", Status = "True", Reason = "FailedCreate", Message = "exceeded quota" };
        var pool = Fixtures.Pool();
        var status = PoolStatusPlanner.Plan(Seen(pool) with { Deployment = Fixtures.Deployment(pool, 0, 0, conditions: refused) });
        ExpectCondition(status, "Degraded", true, "FailedCreate", "exceeded quota");
    }

    [Fact]
    public void A_stuck_rollout_is_no_progress()
    {
        var stuck = new V1DeploymentCondition { Type = "Progressing", Status = "False", Reason = "ProgressDeadlineExceeded", Message = "timed out" };
        var pool = Fixtures.Pool();
        var status = PoolStatusPlanner.Plan(Seen(pool) with { Deployment = Fixtures.Deployment(pool, 2, 1, conditions: stuck) });
        ExpectCondition(status, "Degraded", true, "RolloutStuck", "timed out");
        ExpectCondition(status, "Progressing", false, "RolloutStuck");
    }

    [Fact]
    public void A_blocked_plan_is_shown_while_running_pods_go_on()
    {
        var pool = Fixtures.Pool();
        var status = PoolStatusPlanner.Plan(Seen(pool) with
        {
            Plan = PoolPlan.Blocked(new("InvalidPodTemplate", "mend it")),
            Deployment = Fixtures.Deployment(pool, 2, 2),
        });
        ExpectCondition(status, "Ready", true, "AllReplicasReady");
        ExpectCondition(status, "Degraded", true, "InvalidPodTemplate", "mend it");
        ExpectCondition(status, "Progressing", false, "InvalidPodTemplate");
    }

    [Fact]
    public void A_suspended_pool_says_so_and_keeps_counting()
    {
        var pool = Fixtures.Pool();
        pool.Spec = pool.Spec with { Suspend = true };
        var status = Status(pool, 2, 2);
        ExpectCondition(status, "Ready", true, "Suspended");
        ExpectCondition(status, "Progressing", false, "Suspended");
        status.ReadyReplicas.ShouldBe(2);
    }

    [Fact]
    public void A_pool_scaled_to_zero_is_not_ready_and_not_degraded()
    {
        var status = Status(Fixtures.Pool(replicas: 0), 0, 0);
        ExpectCondition(status, "Ready", false, "ScaledToZero");
        ExpectCondition(status, "Progressing", false, "Settled");
        ExpectCondition(status, "Degraded", false, "AsExpected");
    }

    [Theory]
    [InlineData(1200, true, "LimitsApplied")]
    [InlineData(1100, true, "LimitsApplied")]
    [InlineData(1980, false, "NotApplied")]
    public void The_clock_that_pods_report_tells_whether_limits_hold(int reported, bool limited, string reason)
    {
        var pool = Fixtures.Pool();
        pool.Spec = pool.Spec with { Energy = new() { ClockMHz = 1200 } };
        var status = PoolStatusPlanner.Plan(Seen(pool) with { Deployment = Fixtures.Deployment(pool, 2, 2), Numbers = new() { ClockMHz = reported } });
        ExpectCondition(status, "EnergyLimited", limited, reason);
        status.ClockMHz.ShouldBe(reported);
    }

    [Fact]
    public void Numbers_stay_until_there_is_a_new_window_and_go_when_nothing_is_measured()
    {
        var pool = Fixtures.Pool();
        pool.Status = new() { Watts = 500, TokensPerSecond = 12, JoulesPerToken = 0.5, ClockMHz = 1980 };
        var kept = PoolStatusPlanner.Plan(Seen(pool));
        (kept.Watts, kept.TokensPerSecond, kept.JoulesPerToken, kept.ClockMHz).ShouldBe((500, 12, 0.5, 1980));
        PoolStatusPlanner.WouldShowAnew(pool.Status, null).ShouldBeFalse();

        var first = PoolStatusPlanner.Plan(Seen(pool) with { Numbers = new() { HasRates = false, Watts = 900, ClockMHz = 1980 } });
        (first.Watts, first.TokensPerSecond, first.JoulesPerToken).ShouldBe((900, 12, 0.5));

        var gone = PoolStatusPlanner.Plan(Seen(pool) with { Numbers = new() });
        (gone.Watts, gone.TokensPerSecond, gone.JoulesPerToken, gone.ClockMHz).ShouldBe((null, null, null, null));
        PoolStatusPlanner.WouldShowAnew(pool.Status, new()).ShouldBeTrue();

        var moved = PoolStatusPlanner.Plan(Seen(pool) with { Numbers = new() { Watts = 1234, TokensPerSecond = 12.4, JoulesPerToken = 0.5, ClockMHz = 1980 } });
        (moved.Watts, moved.TokensPerSecond).ShouldBe((1200, 12));
    }

    [Fact]
    public void A_status_that_is_shown_is_shown_again_unchanged_later() =>
        Observations.Sample(seen =>
        {
            var first = PoolStatusPlanner.Plan(seen);
            seen.Pool.Status = first;
            var again = PoolStatusPlanner.Plan(seen with { Now = seen.Now.AddHours(1) });
            KubernetesJson.Serialize(again).ShouldBe(KubernetesJson.Serialize(first));
            PoolStatusPlanner.WouldShowAnew(first, seen.Numbers).ShouldBeFalse();
        });

    [Fact]
    public void Ready_is_never_true_with_fewer_replicas_than_wanted() =>
        Observations.Sample(seen =>
        {
            var status = PoolStatusPlanner.Plan(seen);
            if (Conditions.IsTrue(status.Conditions, "Ready"))
                status.ReadyReplicas.ShouldBeGreaterThanOrEqualTo(Math.Max(1, seen.Pool.Spec.EffectiveReplicas));
            status.Conditions!.Select(condition => condition.Type).ShouldBe(["Ready", "Progressing", "Degraded", "EnergyLimited"]);
        });

    private static Gen<PoolObservation> Observations => Gen.Int[1, 1_000_000].Select(seed =>
    {
        var random = new Random(seed);
        var pool = Fixtures.Pool(replicas: random.Next(4));
        pool.Spec = pool.Spec with { Suspend = random.Next(4) == 0, Energy = random.Next(2) == 0 ? new() { ClockMHz = 1200 } : null };
        var total = random.Next(5);
        return Seen(pool) with
        {
            Deployment = random.Next(5) == 0 ? null : Fixtures.Deployment(pool, total, random.Next(total + 1), random.Next(total + 1), random.Next(2)),
            Pods =
            [
                .. Enumerable.Range(0, total).Select(index => random.Next(4) switch
                {
                    0 => Fixtures.Pod($"p{index}", Fixtures.Waiting("CrashLoopBackOff")),
                    1 => Fixtures.Pod($"p{index}", condition: Fixtures.Unschedulable("no room")),
                    _ => Fixtures.Pod($"p{index}"),
                }),
            ],
            Numbers = random.Next(3) == 0 ? null : new() { Watts = random.NextDouble() * 3000, TokensPerSecond = random.Next(3) == 0 ? null : random.NextDouble() * 500, ClockMHz = random.Next(1000, 2000) },
        };
    });

    private static PoolObservation Seen(ModelPool pool) => new() { Pool = pool, Plan = PoolPlanner.Plan(pool, null, null), Now = Fixtures.Now };

    private static ModelPoolStatus Status(ModelPool pool, int total, int ready, int? updated = null, params V1Pod[] pods) =>
        PoolStatusPlanner.Plan(Seen(pool) with { Deployment = Fixtures.Deployment(pool, total, ready, updated), Pods = pods });

    private static void ExpectCondition(ModelPoolStatus status, string type, bool isTrue, string reason, string? message = null)
    {
        var condition = Conditions.Find(status.Conditions, type)!;
        (condition.Status, condition.Reason).ShouldBe((isTrue ? "True" : "False", reason), condition.Message);
        if (message is not null)
            condition.Message.ShouldBe(message);
    }
}
