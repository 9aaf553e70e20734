using Microsoft.Extensions.Time.Testing;
using Ops.Profiles;
using Ops.Sandbox.ModelServer.Engine;
using Ops.Sandbox.ModelServer.Metrics;

namespace Ops.Sandbox.ModelServer.Tests;

/// <summary>The loop on clocks that move only when told to.</summary>
public class EngineTests
{
    private static readonly ServingProfile Llama = ServingProfiles.Get("meta-llama/Llama-3.1-8B-Instruct", GpuProduct.H100.Name, 1);
    private static readonly PowerSetting Full = GpuProduct.H100.Default;

    [Fact]
    public async Task It_is_ready_when_the_weights_are_loaded_and_not_before()
    {
        var time = new FakeTimeProvider();
        await using var engine = New(time, load: 2);
        engine.Start();
        time.Advance(TimeSpan.FromSeconds(1.9));
        await Task.Delay(50);
        engine.Ready.ShouldBeFalse();
        await RunningServer.UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(0.2));
            return engine.Ready;
        });
    }

    // ML.ENERGY measured these medians: batch, milliseconds a token, watts.
    [Theory]
    [InlineData(8, 7.32, 486)]
    [InlineData(64, 11.50, 610)]
    [InlineData(256, 26.13, 691)]
    public async Task A_fixed_batch_runs_at_the_measured_speed_and_energy(int batch, double stepMs, double watts)
    {
        const int tokens = 400;
        var time = new SleepIsTime(TimeSpan.Zero);
        await using var engine = New(time);
        var start = time.GetTimestamp();
        var sequences = Enumerable.Range(0, batch).Select(_ => engine.Submit(1, tokens, FinishReason.Length)!).ToList();
        engine.Start();
        await RunningServer.UntilAsync(() => sequences.All(s => s.Progress.Outcome == FinishReason.Length));

        var seconds = time.GetElapsedTime(start).TotalSeconds;
        (seconds / tokens).ShouldBe(stepMs / 1000, stepMs / 1000 * 0.04);
        (engine.Power.Joules / (batch * tokens)).ShouldBe(stepMs / 1000 * watts / batch, stepMs / 1000 * watts / batch * 0.04);
        sequences.ShouldAllBe(s => s.Generated == tokens);
    }

    [Fact]
    public async Task Late_timers_do_not_slow_the_run_down()
    {
        // Every wake-up is 37 ms late, which is more than five steps.
        var time = new SleepIsTime(TimeSpan.FromMilliseconds(37));
        await using var engine = New(time);
        var sequence = engine.Submit(1, 1000, FinishReason.Length)!;
        var start = time.GetTimestamp();
        engine.Start();
        await RunningServer.UntilAsync(() => sequence.Progress.Outcome == FinishReason.Length);
        var expected = (999 * Llama.DecodeStep(1, Full).Seconds) + Llama.Step(1, 1, Full).Seconds;
        time.GetElapsedTime(start).TotalSeconds.ShouldBe(expected, 0.04);
    }

    [Fact]
    public async Task Half_the_clock_slows_decoding_by_six_percent()
    {
        var time = new SleepIsTime(TimeSpan.Zero);
        await using var engine = New(time);
        engine.Setting = new PowerSetting(990, 700);
        var sequence = engine.Submit(1, 400, FinishReason.Length)!;
        var start = time.GetTimestamp();
        engine.Start();
        await RunningServer.UntilAsync(() => sequence.Progress.Outcome == FinishReason.Length);
        time.GetElapsedTime(start).TotalSeconds.ShouldBe(400 * Llama.DecodeStep(1, Full).Seconds * 1.06, 0.005);
        engine.Power.Joules.ShouldBe(400 * Llama.DecodeStep(1, Full).Joules * 0.67, 400 * Llama.DecodeStep(1, Full).Joules * 0.01);
    }

    [Fact]
    public async Task Idle_time_costs_idle_watts()
    {
        var time = new FakeTimeProvider();
        await using var engine = New(time);
        engine.Start();
        await RunningServer.UntilAsync(() => engine.Ready);
        var before = engine.Power.Joules;
        time.Advance(TimeSpan.FromSeconds(100));
        (engine.Power.Joules - before).ShouldBe(100 * Llama.IdleWatts, 0.01);
        engine.Power.Watts.ShouldBe(Llama.IdleWatts);
    }

    [Fact]
    public async Task An_abort_frees_the_slot_at_once_in_the_middle_of_a_step()
    {
        // The clock stands still, so the first step never ends.
        await using var engine = New(new FakeTimeProvider());
        engine.Start();
        var running = engine.Submit(1, 1000, FinishReason.Length)!;
        await RunningServer.UntilAsync(() => engine.Load == (1, 0));
        var wait = running.WaitAsync(0);
        engine.Abort(running);
        engine.Load.ShouldBe((0, 0));
        await wait;
        running.Progress.Outcome.ShouldBe(FinishReason.Abort);
    }

    [Fact]
    public async Task Stopping_ends_what_is_under_way()
    {
        await using var engine = New(new FakeTimeProvider());
        engine.Start();
        var running = engine.Submit(1, 1000, FinishReason.Length)!;
        await RunningServer.UntilAsync(() => engine.Load == (1, 0));
        var wait = running.WaitAsync(0);
        await engine.DisposeAsync();
        await wait;
        running.Progress.Outcome.ShouldBe(FinishReason.Abort);
    }

    private static SimulatedEngine New(TimeProvider time, double load = 0) => new(
        Llama, new BatchLimits(256, 8192, 400_000, 1000), TimeSpan.FromSeconds(load), new EngineClock(time), new SharedGpus(GpuProduct.H100, 1, 0), 0, true, new ServerMetrics("m"));
}
