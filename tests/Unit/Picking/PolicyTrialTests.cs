using static Ops.Picking.Tests.Fixtures;

namespace Ops.Picking.Tests;

/// <summary>A learned policy on trial against the price rule. Time is the test's: minutes of the trial, from its first request on.</summary>
public sealed class PolicyTrialTests
{
    private const long Second = 1_000;
    private const long Minute = PolicyTrial.MinuteMs;

    [Fact]
    public void It_is_only_asked_until_a_hundred_requests_were_judged()
    {
        var trial = new PolicyTrial();
        Note(trial, Now, PolicyTrial.ShadowRequests - 1);
        Note(trial, Now + Minute, 1);
        (trial.Standing, trial.Follows(Now + Minute)).ShouldBe((PolicyStanding.InForce, true), "the hundredth came with the second minute");

        var few = new PolicyTrial();
        for (var minute = 0; minute < 9; minute++)
            Note(few, Now + (minute * Minute), 10);
        (few.Standing, few.Follows(Now + (8 * Minute))).ShouldBe((PolicyStanding.Shadow, false));
        Note(few, Now + (9 * Minute), 10);
        Note(few, Now + (10 * Minute), 1);
        few.Standing.ShouldBe(PolicyStanding.InForce);
    }

    [Fact]
    public void In_force_it_leaves_the_last_quarter_of_each_minute_to_the_rule()
    {
        var trial = InForce(out var start);

        trial.Follows(start + (44 * Second)).ShouldBeTrue();
        trial.Follows(start + (45 * Second)).ShouldBeFalse();
        trial.Follows(start + (60 * Second)).ShouldBeTrue();
    }

    [Fact]
    public void Worse_than_the_rule_it_is_rolled_back_and_stays_out()
    {
        var trial = InForce(out var start);
        Deliver(trial, start, minutes: 20, learned: 0.70, ruled: 0.75);

        (trial.Standing, trial.Follows(start + (20 * Minute))).ShouldBe((PolicyStanding.RolledBack, false));
        trial.Gain.ShouldNotBeNull().ShouldBe(-0.05, 1e-9);
        Deliver(trial, start + (20 * Minute), minutes: 40, learned: 0.9, ruled: 0.1);
        trial.Standing.ShouldBe(PolicyStanding.RolledBack);
    }

    [Theory]
    [InlineData(0.75, 0.70)]
    [InlineData(0.75, 0.75)]
    [InlineData(0.749, 0.75)]
    public void As_good_as_the_rule_it_stays(double learned, double ruled)
    {
        var trial = InForce(out var start);
        Deliver(trial, start, minutes: 100, learned, ruled);

        trial.Standing.ShouldBe(PolicyStanding.InForce);
        trial.Gain.ShouldNotBeNull().ShouldBe(learned - ruled, 1e-9);
    }

    [Fact]
    public void A_loss_within_the_noise_of_the_minutes_rolls_nothing_back()
    {
        var trial = InForce(out var start);
        // Minutes that differ by -0.4 and +0.36 in turn: the mean is -0.02 and its standard error four times that.
        for (var minute = 0; minute < 30; minute++)
            Deliver(trial, start + (minute * Minute), 1, learned: 0.5, ruled: minute % 2 == 0 ? 0.9 : 0.14);

        trial.Standing.ShouldBe(PolicyStanding.InForce);
    }

    [Fact]
    public void A_policy_that_is_the_rule_is_kept_where_busy_minutes_have_most_requests_and_the_worst_answers()
    {
        var trial = InForce(out var start);
        var random = new Random(1);
        // Each second is quiet or, a third of the time, a burst: ten times the requests at half the quality, whoever decides.
        for (var second = 0; second < 3 * 3_600; second++)
        {
            var burst = second / 6 % 3 == random.Next(3);
            Note(trial, start + (second * Second), 1);
            for (var i = 0; i < (burst ? 10 : 1); i++)
                trial.Report(start + (second * Second), burst ? 0.4 : 0.8);
        }

        trial.Standing.ShouldBe(PolicyStanding.InForce);
        trial.Gain.ShouldNotBeNull().ShouldBe(0, 0.02);
    }

    [Fact]
    public void What_one_period_left_behind_counts_for_neither()
    {
        var trial = InForce(out var start);
        for (var minute = 0; minute < 20; minute++)
        {
            var at = start + (minute * Minute);
            Deliver(trial, at, 1, learned: 0.8, ruled: 0.8);
            for (var i = 0; i < 50; i++)
                trial.Report(at + (4 * Second), 0);
        }

        trial.Gain.ShouldNotBeNull().ShouldBe(0, 1e-9);
    }

    [Theory]
    [InlineData(LearnedVerdict.OutsideTraining, PolicyStanding.OutsideTraining)]
    [InlineData(LearnedVerdict.NotFresh, PolicyStanding.NoFreshMetrics)]
    public void It_says_when_the_rule_decides_for_it_and_when_no_longer(LearnedVerdict verdict, PolicyStanding standing)
    {
        var trial = InForce(out var start);
        Note(trial, start + Second, 60, verdict);
        Note(trial, start + Second, 40);
        Note(trial, start + Minute, 1);
        trial.Standing.ShouldBe(standing);

        Note(trial, start + Minute + Second, 60);
        Note(trial, start + (2 * Minute), 1);
        trial.Standing.ShouldBe(PolicyStanding.InForce);
    }

    [Fact]
    public void A_clock_that_jumps_by_hours_forgets_what_was_before()
    {
        var trial = InForce(out var start);
        Deliver(trial, start, minutes: 4, learned: 0.1, ruled: 0.9);
        Note(trial, start + (500 * Minute), 1);
        Deliver(trial, start + (500 * Minute), minutes: 20, learned: 0.9, ruled: 0.9);

        trial.Standing.ShouldBe(PolicyStanding.InForce);
        trial.Gain.ShouldNotBeNull().ShouldBe(0, 1e-9);
    }

    [Fact]
    public void A_guarded_policy_follows_the_rule_in_the_shadow_and_the_network_after_it()
    {
        var route = Route(Variant("small", 0.5, Replica("a")), Variant("large", 0.9, Replica("b")));
        var policy = new GuardedPolicy(LearnedTests.Model(promise: 0.5f, margin: 0.4), new PricePolicy(), hardDeadline: 60);
        int Choose(long after) => Chooser.Choose(At(route, Now + after), policy, Chat with { NowMs = Now + after }, default).Variant;

        for (var i = 0; i < PolicyTrial.ShadowRequests; i++)
            Choose(0).ShouldBe(1);
        Choose(Minute).ShouldBe(0);
        Choose(Minute + PolicyTrial.FollowMs).ShouldBe(1);
        policy.Trial.Choices(LearnedVerdict.Overruled).ShouldBe(PolicyTrial.ShadowRequests + 2);
    }

    [Fact]
    public void A_guarded_choice_and_its_report_allocate_nothing()
    {
        var route = Route([.. Enumerable.Range(0, 8).Select(v => Variant($"p{v}", v / 8.0, Replica($"r{v}", running: v)))]);
        var policy = new GuardedPolicy(LearnedTests.Model(0.1f, 0.05), new PricePolicy(), hardDeadline: 60);
        var now = Now;
        Allocations.Of(() =>
        {
            for (var i = 0; i < 1_000; i++)
            {
                now += Second;
                Chooser.Choose(route, policy, Chat with { NowMs = now, Spread = (uint)i }, default);
                policy.Trial.Report(now, 0.5);
            }
        }).ShouldBe(0);
    }

    private static PolicyTrial InForce(out long start)
    {
        var trial = new PolicyTrial();
        Note(trial, Now, PolicyTrial.ShadowRequests);
        start = Now + Minute;
        Note(trial, start, 1);
        trial.Standing.ShouldBe(PolicyStanding.InForce);
        return trial;
    }

    private static void Note(PolicyTrial trial, long at, int times, LearnedVerdict verdict = LearnedVerdict.Agreed)
    {
        for (var i = 0; i < times; i++)
            trial.Note(at, verdict);
    }

    // Twenty answers of each kind a minute, in the middle of their periods.
    private static void Deliver(PolicyTrial trial, long start, int minutes, double learned, double ruled)
    {
        for (var minute = 0; minute < minutes; minute++)
        {
            var at = start + (minute * Minute);
            Note(trial, at, 20);
            for (var i = 0; i < 20; i++)
            {
                trial.Report(at + (20 * Second), learned);
                trial.Report(at + (55 * Second), ruled);
            }
        }
    }

    private static RouteSnapshot At(RouteSnapshot route, long now) =>
        route.WithVariants([.. route.Variants.Select(v => v with { Replicas = [.. v.Replicas.Select(r => r with { ObservedAtMs = now })] })]);
}
