using Ops.Learning;
using Ops.Profiles;
using Ops.Sandbox.ModelServer.Engine;
using Ops.Sandbox.ModelServer.Metrics;
using Ops.Traces;

namespace Ops.Sandbox.ModelServer.Tests;

/// <summary>A simulated server that is not as its published measurements: what its own metrics page tells of it.</summary>
public class CalibrationTests
{
    private static readonly PowerSetting Full = GpuProduct.H100.Default;
    private static readonly ServingProfile Declared = ServingProfiles.Get("Qwen/Qwen3-14B", GpuProduct.H100.Name, 1);

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(1.3, 1, 1)]
    [InlineData(0.7, 1, 1)]
    [InlineData(1, 1.3, 1)]
    [InlineData(1, 0.7, 1)]
    [InlineData(1.3, 0.7, 0.8)]
    [InlineData(0.7, 1.3, 1.2)]
    public void Rates_that_are_30_percent_off_are_recovered_decode_and_power_within_5_percent_and_prefill_within_10(double decode, double prefill, double power)
    {
        var real = Declared.Altered(decode, prefill, power);
        var found = ProfileCalibration.Of(Declared, Full, Serve(real, rate: 3.5, seconds: 200));
        var said = found.ToString();
        found.DecodeFactor.ShouldBe(decode, 0.05 * decode, said);
        found.PrefillFactor.ShouldBe(prefill, 0.1 * prefill, said);
        found.PowerFactor.ShouldBe(power, 0.05 * power, said);
        found.TimeResidual.ShouldBeLessThan(0.1, said);
        // And so the profile that a simulator runs on, all over the range that was measured.
        foreach (var batch in (double[])[found.BatchFrom, (found.BatchFrom + found.BatchTo) / 2, found.BatchTo])
        {
            var (is_, was) = (found.Profile.DecodeStep((int)batch, Full), real.DecodeStep((int)batch, Full));
            is_.Seconds.ShouldBe(was.Seconds, 0.05 * was.Seconds, $"batch {batch}, {said}");
            is_.Watts.ShouldBe(was.Watts, 0.05 * was.Watts, $"batch {batch}, {said}");
        }

        found.Profile.Prefill(1000, Full).Seconds.ShouldBe(real.Prefill(1000, Full).Seconds, 0.11 * real.Prefill(1000, Full).Seconds, said);
        found.Profile.OutsideMeasuredRange(found.BatchTo * 2).ShouldBeTrue();
        found.Notes[^1].ShouldContain("were seen; outside them the profile is extrapolated");
    }

    [Fact]
    public void Where_hardly_anybody_asks_the_declared_profile_stays_and_says_why()
    {
        var found = ProfileCalibration.Of(Declared, Full, Serve(Declared.Altered(1.3, 1, 1), rate: 0.05, seconds: 60));
        found.Profile.ShouldBe(Declared);
        found.Notes.ShouldHaveSingleItem().ShouldStartWith("the declared profile stays");
    }

    [Fact]
    public void A_curve_of_another_shape_is_fitted_where_the_batches_span_enough()
    {
        // Twice the slope: 1.2 times the time at a batch of 20, 1.5 times at one of 100.
        var steep = Declared with { Decode = Declared.Decode with { SlopeMs = 2 * Declared.Decode.SlopeMs } };
        var windows = Enumerable.Range(1, 90).Select(i => Window(Full, batch: 2 + i, prompts: i * 7 % 200, steep)).ToList();
        var found = ProfileCalibration.Of(Declared, Full, windows);
        found.Notes.ShouldContain(note => note.StartsWith("decode time: a curve of its own"));
        foreach (var batch in (int[])[5, 40, 90])
            found.Profile.DecodeStep(batch, Full).Seconds.ShouldBe(steep.DecodeStep(batch, Full).Seconds, 0.05 * steep.DecodeStep(batch, Full).Seconds, $"batch {batch}, {found}");
    }

    [Fact]
    public void A_lower_clock_is_not_taken_for_a_slower_chip()
    {
        var half = new PowerSetting(990, 700);
        var windows = Enumerable.Range(1, 40).Select(i => Window(half, batch: 2 + i, prompts: i * 7 % 200)).ToList();
        ProfileCalibration.Of(Declared, half, windows).DecodeFactor.ShouldBe(1, 0.01);
        ProfileCalibration.Of(Declared, Full, windows).DecodeFactor.ShouldBeGreaterThan(1.05);
    }

    [Fact]
    public void An_engine_that_began_anew_gives_no_window() =>
        new EngineCounters(2, 10, 10, 1, 10, 10).Since(new(1, 20, 10, 1, 10, 10)).ShouldBeNull();

    private static EngineCounters Window(PowerSetting setting, int batch, int prompts, ServingProfile? real = null)
    {
        const int steps = 50;
        var cost = (real ?? Declared).Step(batch, prompts, setting);
        return new(steps * cost.Seconds, steps, steps * batch, steps * batch * cost.Seconds, steps * prompts, steps * cost.Joules);
    }

    // The server's batch without its clock, and its own page read every second, as ./ops train reads it.
    private static List<EngineCounters> Serve(ServingProfile profile, double rate, double seconds)
    {
        var arrivals = Workloads.OfTrace(SyntheticTrace.Generate(SyntheticKind.Conv, TimeSpan.FromSeconds(seconds), seed: 3), rate, seconds).Arrivals;
        var (batch, metrics) = (new Batch(profile, new BatchLimits(256, 8192, profile.KvCapacityTokens, 2048)), new ServerMetrics("m"));
        var (windows, advanced) = (new List<EngineCounters>(), new List<Sequence>());
        var (next, now, joules) = (0, 0.0, 0.0);
        var last = Look();
        while (next < arrivals.Length || batch.Running + batch.Waiting > 0)
        {
            for (; next < arrivals.Length && arrivals[next].At <= now; next++)
                batch.TryEnqueue(new Sequence(arrivals[next].PromptTokens, arrivals[next].OutputTokens, FinishReason.Length, arrivals[next].At)).ShouldBeTrue();
            var plan = batch.Plan(now, Full);
            var (until, watts) = plan.IsEmpty ? (arrivals[next].At, profile.IdleWatts) : (now + plan.Cost.Seconds, plan.Cost.Watts);
            joules += (until - now) * watts;
            now = until;
            if (!plan.IsEmpty)
            {
                batch.Complete(now, advanced);
                metrics.Step(plan, advanced.Count);
                advanced.Clear();
            }

            if (now < last.At + 1)
                continue;
            var look = Look();
            windows.Add(look.Since(last)!.Value);
            last = look;
        }

        return windows;

        EngineCounters Look()
        {
            metrics.Gauges(batch.Running, batch.Waiting, batch.CacheUsage, 0, joules, 1980, 700, 0, asleep: false);
            var page = metrics.Text().Split('\n').Where(line => !line.StartsWith('#') && line.Contains(' ', StringComparison.Ordinal)).ToList();
            return EngineCounters.Read(name => page.Where(line => line.StartsWith(name + "{", StringComparison.Ordinal)).Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture)), now);
        }
    }
}
