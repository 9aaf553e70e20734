using Ops.Traces;

namespace Ops.Learning.Tests;

/// <summary>Workloads have the rates and shifts that they are named after.</summary>
public class Workload_rules
{
    [Fact]
    public void Poisson_arrivals_have_the_rate_and_the_spread_of_their_name()
    {
        var arrivals = Workloads.Poisson(20, 2000, Fleets.Conversation, seed: 1).Arrivals;

        (arrivals.Length / 2000.0).ShouldBe(20, 0.5);
        GapVariation(arrivals.Select(a => a.At)).ShouldBe(1, 0.05);
    }

    [Fact]
    public void Bursts_are_burstier_and_have_the_mean_of_their_states()
    {
        var arrivals = Workloads.Bursts(2, 50, 20, 5, 20_000, Fleets.Conversation, seed: 1).Arrivals;

        // 20 s at 2 and 5 s at 50 in 25 s.
        (arrivals.Length / 20_000.0).ShouldBe(11.6, 1.2);
        GapVariation(arrivals.Select(a => a.At)).ShouldBeGreaterThan(1.5);
    }

    [Fact]
    public void A_day_is_quiet_at_its_ends_and_busy_in_the_middle()
    {
        var arrivals = Workloads.Diurnal(1, 20, 1000, Fleets.Conversation, seed: 1).Arrivals;

        arrivals.Count(a => a.At < 100).ShouldBeLessThan(300);
        arrivals.Count(a => a.At is > 450 and < 550).ShouldBeGreaterThan(1700);
    }

    [Fact]
    public void A_crowd_comes_at_once_and_goes_slowly()
    {
        var arrivals = Workloads.FlashCrowd(2, 50, 100, 30, 300, Fleets.Conversation, seed: 1).Arrivals;

        (arrivals.Count(a => a.At < 100) / 100.0).ShouldBe(2, 0.6);
        (arrivals.Count(a => a.At is > 100 and < 105) / 5.0).ShouldBe(46, 10);
        (arrivals.Count(a => a.At > 250) / 50.0).ShouldBeLessThan(4);
    }

    [Fact]
    public void A_trace_keeps_its_gaps_at_another_rate_and_repeats_when_it_is_short()
    {
        var trace = SyntheticTrace.Generate(SyntheticKind.Conv, TimeSpan.FromSeconds(300), seed: 2);
        var workload = Workloads.OfTrace(trace, 50, 120, start: 0.5);

        (workload.Arrivals.Length / 120.0).ShouldBe(50, 5);
        workload.Arrivals[0].At.ShouldBe(0);
        workload.Arrivals.Zip(workload.Arrivals.Skip(1)).ShouldAllBe(p => p.First.At <= p.Second.At);
        GapVariation(workload.Arrivals.Select(a => a.At)).ShouldBe(GapVariation(trace.Requests.Select(r => r.Arrival.TotalSeconds)), 0.05);
    }

    [Fact]
    public void A_mix_shifts_when_it_says_so()
    {
        var mix = new TaskMix([0.8, 0.2], [0.1, 0.9], 50);
        var arrivals = Workloads.Poisson(50, 100, Fleets.Conversation, seed: 4, mix).Arrivals;

        arrivals.Where(a => a.At < 50).Average(a => a.Task).ShouldBe(0.2, 0.05);
        arrivals.Where(a => a.At >= 50).Average(a => a.Task).ShouldBe(0.9, 0.05);
    }

    private static double GapVariation(IEnumerable<double> times)
    {
        var at = times.ToArray();
        var gaps = at.Zip(at.Skip(1), (a, b) => b - a).ToArray();
        var mean = gaps.Average();
        return Math.Sqrt(gaps.Average(g => (g - mean) * (g - mean))) / mean;
    }
}
