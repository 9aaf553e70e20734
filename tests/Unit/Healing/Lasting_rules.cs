using CsCheck;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Detection;
using Ops.Healing.Goals;
using Ops.Healing.Planning;

namespace Ops.Healing.Tests;

/// <summary>Restarts for goals: whether they last, and what follows where they do not.</summary>
public sealed class Lasting_rules
{
    private static readonly DateTime Noon = Shop.Now.UtcDateTime;
    private static readonly HealingGoal Fast = new() { Name = "fast", Type = GoalTypes.P99Latency, Targets = ["web"], Below = "300ms", Settle = "0s" };

    [Fact]
    public void A_restart_is_on_trial_once_it_succeeded_and_a_step_of_scaling_or_another_repair_is_not()
    {
        var plan = Restart(Noon);
        Lasting.IsOnTrial(plan).ShouldBeTrue();
        foreach (var other in (Func<Remediation, Remediation>[])
            [one => With(one, one.Status! with { LastedAt = Noon }), one => With(one, one.Status! with { Phase = RemediationPhases.Relapsed }), one => With(one, one.Status! with { Phase = RemediationPhases.RolledBack })])
        {
            Lasting.IsOnTrial(other(Restart(Noon))).ShouldBeFalse();
        }

        plan.Spec = plan.Spec with { Cause = Causes.StaleSecret };
        Lasting.IsOnTrial(plan).ShouldBeFalse();
        plan.Spec = plan.Spec with { Cause = Causes.LoadRose, Actions = [Shop.Action("ScaleWorkload", "Deployment", "web", ("replicas", "3"))] };
        Lasting.IsOnTrial(plan).ShouldBeFalse();
    }

    [Theory]
    [InlineData(-60, 1, null)]
    [InlineData(-60, 300, 60)]
    [InlineData(-60, null, 60)]
    [InlineData(90, null, 90)]
    [InlineData(599, 700, 599)]
    [InlineData(600, null, null)]
    public void A_goal_that_is_missed_again_within_the_window_takes_the_success_back(int detected, int? resolved, int? again)
    {
        var miss = Miss(detected, resolved);
        Lasting.MissedAgain(Restart(Noon), [miss], Noon.AddSeconds(800)).ShouldBe(again is { } second ? Noon.AddSeconds(second) : null);
        var rise = Miss(detected, resolved, Causes.LoadRose);
        Lasting.MissedAgain(Restart(Noon), [rise], Noon.AddSeconds(800)).ShouldBeNull("more requests are another reason");
        Lasting.MissedAgain(Restart(Noon), [], Noon.AddSeconds(800)).ShouldBeNull();
    }

    [Fact]
    public void What_is_missed_again_and_again_is_one_stretch_until_it_was_met_for_the_window()
    {
        Lasting.MissedUntil(Noon, []).ShouldBe(Noon);
        Lasting.MissedUntil(Noon, [Miss(-60, 1)]).ShouldBe(Noon.AddSeconds(1));
        Lasting.MissedUntil(Noon, [Miss(1000, 1100), Miss(500, 550), Miss(-300, -200)]).ShouldBe(Noon.AddSeconds(1100));
        Lasting.MissedUntil(Noon, [Miss(500, 550), Miss(1150, 1200)]).ShouldBe(Noon.AddSeconds(550));
        Lasting.MissedUntil(Noon, [Miss(500, null)]).ShouldBeNull();
    }

    [Fact]
    public void A_restart_that_did_not_last_is_followed_by_more_pods_and_without_room_by_a_reason()
    {
        foreach (var (max, next) in (ReadOnlySpan<(int?, string?)>)[(6, "ScaleWorkload"), (2, null), (null, null)])
        {
            var snapshot = Missed(Fast with { Max = max }, 100, Done(60, 61));
            var finding = GoalFindings.Of(snapshot).ShouldHaveSingleItem();
            (RulePlanner.Plan(finding, snapshot, Shop.Memory(), GoalPlanner.Tried(finding, snapshot))?.Actions[0].Type).ShouldBe(next);
        }

        var twice = Missed(Fast, 300, Done(60, 200), Done(150, 200));
        GoalPlanner.WhyNone(GoalFindings.Of(twice).Single(), twice)
            .ShouldBe("For goal fast at Deployment web RestartRollout did not last (2 times), and the goal has no max, so nothing is scaled. The same is done again only after the goal was met for 10m0s.");
        var vain = Missed(Fast with { Max = 2 }, 300, Done(60, 200), Done(150, 200) with { IsVain = true });
        GoalPlanner.WhyNone(GoalFindings.Of(vain).Single(), vain)
            .ShouldBe("For goal fast at Deployment web RestartRollout did not last (once) and RestartRollout did not help (once), and more pods than its max, 2, are not allowed. The same is done again only after the goal was met for 10m0s.");
        var fresh = Missed(Fast, 300);
        GoalPlanner.WhyNone(GoalFindings.Of(fresh).Single(), fresh).ShouldBeNull();
    }

    // Contention that comes and goes as it likes: misses of 2 s to 20 min with 1 s to 20 min between them.
    [Fact]
    public void However_contention_comes_and_goes_a_workload_is_restarted_again_only_after_its_goal_was_met_for_the_window() =>
        Gen.Select(Gen.Int[1, 1200], Gen.Int[2, 1200]).Array[1, 40].Sample(contention =>
        {
            var (restarts, expected, misses, second) = (new List<int>(), new List<int>(), new List<Incident>(), 0);
            foreach (var (calm, missed) in contention)
            {
                var from = second += calm;
                // While it is missed the incident is open; the restart ends a second after it began, and helps as long as this miss lasts or not at all.
                if (IsRestarted(from, [.. misses, Miss(from, null)], restarts))
                    restarts.Add(from + 1);
                IsRestarted(from + 2, [.. misses, Miss(from, null)], restarts).ShouldBeFalse("it was just done");
                if (misses.Count == 0 || calm >= Lasting.Window.TotalSeconds)
                    expected.Add(from + 1);
                misses.Add(Miss(from, second += missed));
            }

            restarts.ShouldBe(expected);
        });

    private static bool IsRestarted(int second, IReadOnlyList<Incident> misses, IReadOnlyList<int> restarts)
    {
        var snapshot = Missed(Fast, second, [.. restarts.Select(at => Done(at, null) with { MissedUntil = Lasting.MissedUntil(Noon.AddSeconds(at), misses) })]);
        var finding = GoalFindings.Of(snapshot).Single();
        return RulePlanner.Plan(finding, snapshot, Shop.Memory(), GoalPlanner.Tried(finding, snapshot)) is not null;
    }

    private static Remediation Restart(DateTime finished) => With(
        new() { Spec = new() { Cause = Causes.GoalMissed, Actions = [Shop.Action("RestartRollout", "Deployment", "web", ("at", "x"))] } }, new() { Phase = RemediationPhases.Succeeded, FinishedAt = finished });

    private static Remediation With(Remediation plan, RemediationStatus status)
    {
        plan.Status = status;
        return plan;
    }

    private static Incident Miss(int detected, int? resolved, string cause = Causes.GoalMissed) => new()
    {
        Status = new()
        {
            Phase = resolved is null ? IncidentPhases.Open : IncidentPhases.Resolved,
            DetectedAt = Noon.AddSeconds(detected),
            ResolvedAt = resolved is { } at ? Noon.AddSeconds(at) : null,
            Causes = [new() { Target = new() { Name = "web" }, Reasons = [cause] }],
        },
    };

    private static Repair Done(int ended, int? missedUntil) =>
        new("web", Causes.GoalMissed, Noon.AddSeconds(ended)) { Goal = "", Actions = ["RestartRollout"], MissedUntil = missedUntil is { } at ? Noon.AddSeconds(at) : null };

    private static NamespaceSnapshot Missed(HealingGoal goal, int second, params IReadOnlyList<Repair> repairs)
    {
        var (now, slow) = (Shop.Now.AddSeconds(second), new RequestTimes(100, 90, System.Collections.Immutable.ImmutableSortedDictionary<double, double>.Empty.Add(0.9, 100)));
        var well = Shop.Well() with { Now = now, Repairs = repairs };
        return well with { Goals = [GoalJudge.Judge("shop", goal, well, new Dictionary<string, TargetReading> { ["web"] = new(null, null, slow, null, "nobody told") }, null)] };
    }
}
