using CsCheck;
using Ops.Traces;

namespace Ops.Load.Tests;

public class TallyTests
{
    [Fact]
    public void Percentiles_are_samples_that_the_stated_share_does_not_exceed() =>
        Gen.Double[0, 100].Array[1, 300].Sample(samples =>
        {
            var p = Tally.Percentiles(samples);
            foreach (var (value, share) in new[] { (p.P50, 0.50), (p.P95, 0.95), (p.P99, 0.99) })
            {
                samples.ShouldContain(value);
                samples.Count(s => s <= value).ShouldBeGreaterThanOrEqualTo((int)Math.Ceiling((share * samples.Length) - 1e-9));
                samples.Count(s => s < value).ShouldBeLessThan((int)Math.Ceiling((share * samples.Length) - 1e-9));
            }
            p.Max.ShouldBe(samples.Max());
        });

    [Fact]
    public void Goodput_counts_answers_within_both_bounds()
    {
        RequestResult[] results =
        [
            Answer("a", 0.5, 0.05), Answer("a", 1.5, 0.05), Answer("b", 0.5, 0.2), Answer("a", 0.9, null),
            new(Outcome.Rejected) { Problem = "HTTP 429: full" }, RequestResult.Failure("x"), RequestResult.Failure("x"), new(Outcome.Dropped),
        ];
        var report = Tally.Report(Options(), results, TimeSpan.FromSeconds(4), cancelled: false, joules: 100);
        (report.Sent, report.Answered, report.Rejected, report.Failed, report.Dropped).ShouldBe((7, 4, 1, 2, 1));
        report.Good.ShouldBe(2);
        report.GoodputPerSecond.ShouldBe(0.5);
        report.JoulesPerRequest.ShouldBe(25);
        report.Variants.Select(v => (v.Variant, v.Answered, v.Share)).ShouldBe([("a", 3, 0.75), ("b", 1, 0.25)]);
        report.Problems[0].ShouldBe(new LoadProblem("x", 2));
        report.TimePerOutputToken.Count.ShouldBe(3);
    }

    [Fact]
    public void Nothing_answered_means_no_joules_per_request()
    {
        var report = Tally.Report(Options(), [RequestResult.Failure("x")], TimeSpan.FromSeconds(1), cancelled: false, joules: 100);
        report.JoulesPerRequest.ShouldBeNull();
        report.TimeToFirstToken.ShouldBe(default);
    }

    [Theory]
    [InlineData("ops_router_pool_energy_joules_total{namespace=\"d\",pool=\"a\"} 1.5\nops_router_pool_energy_joules_total{namespace=\"d\",pool=\"b\"} 2e3\n", 2001.5)]
    [InlineData("ops_router_pool_energy_joules_total 7\n", 7.0)]
    [InlineData("# TYPE ops_router_pool_energy_joules_total counter\nops_router_pool_energy_joules_total_created{a=\"b\"} 3\n", null)]
    [InlineData("", null)]
    public void Energy_is_the_sum_over_pools_or_absent(string text, double? joules) => EnergyReading.Sum(text).ShouldBe(joules);

    private static LoadOptions Options() => new() { Target = new Uri("http://127.0.0.1"), Trace = new Trace("t", []) };

    private static RequestResult Answer(string variant, double first, double? later) =>
        new(Outcome.Answered) { Variant = variant, FirstToken = first, PerToken = later, CompletionTokens = 2, PromptTokens = 1 };
}
