namespace Ops.Picking.Tests;

/// <summary>What tenants and programs see of each other, in simulated fleets of two engines with 32 places each.</summary>
public sealed class FairnessTests
{
    private const double Seconds = 240;
    private const double VictimPerSecond = 2;

    private static SimulatedFleet Fleet(GateSettings? gate) => new(replicas: 2, slots: 32, gate);

    // 64 places and about 4 s a request serve some 13 requests a second.
    private static (double P95, SimulatedFleet Fleet) VictimBeside(double neighbourPerSecond, GateSettings? gate)
    {
        var fleet = Fleet(gate);
        foreach (var request in Workload.Poisson("victim", VictimPerSecond, Seconds, seed: 1))
            fleet.Plan(request);
        if (neighbourPerSecond > 0)
        {
            foreach (var request in Workload.Poisson("neighbour", neighbourPerSecond, Seconds, seed: 2))
                fleet.Plan(request);
        }

        fleet.Run((Seconds + 300) * 1000);
        var victims = fleet.Requests.Where(r => r.Tenant == "victim").ToList();
        // The neighbour's flood begins at the first second; what it did before the first metrics were read is not judged.
        return (Workload.Quantile(victims.Where(r => r.ArrivalMs > 10_000 && r.FirstTokenMs is not null).Select(r => r.TimeToFirstToken), 0.95), fleet);
    }

    [Fact]
    public void A_tenant_that_floods_raises_the_others_p95_first_token_by_at_most_a_tenth()
    {
        var (busy, _) = VictimBeside(neighbourPerSecond: 10, new GateSettings());
        var (flooded, fleet) = VictimBeside(neighbourPerSecond: 100, new GateSettings());
        var (alone, _) = VictimBeside(neighbourPerSecond: 0, new GateSettings());
        var (without, _) = VictimBeside(neighbourPerSecond: 100, gate: null);
        double Waits(double q) => Workload.Quantile(fleet.Requests.Where(r => r.Tenant == "victim" && r.ArrivalMs > 10_000).Select(r => r.SentMs!.Value - r.ArrivalMs), q);
        TestContext.Current.TestOutputHelper!.WriteLine($"victim's wait at the gate: p50 {Waits(0.5):0} ms, p95 {Waits(0.95):0} ms, max {Waits(1):0} ms");
        TestContext.Current.TestOutputHelper!.WriteLine($"victim's p95 TTFT: alone {alone * 1000:0} ms, busy fleet {busy * 1000:0} ms, flooded {flooded * 1000:0} ms (without a gate {without:0.0} s)");

        (flooded / busy).ShouldBeLessThanOrEqualTo(1.10);
        (without / busy).ShouldBeGreaterThan(10, "without the gate the flood is felt, else this test shows nothing");
        fleet.Requests.Where(r => r.Tenant == "victim").ShouldAllBe(r => r.DoneMs != null, "nobody of the victim's is refused");
        fleet.MostWaiting.ShouldBeLessThanOrEqualTo(new GateSettings().MaxQueued);
    }

    [Fact]
    public void Flooding_tenants_are_served_by_weight()
    {
        var fleet = Fleet(new GateSettings());
        foreach (var request in Workload.Poisson("light", 40, Seconds, seed: 3))
            fleet.Plan(request);
        foreach (var request in Workload.Poisson("heavy", 40, Seconds, seed: 4, weight: 3))
            fleet.Plan(request);
        fleet.Run(Seconds * 1000);

        double Served(string tenant) => fleet.Requests.Where(r => r.Tenant == tenant && r.DoneMs is not null).Sum(r => ServiceCost.Of(r.PromptTokens, r.OutputTokens));
        var ratio = Served("heavy") / Served("light");
        TestContext.Current.TestOutputHelper!.WriteLine($"weights 3:1, served {ratio:0.00}:1");
        ratio.ShouldBeInRange(2.7, 3.3);
    }

    [Fact]
    public void A_tenant_that_returns_has_no_credit_for_the_time_it_was_idle()
    {
        var fleet = Fleet(new GateSettings());
        foreach (var request in Workload.Poisson("steady", 40, Seconds, seed: 5))
            fleet.Plan(request);
        // Away for three minutes, then it asks for as much as the other.
        foreach (var request in Workload.Poisson("returning", 40, 60, seed: 6, fromMs: 180_000))
            fleet.Plan(request);
        fleet.Run(Seconds * 1000);

        double Served(string tenant) => fleet.Requests.Where(r => r.Tenant == tenant && r.DoneMs > 185_000).Sum(r => ServiceCost.Of(r.PromptTokens, r.OutputTokens));
        (Served("returning") / Served("steady")).ShouldBeInRange(0.75, 1.25);
    }

    [Fact]
    public void Short_programs_do_not_wait_for_long_agent_runs_of_the_same_tenant()
    {
        var (mean, p95) = Programs(tagged: true);
        var (meanBlind, p95Blind) = Programs(tagged: false);
        TestContext.Current.TestOutputHelper!.WriteLine($"short programs: mean {mean:0.0} s, p95 {p95:0.0} s; without program ids mean {meanBlind:0.0} s, p95 {p95Blind:0.0} s");

        mean.ShouldBeLessThan(meanBlind * 0.8);
    }

    [Fact]
    public void Expected_lengths_shorten_the_mean_wait_and_nobody_waits_longer_than_the_aging_span_for_later_ones()
    {
        var known = Latencies(exact: 1);
        var rough = Latencies(exact: 0.5);
        var blind = Latencies(exact: 0);
        TestContext.Current.TestOutputHelper!.WriteLine($"latency: true lengths mean {known.Mean:0.0} s p95 {known.P95:0.0} s; rough ones mean {rough.Mean:0.0} s p95 {rough.P95:0.0} s; the mean for all mean {blind.Mean:0.0} s p95 {blind.P95:0.0} s");

        known.Mean.ShouldBeLessThan(blind.Mean);
        rough.Mean.ShouldBeLessThan(blind.Mean);
    }

    // A burst of 400 requests in 5 s for 64 places. exact: 1 knows the lengths, 0 takes the mean for all, between them noise.
    private static (double Mean, double P95) Latencies(double exact)
    {
        var fleet = Fleet(new GateSettings());
        double Expect(double written, Random random) => exact == 0 ? 200 : Math.Pow(written, exact) * Math.Pow(200, 1 - exact) * Math.Exp((1 - exact) * (random.NextDouble() - 0.5));
        // A first burst shows in the metrics where the batch ends; the second is judged.
        foreach (var request in Workload.Poisson("first", 80, 5, seed: 9))
            fleet.Plan(request);
        var burst = Workload.Poisson("one", 80, 5, seed: 7, expect: Expect, fromMs: 100_000).ToList();
        burst.ForEach(fleet.Plan);
        fleet.Run(600_000);
        burst.ShouldAllBe(r => r.DoneMs != null);
        return (burst.Average(r => r.Latency), Workload.Quantile(burst.Select(r => r.Latency), 0.95));
    }

    // 60 agent runs of 12 calls each beside short programs of 2 calls that come one a second.
    private static (double Mean, double P95) Programs(bool tagged)
    {
        var fleet = Fleet(new GateSettings());
        var random = new Random(8);
        var shortPrograms = new List<double>();
        for (var i = 0; i < 120; i++)
            Call(tagged ? $"agent-{i}" : null, random.NextDouble() * 5_000, left: 12, began: 0, done: null);
        for (var i = 0; i < 120; i++)
        {
            var at = 10_000 + (i * 1_000.0);
            Call(tagged ? $"short-{i}" : null, at, left: 2, began: at, shortPrograms);
        }

        fleet.Run(600_000);
        shortPrograms.Count.ShouldBe(120);
        return (shortPrograms.Average(), Workload.Quantile(shortPrograms, 0.95));

        void Call(string? program, double at, int left, double began, List<double>? done) => fleet.Plan(new SimulatedRequest
        {
            Tenant = "one",
            Program = program,
            ArrivalMs = at,
            PromptTokens = Workload.LogNormal(random, 600, 0.5, 4_000),
            OutputTokens = Workload.LogNormal(random, 150, 0.5, 1_000),
            Then = now =>
            {
                if (left > 1)
                    Call(program, now + 200, left - 1, began, done);
                else
                    done?.Add((now - began) / 1000);
            },
        });
    }
}
