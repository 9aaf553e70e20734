namespace Ops.Rca.Tests;

/// <summary>What one caller alone sees of a service counts half; what others confirm counts in full.</summary>
public sealed class LoneView_rules
{
    private static readonly Metric ByA = new("db", "failed share as seen by a", MetricKind.Errors) { SeenBy = "a" };
    private static readonly Metric ByB = new("db", "failed share as seen by b", MetricKind.Errors) { SeenBy = "b" };
    private static readonly Metric GapFromA = new("db", "gap from a", MetricKind.EdgeGap) { SeenBy = "a" };
    private static readonly Metric Own = new("db", "latency", MetricKind.Latency);
    private static readonly Metric Processor = new("db", "cpu", MetricKind.Resource);

    [Fact]
    public void What_one_of_two_callers_sees_alone_counts_half() =>
        LoneView.Weighed([ByA, ByB, Own, Processor], [8, 1, 1, 5]).ShouldBe([4, 1, 1, 5]);

    [Fact]
    public void What_another_caller_sees_too_counts_in_full() =>
        LoneView.Weighed([ByA, ByB, Own], [8, 4, 1]).ShouldBe([8, 4, 1]);

    [Fact]
    public void What_the_service_shows_itself_confirms_it() =>
        LoneView.Weighed([ByA, ByB, Own], [8, 0, 4]).ShouldBe([8, 0, 4]);

    [Fact]
    public void Time_lost_on_the_way_confirms_it_and_is_no_view_itself() =>
        LoneView.Weighed([ByA, ByB, GapFromA], [8, 0, 6]).ShouldBe([8, 0, 6]);

    [Fact]
    public void An_only_caller_has_nobody_who_could_confirm_it() =>
        LoneView.Weighed([ByA, Own], [8, 0]).ShouldBe([8, 0]);
}
