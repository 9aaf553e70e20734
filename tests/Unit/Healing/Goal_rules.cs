using k8s.Models;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Detection;
using Ops.Healing.Executing;
using Ops.Healing.Goals;
using Ops.Healing.Guarding;
using Ops.Healing.Planning;

namespace Ops.Healing.Tests;

/// <summary>Goals: what is read, when one counts as violated, and what is done about it.</summary>
public sealed class Goal_rules
{
    private static readonly HealingGoal Cpu = new() { Name = "calm", Type = GoalTypes.Cpu, Targets = ["web"], PercentOfLimit = 50, Max = 6 };
    private static readonly HealingGoal P99 = new() { Name = "fast", Type = GoalTypes.P99Latency, Targets = ["web"], Below = "300ms", Max = 6 };

    [Fact]
    public void A_page_is_read_by_the_usual_names_and_a_series_gives_rates_of_its_window()
    {
        static string Page(double cpu, int fast, int slow) => $$"""
            process_cpu_seconds_total {{cpu}}
            process_resident_memory_bytes 1e8
            http_request_duration_seconds_count{} 99
            http_server_request_duration_seconds_bucket{caller="a",le="0.1"} {{fast}}
            http_server_request_duration_seconds_bucket{caller="a",le="0.5"} {{fast + slow}}
            http_server_request_duration_seconds_bucket{caller="a",le="+Inf"} {{fast + slow}}
            http_server_request_duration_seconds_sum{caller="a"} {{(fast * 0.05) + (slow * 0.3)}}
            http_server_request_duration_seconds_count{caller="a"} {{fast + slow}}
            """;
        var series = PodSeries.Empty;
        for (var i = 0; i <= 10; i++)
            series = series.With(PodSample.Read(Page(i, i * 90, i * 10), Shop.Now.AddSeconds(2 * i)));
        var now = Shop.Now.AddSeconds(20);
        var reading = series.Reading(now)!;
        (series.Samples.Count, reading.Cores, reading.MemoryBytes).ShouldBe((8, 0.5, 1e8));
        var (times, seconds) = reading.Requests!.Value;
        (times.Count / seconds).ShouldBe(50, 1e-9);
        times.Mean.ShouldBe(0.075, 1e-9);
        // 90 % took at most 0.1 s; the 99th of 100 lies nine tenths into the bucket that ends at 0.5 s.
        times.Quantile(0.99).ShouldBe(0.46, 1e-9);
        series.Reading(now.AddSeconds(9)).ShouldBeNull();
        // A process that began anew has counted less: nothing of the old one is subtracted from it.
        series.With(PodSample.Read(Page(0.1, 1, 0), now.AddSeconds(2))).Samples.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("process_cpu_seconds_total NaN\nprocess_resident_memory_bytes -5\nhttp_server_request_duration_seconds_count +Inf")]
    [InlineData("")]
    [InlineData("http_server_request_duration_seconds_bucket{le=\"x\"} 5\n{} 3\nprocess_cpu_seconds_total")]
    public void A_page_that_says_nothing_or_nonsense_is_not_known(string page)
    {
        var sample = PodSample.Read(page, Shop.Now);
        (sample.CpuSeconds, sample.MemoryBytes, sample.Requests).ShouldBe((null, null, null));
    }

    [Fact]
    public void Use_is_in_percent_of_the_limits_and_without_a_limit_it_is_not_known()
    {
        var series = new Dictionary<string, PodSeries> { ["web-5f6-0"] = Series(0.1), ["web-5f6-1"] = Series(0.3) };
        TargetReading.Of(Workload(Limited("500m")), series, Shop.Now).CpuPercent!.Value.ShouldBe(40, 1e-9);
        var none = TargetReading.Of(Workload(Shop.Well()), series, Shop.Now);
        (none.CpuPercent, none.Missing).ShouldBe((null, "its pods' metrics do not tell it, or web has no such limit in spec.template.spec.containers[].resources.limits"));
    }

    [Fact]
    public void A_goal_is_violated_once_it_was_missed_for_its_settle_time_and_not_before()
    {
        var judge = new Judging(Cpu);
        judge.Look(0, 30).ShouldBe(GoalStates.Met);
        judge.Look(2, 80).ShouldBe(GoalStates.Met);
        judge.Look(31, 80).ShouldBe(GoalStates.Met);
        judge.Look(32, 80).ShouldBe(GoalStates.Violated);
        judge.Last.Since.ShouldBe(Shop.Now.AddSeconds(32));
        judge.Last.Reason.ShouldBe("It is missed for 30 s, and counts as violated after 30s: web has 80%.");
        judge.Look(34, 44).ShouldBe(GoalStates.Met);
        judge.Look(36, 80).ShouldBe(GoalStates.Met);
        judge.Look(65, 80).ShouldBe(GoalStates.Met, "it was met in between");
    }

    [Fact]
    public void A_processor_that_was_too_busy_is_met_again_with_room_as_long_as_more_pods_are_allowed()
    {
        foreach (var (max, state) in (ReadOnlySpan<(int?, string)>)[(6, GoalStates.Violated), (2, GoalStates.Met), (null, GoalStates.Met)])
        {
            var judge = new Judging(Cpu with { Max = max, Settle = "0s" });
            judge.Look(0, 49, requests: 20).ShouldBe(GoalStates.Met, "it was not too busy before");
            judge.Look(2, 90, requests: 100).ShouldBe(GoalStates.Violated);
            judge.Look(4, 48, requests: 100).ShouldBe(state);
            if (state == GoalStates.Met)
                continue;
            judge.Last.Reason.ShouldEndWith("web has 48%, and met again counts below 45%.");
            // 2 pods at 48 % are 3 below 40 %.
            Replicas(judge, GoalFindings.Of(judge.Snapshot).ShouldHaveSingleItem()).ShouldBe("3");
            judge.Look(6, 44, requests: 100).ShouldBe(GoalStates.Met);
        }
    }

    [Fact]
    public void More_requests_that_more_pods_do_not_serve_were_not_the_cause()
    {
        var judge = new Judging(P99 with { Settle = "0s" });
        judge.Look(0, 90, requests: 20);
        judge.Look(2, 900, requests: 100);
        var finding = GoalFindings.Of(judge.Snapshot).ShouldHaveSingleItem();
        finding.Cause.ShouldBe(Causes.LoadRose);
        RulePlanner.Plan(finding, judge.Snapshot, Shop.Memory())!.Actions[0].Type.ShouldBe("ScaleWorkload");
        RulePlanner.Plan(finding, judge.Snapshot, Shop.Memory(), ["ScaleWorkload"])!.Actions[0].Type.ShouldBe("RestartRollout");
    }

    [Fact]
    public void What_cannot_be_measured_is_unknown_moves_nothing_and_does_not_end_what_was_violated()
    {
        var judge = new Judging(Cpu);
        judge.Look(0, null).ShouldBe(GoalStates.Unknown);
        judge.Look(60, null).ShouldBe(GoalStates.Unknown);
        GoalFindings.Of(judge.Snapshot).ShouldBeEmpty();
        judge.Look(62, 80);
        judge.Look(92, 80).ShouldBe(GoalStates.Violated);
        judge.Look(94, null).ShouldBe(GoalStates.Unknown);
        GoalFindings.Of(judge.Snapshot).ShouldBeEmpty();
        GoalFindings.Unclear("web", judge.Snapshot).ShouldNotBeNull();
        judge.Look(96, 80).ShouldBe(GoalStates.Violated, "it has been missed all the time, as far as anybody knows");
        judge.Look(98, 20).ShouldBe(GoalStates.Met);
        GoalFindings.Unclear("web", judge.Snapshot).ShouldBeNull();
    }

    [Fact]
    public void A_new_leader_goes_on_from_what_the_status_says()
    {
        var judge = new Judging(Cpu);
        judge.Look(0, 30, requests: 20);
        judge.Look(2, 80);
        judge.Look(32, 80);
        var policy = Shop.Policy(spec => spec with { Goals = [Cpu] });
        policy.Status = new() { Goals = [judge.Last.Shown!] };
        var next = new Judging(Cpu, GoalJudge.Remembered(policy, Cpu));
        next.Look(34, 80).ShouldBe(GoalStates.Violated);
        (next.Last.Since, next.Last.RequestsWhenMet).ShouldBe((Shop.Now.AddSeconds(32), 20));
    }

    [Fact]
    public void More_requests_are_answered_by_more_pods_in_proportion_and_never_by_more_than_twice_as_many()
    {
        var judge = new Judging(Cpu);
        judge.Look(0, 25, requests: 20);
        judge.Look(2, 55, requests: 100);
        judge.Look(32, 55, requests: 100);
        var finding = Diagnosis.Of(judge.Snapshot, Shop.Memory()).ShouldHaveSingleItem();
        (finding.Cause, finding.Evidence).ShouldBe((Causes.LoadRose, "goal calm of HealingPolicy shop: web has 55%, and the limit is 50%; 100.0 requests/s, 20.0 when it was met"));
        // 2 pods at 55 % are 3 below 40 %.
        Replicas(judge, finding).ShouldBe("3");
        judge.Look(34, 180, requests: 100);
        Replicas(judge, Diagnosis.Of(judge.Snapshot, Shop.Memory()).ShouldHaveSingleItem()).ShouldBe("4");
    }

    [Fact]
    public void A_busy_processor_without_more_requests_is_restarted_and_scaled_only_where_that_was_in_vain()
    {
        var judge = new Judging(Cpu);
        judge.Look(0, 25, requests: 20);
        judge.Look(2, 90, requests: 21);
        judge.Look(32, 90, requests: 21);
        var finding = Diagnosis.Of(judge.Snapshot, Shop.Memory()).ShouldHaveSingleItem();
        finding.Cause.ShouldBe(Causes.ProcessorStressed);
        RulePlanner.Plan(finding, judge.Snapshot, Shop.Memory())!.Actions.ShouldHaveSingleItem().Type.ShouldBe("RestartRollout");
        RulePlanner.Plan(finding, judge.Snapshot, Shop.Memory(), ["RestartRollout"])!.Actions.ShouldHaveSingleItem().Type.ShouldBe("ScaleWorkload");
    }

    [Theory]
    [InlineData(190, 36, Causes.ProcessorStressed)]
    [InlineData(64, 36, Causes.ProcessorStressed)]
    [InlineData(55, 36, Causes.LoadRose)]
    [InlineData(150, 120, Causes.LoadRose)]
    public void A_processor_that_works_half_as_much_again_for_each_request_is_stressed_though_requests_rose_too(double percent, double requests, string cause)
    {
        var judge = new Judging(Cpu with { Settle = "0s" });
        judge.Look(0, 24, requests: 23);
        judge.Look(2, percent, requests: requests);
        GoalFindings.Of(judge.Snapshot).ShouldHaveSingleItem().Cause.ShouldBe(cause);
    }

    [Fact]
    public void A_goal_without_a_max_scales_nothing()
    {
        var judge = new Judging(Cpu with { Max = null });
        judge.Look(0, 25, requests: 20);
        judge.Look(2, 90, requests: 100);
        judge.Look(32, 90, requests: 100);
        RulePlanner.Plan(Diagnosis.Of(judge.Snapshot, Shop.Memory()).ShouldHaveSingleItem(), judge.Snapshot, Shop.Memory()).ShouldBeNull();
    }

    [Fact]
    public void A_known_fault_comes_before_a_goal_and_a_busy_processor_before_what_is_slow()
    {
        var (busy, slow) = (new Judging(Cpu with { Targets = ["cart"] }), new Judging(P99 with { Settle = "0s" }));
        busy.Look(0, 90);
        slow.Look(0, 500);
        slow.Last.State.ShouldBe(GoalStates.Violated);
        GoalFindings.Of(Shop.Well() with { Goals = [slow.Last] }).ShouldHaveSingleItem().Name.ShouldBe("web");
        GoalFindings.Of(Shop.Well() with { Goals = [busy.Last, slow.Last] }).ShouldBeEmpty("the processor of cart has not settled yet, and may be why web is slow");
        busy.Look(30, 90);
        GoalFindings.Of(Shop.Well() with { Goals = [busy.Last, slow.Last] }).ShouldHaveSingleItem().Name.ShouldBe("cart");
        busy.Look(32, 20);
        GoalFindings.Of(busy.Snapshot with { Goals = [busy.Last, slow.Last] }).ShouldBeEmpty("web was slow in the window because of cart, which has just come to rest");
        GoalFindings.Of(busy.Snapshot with { Now = Shop.Now.AddSeconds(76), Goals = [busy.Last, slow.Last] }).ShouldHaveSingleItem().Name.ShouldBe("web");
        busy.Look(34, 90);
        busy.Look(64, 90);
        var broken = Shop.Of([Shop.Deployment("web"), Shop.Deployment("cart", one => one.Spec.Replicas = 0)], [Shop.Service("web")]) with { Goals = [busy.Last, slow.Last] };
        Diagnosis.Of(broken, Shop.Memory()).ShouldAllBe(finding => !Causes.IsOfGoal(finding.Cause));
    }

    [Fact]
    public void The_sum_of_two_services_is_judged_as_one_and_repaired_where_it_grew_most()
    {
        var goal = P99 with { Name = "together", Targets = ["web", "cart"], Combine = GoalCombinations.Sum, Settle = "0s" };
        var judge = new Judging(goal);
        judge.LookAt(0, [("web", 90), ("cart", 190)]).ShouldBe(GoalStates.Met);
        judge.Last.Shown!.Value.ShouldBe("280ms");
        judge.LookAt(2, [("web", 130), ("cart", 300)]).ShouldBe(GoalStates.Violated);
        GoalFindings.Of(judge.Snapshot).ShouldHaveSingleItem().Name.ShouldBe("cart");
        judge.LookAt(4, [("web", null), ("cart", 400)]).ShouldBe(GoalStates.Unknown);
    }

    [Fact]
    public void Of_what_is_slow_the_one_that_grew_most_in_proportion_is_repaired()
    {
        var judge = new Judging(P99 with { Targets = ["web", "cart"], Settle = "0s" });
        judge.LookAt(0, [("web", 60), ("cart", 10)]).ShouldBe(GoalStates.Met);
        judge.LookAt(2, [("web", 560), ("cart", 510)]).ShouldBe(GoalStates.Violated);
        GoalFindings.Of(judge.Snapshot).ShouldHaveSingleItem().Name.ShouldBe("cart", "web waits for it");
    }

    [Theory]
    [InlineData(GoalCombinations.Sum)]
    [InlineData(GoalCombinations.Each)]
    public void What_is_slow_together_is_repaired_one_at_a_time_and_the_next_only_where_the_first_was_in_vain(string combine)
    {
        var goal = P99 with { Targets = ["web", "cart"], Combine = combine, Settle = "0s" };
        var judge = new Judging(goal);
        judge.LookAt(0, [("web", 60), ("cart", 10)]).ShouldBe(GoalStates.Met);
        judge.LookAt(2, [("web", 800), ("cart", 400)]).ShouldBe(GoalStates.Violated);
        NamespaceSnapshot After(params IReadOnlyList<Repair> repairs) => judge.Snapshot with { Repairs = repairs };
        GoalFindings.Of(After()).ShouldHaveSingleItem().Name.ShouldBe("cart");

        // What is begun stays what it is about, though new processes of cart make web the one that grew most.
        judge.LookAt(4, [("web", 800), ("cart", 310)]).ShouldBe(GoalStates.Violated);
        judge.LookAt(6, [("web", 2000), ("cart", 310)]).ShouldBe(GoalStates.Violated);
        GoalFindings.Of(After()).ShouldHaveSingleItem().Name.ShouldBe("web");
        GoalFindings.Of(After(new Repair("cart", Causes.GoalMissed, null))).ShouldHaveSingleItem().Name.ShouldBe("cart");
        GoalFindings.Of(After(new Repair("cart", Causes.ServiceDegraded, null, RootCause: "i1"))).ShouldHaveSingleItem().Name.ShouldBe("web");
        // The plan for the other waits until that has ended.
        var running = new Remediation { Spec = new() { Cause = Causes.GoalMissed, Actions = [new() { Type = "RestartRollout", Target = new() { Kind = "Deployment", Name = "cart" } }] }, Status = new() { Phase = RemediationPhases.Verifying } };
        GoalPlanner.IsCooling(GoalFindings.Of(After()).Single(), judge.Snapshot, [running]).ShouldBeTrue();
        GoalPlanner.IsCooling(GoalFindings.Of(After()).Single(), judge.Snapshot, []).ShouldBeFalse();

        var vain = new Repair("web", Causes.GoalMissed, Shop.Now.UtcDateTime.AddSeconds(5), IsVain: true) { Goal = judge.Last.Key, Actions = ["ScaleWorkload"] };
        GoalFindings.Of(After(vain)).ShouldHaveSingleItem().Name.ShouldBe("cart");
        GoalFindings.Of(After(vain with { IsVain = false })).ShouldHaveSingleItem().Name.ShouldBe("web", "a step of scaling stays");
        GoalFindings.Of(After(vain with { IsVain = false, Actions = ["RestartRollout"] })).ShouldHaveSingleItem().Name.ShouldBe("cart", "a restart after which the goal is missed did not last");
        GoalFindings.Of(After(vain with { Goal = "another" })).ShouldHaveSingleItem().Name.ShouldBe("web");
        GoalFindings.Of(After(vain with { MissedUntil = Shop.Now.UtcDateTime.AddMinutes(-10) })).ShouldHaveSingleItem().Name.ShouldBe("web", "that was another time");
    }

    [Fact]
    public void A_restart_that_did_not_help_is_told_by_three_windows_of_its_own_pods_and_scaling_is_not()
    {
        var made = Shop.Now.UtcDateTime.AddMinutes(-10);
        Remediation Plan(string type) => new() { Spec = new() { Cause = Causes.GoalMissed, Actions = [new() { Type = type, Target = new() { Kind = "Deployment", Name = "web" } }] }, Status = new() { StartedAt = made } };
        // Pods of the example are ready 3 s after they were made.
        GoalProgress.IsToldByRestart(Plan("RestartRollout"), Shop.Well()).ShouldBeTrue();
        GoalProgress.IsToldByRestart(Plan("RestartRollout"), Shop.Well() with { Now = Shop.Now.AddMinutes(-10).AddSeconds(40) }).ShouldBeFalse();
        GoalProgress.IsToldByRestart(Plan("ScaleWorkload"), Shop.Well()).ShouldBeFalse();
        made = made.AddSeconds(1);
        GoalProgress.IsToldByRestart(Plan("RestartRollout"), Shop.Well()).ShouldBeFalse("they are the old ones");
    }

    [Theory]
    [InlineData(1, "2", Causes.LoadRose)]
    [InlineData(90, "4", Causes.LoadRose)]
    [InlineData(10, "1", Causes.PodsIdle)]
    public void Autoscaling_goes_up_in_proportion_and_down_one_at_a_time_within_min_and_max(int percent, string wanted, string cause)
    {
        var goal = new HealingGoal { Name = "elastic", Type = GoalTypes.Autoscale, Targets = ["web"], PercentOfLimit = 50, Min = percent == 1 ? 2 : 1, Max = 6, Settle = "0s" };
        var judge = new Judging(goal);
        if (percent == 1)
        {
            judge.Look(0, 1).ShouldBe(GoalStates.Met, "there are as many as min");
            judge.Look(2, 35).ShouldBe(GoalStates.Met, "one would have 70 %");
            judge = new Judging(goal with { Min = 3, Max = 6 });
            judge.Look(0, 1).ShouldBe(GoalStates.Violated, "there are fewer than min");
            (cause, wanted) = (Causes.LoadRose, "3");
        }
        else
        {
            judge.Look(0, percent).ShouldBe(GoalStates.Violated);
        }

        var finding = Diagnosis.Of(judge.Snapshot, Shop.Memory()).ShouldHaveSingleItem();
        finding.Cause.ShouldBe(cause);
        Replicas(judge, finding).ShouldBe(wanted);
        Guard.Check(Shop.Input(Shop.Plan(RulePlanner.Plan(finding, judge.Snapshot, Shop.Memory())!.Actions[0]), snapshot: judge.Snapshot)).Kind.ShouldBe(GuardVerdictKind.Go);
    }

    [Fact]
    public void A_number_of_pods_that_is_wanted_is_set_and_a_missing_Deployment_is_not_known()
    {
        var judge = new Judging(new() { Name = "three", Type = GoalTypes.Replicas, Targets = ["web"], Replicas = 3, Settle = "0s" });
        judge.Look(0).ShouldBe(GoalStates.Violated);
        Replicas(judge, Diagnosis.Of(judge.Snapshot, Shop.Memory()).ShouldHaveSingleItem()).ShouldBe("3");
        judge = new Judging(new() { Name = "up", Type = GoalTypes.Ready, Targets = ["nobody"] });
        judge.Look(0).ShouldBe(GoalStates.Unknown);
        judge.Last.Reason.ShouldBe("It cannot be measured: Deployment nobody does not exist.");
    }

    [Fact]
    public void A_step_that_brings_a_goal_nearer_counts_and_one_that_does_not_is_trouble()
    {
        var judge = new Judging(Cpu with { Settle = "0s" });
        judge.Look(0, 25, requests: 20);
        judge.Look(2, 200, requests: 200);
        var plan = Shop.Plan(RulePlanner.Plan(Diagnosis.Of(judge.Snapshot, Shop.Memory()).Single(), judge.Snapshot, Shop.Memory())!.Actions[0]);
        plan.Spec = plan.Spec with { Cause = Causes.LoadRose };
        judge.Look(4, 190, requests: 200);
        GoalProgress.Left(plan, judge.Snapshot, Diagnosis.Of(judge.Snapshot, Shop.Memory())).ShouldNotBeEmpty();
        judge.Look(6, 100, requests: 200);
        GoalProgress.Left(plan, judge.Snapshot, Diagnosis.Of(judge.Snapshot, Shop.Memory())).ShouldBeEmpty();
        judge.Look(8, null);
        GoalProgress.Unclear(plan, judge.Snapshot).ShouldNotBeNull();
        var done = new Remediation { Spec = plan.Spec, Status = new() { Phase = RemediationPhases.Succeeded, FinishedAt = Shop.Now.UtcDateTime.AddSeconds(6) } };
        judge.Look(10, 100, requests: 200);
        var finding = Diagnosis.Of(judge.Snapshot, Shop.Memory()).Single();
        GoalPlanner.IsCooling(finding, judge.Snapshot, [done]).ShouldBeTrue();
        judge.Look(126, 100, requests: 200);
        GoalPlanner.IsCooling(Diagnosis.Of(judge.Snapshot, Shop.Memory()).Single(), judge.Snapshot, [done]).ShouldBeFalse();
    }

    private static string Replicas(Judging judge, Finding finding)
    {
        var action = RulePlanner.Plan(finding, judge.Snapshot, Shop.Memory())!.Actions.ShouldHaveSingleItem();
        (action.Type, action.Target.Name).ShouldBe(("ScaleWorkload", finding.Name));
        return action.Parameters!["replicas"];
    }

    private static PodSeries Series(double cores) => PodSeries.Empty
        .With(PodSample.Read("process_cpu_seconds_total 10", Shop.Now.AddSeconds(-10)))
        .With(PodSample.Read(FormattableString.Invariant($"process_cpu_seconds_total {10 + (10 * cores)}"), Shop.Now));

    private static NamespaceSnapshot Limited(string cpu) => Shop.Of(
        [Shop.Deployment("web", one => one.Spec.Template.Spec.Containers[0].Resources = new() { Limits = new Dictionary<string, ResourceQuantity> { ["cpu"] = new(cpu) } })], []);

    private static Workload Workload(NamespaceSnapshot snapshot) => snapshot.Workload("Deployment", "web")!;

    /// <summary>Looks at one goal again and again; values are percent, or milliseconds where the goal has a duration.</summary>
    private sealed class Judging(HealingGoal goal, JudgedGoal? last = null)
    {
        public JudgedGoal Last { get; private set; } = last!;

        public NamespaceSnapshot Snapshot { get; private set; } = Shop.Well();

        public string Look(double second, double? value = null, double? requests = null) => Look(second, requests, [.. goal.Targets.Select(target => (target, value))]);

        public string LookAt(double second, (string Target, double? Value)[] values) => Look(second, null, values);

        private string Look(double second, double? requests, (string Target, double? Value)[] values)
        {
            var now = Shop.Now.AddSeconds(second);
            var readings = values.ToDictionary(one => one.Target, one => goal.Below is null
                ? new TargetReading(one.Value, null, null, requests, "nobody told")
                : new TargetReading(null, null, one.Value is { } ms ? new(100, ms / 10, System.Collections.Immutable.ImmutableSortedDictionary<double, double>.Empty.Add(ms / 990, 100)) : null, requests, "nobody told"));
            Last = GoalJudge.Judge("shop", goal, Shop.Well() with { Now = now }, readings, Last);
            Snapshot = Shop.Well() with { Now = now, Goals = [Last] };
            return Last.State;
        }
    }
}
