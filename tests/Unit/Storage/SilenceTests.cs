using System.Collections.Immutable;
using Microsoft.Extensions.Time.Testing;
using Ops.Storage.Cluster;
using Ops.Storage.Engines;
using Ops.Storage.Planning;

namespace Ops.Storage.Tests;

/// <summary>When a silence that we elect after is seen, and when it is none.</summary>
public sealed class SilenceTests
{
    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(500, 50)]
    [InlineData(1_000, 50)]
    [InlineData(2_000, 50)]
    [InlineData(10_000, 1_000)] // a look may begin shortly before the end
    public void A_node_that_never_answers_counts_as_failed_as_soon_as_it_has_been_silent_for_long_enough(int afterMs, int moreMs)
    {
        var goal = Goal(TimeSpan.FromMilliseconds(afterMs));
        var silent = new Since(_time);
        var began = _time.GetTimestamp();
        var looks = 0;
        TimeSpan seen;
        do
        {
            var asked = _time.GetTimestamp();
            _time.Advance(goal.AnswerWithin);
            seen = silent.HowLong(Members("a"), asked, goal.AnswerWithin)["a"];
            looks++;
            if (seen < goal.FailoverAfter)
                _time.Advance(Pause(seen, goal));
        }
        while (seen < goal.FailoverAfter);

        looks.ShouldBeGreaterThanOrEqualTo(2);
        (_time.GetElapsedTime(began) - goal.FailoverAfter).ShouldBeInRange(TimeSpan.Zero, TimeSpan.FromMilliseconds(moreMs));
    }

    [Fact]
    public void A_pause_of_our_own_in_a_look_is_not_the_silence_of_others()
    {
        var goal = Goal(TimeSpan.FromSeconds(1));
        var asked = _time.GetTimestamp();
        _time.Advance(TimeSpan.FromSeconds(30));

        new Since(_time).HowLong(Members("a"), asked, goal.AnswerWithin)["a"].ShouldBe(goal.AnswerWithin);
    }

    [Fact]
    public void An_answer_that_comes_after_the_look_ends_the_silence()
    {
        var silent = new Since(_time);
        var within = TimeSpan.FromSeconds(0.5);
        var first = _time.GetTimestamp();
        _time.Advance(within);
        silent.HowLong(Members("a"), first, within);
        var second = _time.GetTimestamp();
        _time.Advance(within / 2);
        silent.End("a");
        _time.Advance(within / 2);

        silent.HowLong(Members("a"), second, within)["a"].ShouldBe(within);
        silent.HowLong(Members(), _time.GetTimestamp(), within).ShouldBeEmpty();
        silent.Any.ShouldBeFalse();
    }

    [Fact]
    public void Where_the_engine_elects_nothing_is_looked_at_sooner()
    {
        var goal = Goal(TimeSpan.FromSeconds(1)) with { EngineElects = true };

        goal.AnswerWithin.ShouldBe(StoreGoal.LongestAnswer);
        Pause(TimeSpan.FromSeconds(0.9), goal).ShouldBe(Pause(TimeSpan.Zero, goal));
    }

    private static TimeSpan Pause(TimeSpan silent, StoreGoal goal) => StorePace.Next(
        new StorePlan(StorePhase.Waiting, "it waits", []),
        new StoreView { Nodes = ImmutableSortedDictionary<string, NodeView>.Empty, Silent = ImmutableDictionary<string, TimeSpan>.Empty.Add("a", silent) },
        goal);

    private static StoreGoal Goal(TimeSpan after) => new() { Shards = [], EngineElects = false, FailoverAfter = after };

    private static HashSet<string> Members(params string[] members) => [.. members];
}
