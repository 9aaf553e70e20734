namespace Ops.Api.Tests;

public sealed class ConditionsTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 2, 12, 0, 0, 678, TimeSpan.FromHours(2));

    [Fact]
    public void A_new_condition_gets_the_present_second_in_utc()
    {
        var ready = Conditions.Merge(null, [new("Ready", true, "Up", "all up")], 3, Noon).ShouldHaveSingleItem();
        ready.Status.ShouldBe("True");
        ready.Reason.ShouldBe("Up");
        ready.Message.ShouldBe("all up");
        ready.ObservedGeneration.ShouldBe(3);
        ready.LastTransitionTime.ShouldBe(new DateTime(2026, 1, 2, 10, 0, 0, DateTimeKind.Utc));
        ready.LastTransitionTime.Kind.ShouldBe(DateTimeKind.Utc);
    }

    [Fact]
    public void The_transition_time_stays_while_only_reason_and_message_change()
    {
        var before = Conditions.Merge(null, [new("Ready", false, "Starting", "0 of 2")], 1, Noon);
        var after = Conditions.Merge(before, [new("Ready", false, "Starting", "1 of 2")], 2, Noon.AddHours(1));
        after[0].Message.ShouldBe("1 of 2");
        after[0].LastTransitionTime.ShouldBe(before[0].LastTransitionTime);
    }

    [Fact]
    public void The_transition_time_moves_with_the_status()
    {
        var before = Conditions.Merge(null, [new("Ready", false, "Starting", "")], 1, Noon);
        var after = Conditions.Merge(before, [new("Ready", true, "Up", "")], 1, Noon.AddHours(1));
        after[0].LastTransitionTime.ShouldBe(before[0].LastTransitionTime.AddHours(1));
    }

    [Fact]
    public void Conditions_that_nobody_finds_any_more_disappear()
    {
        var before = Conditions.Merge(null, [new("Ready", true, "Up", ""), new("Old", true, "Old", "")], 1, Noon);
        Conditions.Merge(before, [new("Ready", true, "Up", "")], 1, Noon).Select(condition => condition.Type).ShouldBe(["Ready"]);
    }

    [Fact]
    public void A_message_is_cut_at_the_limit_of_the_api() =>
        Conditions.Merge(null, [new("Ready", true, "Up", new string('x', 40_000))], 1, Noon)[0].Message.Length.ShouldBe(32_768);
}
