namespace Ops.Picking.Tests;

/// <summary>What tenants and programs see of each other, in simulated fleets of two engines with 32 places each.</summary>
public sealed class FairnessTests
{
    private const double Seconds = 240;
    private const double VictimPerSecond = 2;

    // A p95 of 2,400 requests is true to some per cent.
    private const double LongSeconds = 1_200;

    private static SimulatedFleet Fleet(GateSettings? gate) => new(replicas: 2, slots: 32, gate);

    [Fact]
    public void A_tenant_that_floods_raises_the_others_p95_first_token_by_at_most_a_tenth()
    {
        // 56 requests always open keep the fleet full; ten times as many are a flood.
        var alone = Victim(Fleet(new GateSettings()), open: 0);
        var busy = Victim(Fleet(new GateSettings()), open: 56);
        var fleet = Fleet(new GateSettings());
        var flooded = Victim(fleet, open: 560);
        var without = Victim(Fleet(gate: null), open: 560);
        Say($"victim's p95 TTFT: alone {alone * 1000:0} ms, beside a busy tenant {busy * 1000:0} ms, beside a flood {flooded * 1000:0} ms (without a gate {without:0.0} s)");

        (flooded / busy).ShouldBeLessThanOrEqualTo(1.10);
        (without / busy).ShouldBeGreaterThan(10, "without the gate the flood is felt, else this test shows nothing");
        fleet.Requests.Where(r => r.Tenant == "victim" && r.ArrivalMs < (LongSeconds - 60) * 1000).ShouldAllBe(r => r.DoneMs != null, "nobody of the victim's is refused");
        fleet.MostWaiting.ShouldBeInRange(400, new GateSettings().MaxQueued);
    }

    [Fact]
    public void Even_a_small_fleet_with_quick_requests_keeps_its_room()
    {
        static SimulatedFleet Small() => new(replicas: 1, slots: 16, new GateSettings());
        var busy = Victim(Small(), open: 14, prompt: 50, output: 60);
        var fleet = Small();
        var flooded = Victim(fleet, open: 140, prompt: 50, output: 60);
        Say($"victim's p95 TTFT at 16 places: beside a busy tenant {busy * 1000:0} ms, beside a flood {flooded * 1000:0} ms; room {string.Join(' ', fleet.Rooms.Where((_, i) => i % 10 == 0))}");

        (flooded / busy).ShouldBeLessThanOrEqualTo(1.10);
        fleet.Rooms.Skip(20).ShouldAllBe(room => room >= 15 && room <= 18);
    }

    [Fact]
    public void Quick_requests_that_are_gone_between_two_readings_cannot_hide_the_batchs_end()
    {
        static SimulatedFleet Small() => new(replicas: 1, slots: 16, new GateSettings());
        var busy = Victim(Small(), open: 14, prompt: 30, output: 16);
        var fleet = Small();
        var flooded = Victim(fleet, open: 140, prompt: 30, output: 16);
        Say($"victim's p95 TTFT beside quick requests: beside a busy tenant {busy * 1000:0} ms, beside a flood {flooded * 1000:0} ms; room {string.Join(' ', fleet.Rooms.Take(30))}");

        (flooded / busy).ShouldBeLessThanOrEqualTo(1.10);
        fleet.Rooms.Skip(20).ShouldAllBe(room => room >= 14 && room <= 18);
    }

    [Fact]
    public void A_batch_that_the_pool_declares_is_kept_from_the_very_first_request()
    {
        var fleet = new SimulatedFleet(replicas: 1, slots: 16, new GateSettings(), declared: 16);
        var flooded = Victim(fleet, open: 140, prompt: 30, output: 16, fromMs: 0);
        var busy = Victim(new SimulatedFleet(replicas: 1, slots: 16, new GateSettings(), declared: 16), open: 14, prompt: 30, output: 16, fromMs: 0);
        Say($"victim's p95 TTFT from a cold start: beside a busy tenant {busy * 1000:0} ms, beside a flood {flooded * 1000:0} ms");

        (flooded / busy).ShouldBeLessThanOrEqualTo(1.10);
        fleet.MostWaitingAtEngines.ShouldBeLessThanOrEqualTo(16, "no more than one batch that came at once");
    }

    // The victim's p95 time to first token beside a tenant that always has the given number of requests open. Both begin
    // at once; the first twenty seconds, in which the gate learns how much room there is, are not judged.
    private static double Victim(SimulatedFleet fleet, int open, int prompt = 400, int output = 150, double fromMs = 20_000)
    {
        foreach (var request in Workload.Poisson("victim", VictimPerSecond, LongSeconds, seed: 1, prompt, output))
            fleet.Plan(request);
        var random = new Random(2);
        for (var i = 0; i < open; i++)
            Next(i);
        fleet.Run(LongSeconds * 1000);
        return Workload.Quantile(fleet.Requests.Where(r => r.Tenant == "victim" && r.ArrivalMs > fromMs && r.FirstTokenMs is not null).Select(r => r.TimeToFirstToken), 0.95);

        void Next(double at) => fleet.Plan(new SimulatedRequest
        {
            Tenant = "neighbour",
            ArrivalMs = at,
            PromptTokens = Workload.LogNormal(random, prompt, 0.6, 4_000),
            OutputTokens = Workload.LogNormal(random, output, 0.8, 2_000),
            Then = now => Next(now + 1),
        });
    }

    private static void Say(string line) => TestContext.Current.TestOutputHelper!.WriteLine(line);

    [Fact]
    public void Flooding_tenants_are_served_by_weight()
    {
        var fleet = Fleet(new GateSettings());
        foreach (var request in Workload.Poisson("light", 40, Seconds, seed: 3))
            fleet.Plan(request);
        foreach (var request in Workload.Poisson("heavy", 40, Seconds, seed: 4, weight: 3))
            fleet.Plan(request);
        fleet.Run(Seconds * 1000);

        double Served(string tenant) => fleet.Requests.Where(r => r.Tenant == tenant && r.DoneMs > 30_000).Sum(r => ServiceCost.Of(r.PromptTokens, r.OutputTokens));
        var ratio = Served("heavy") / Served("light");
        Say($"weights 3:1, served {ratio:0.00}:1");
        ratio.ShouldBeInRange(2.4, 3.6);
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
        Say($"short programs: mean {mean:0.0} s, p95 {p95:0.0} s; without program ids mean {meanBlind:0.0} s, p95 {p95Blind:0.0} s");

        mean.ShouldBeLessThan(meanBlind * 0.8);
    }

    [Fact]
    public void Expected_lengths_shorten_the_mean_wait_and_nobody_waits_longer_than_the_aging_span_for_later_ones()
    {
        var known = Latencies(exact: 1);
        var rough = Latencies(exact: 0.5);
        var blind = Latencies(exact: 0);
        Say($"latency: true lengths mean {known.Mean:0.0} s p95 {known.P95:0.0} s; rough ones mean {rough.Mean:0.0} s p95 {rough.P95:0.0} s; the mean for all mean {blind.Mean:0.0} s p95 {blind.P95:0.0} s");

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
