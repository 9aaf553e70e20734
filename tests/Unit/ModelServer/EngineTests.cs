using Microsoft.Extensions.Time.Testing;
using Ops.Profiles;
using Ops.Sandbox.ModelServer.Engine;
using Ops.Sandbox.ModelServer.Metrics;

namespace Ops.Sandbox.ModelServer.Tests;

/// <summary>The loop on a fake clock: exact times, no waiting.</summary>
public sealed class EngineTests : IAsyncDisposable
{
    private static readonly ServingProfile Llama = ServingProfiles.Get("meta-llama/Llama-3.1-8B-Instruct", GpuProduct.H100.Name, 1);
    private static readonly PowerSetting Full = GpuProduct.H100.Default;

    private readonly FakeTimeProvider _time = new();
    private readonly EngineClock _clock;
    private readonly SimulatedEngine _engine;

    public EngineTests()
    {
        _clock = new EngineClock(_time);
        _engine = new SimulatedEngine(
            Llama, new BatchLimits(256, 8192, 400_000, 1000), Full, TimeSpan.FromSeconds(2), _clock, new ServerMetrics("m"));
        _engine.Start();
    }

    [Fact]
    public async Task It_is_ready_when_the_weights_are_loaded_and_not_before()
    {
        await AdvanceAsync(1.9);
        _engine.Ready.ShouldBeFalse();
        await AdvanceAsync(0.2);
        await UntilAsync(() => _engine.Ready);
    }

    [Fact]
    public async Task A_fixed_batch_runs_at_the_measured_speed_and_energy()
    {
        await LoadAsync();
        var before = _engine.Power.Joules;
        var start = _clock.Now;
        const int batch = 64, tokens = 400;
        var sequences = Enumerable.Range(0, batch).Select(_ => _engine.Submit(1, tokens, FinishReason.Length)!).ToList();
        await UntilAsync(() => _engine.Load == (0, 0), advance: 0.005);
        var seconds = sequences.Max(s => s.FirstToken) - start + ((tokens - 1) * Llama.DecodeStep(batch, Full).Seconds);

        // ML.ENERGY: 11.50 ms and 610 W at a batch of 63.9. The fit is within 2.4 % of both.
        Llama.DecodeStep(batch, Full).Seconds.ShouldBe(0.0115, 0.0115 * 0.03);
        var joules = _engine.Power.Joules - before - ((_clock.Now - start - seconds) * Llama.IdleWatts);
        (joules / (batch * tokens)).ShouldBe(610 * 0.0115 / 64, 610 * 0.0115 / 64 * 0.05);
        sequences.ShouldAllBe(s => s.Generated == tokens);
    }

    [Fact]
    public async Task Late_timers_do_not_slow_the_run_down()
    {
        await LoadAsync();
        var sequence = _engine.Submit(1, 1000, FinishReason.Length)!;
        var start = _clock.Now;
        // The clock jumps 37 ms at a time, so every wake-up is up to five steps late.
        await UntilAsync(() => sequence.Left, advance: 0.037);
        var expected = (999 * Llama.DecodeStep(1, Full).Seconds) + Llama.Step(1, 1, Full).Seconds;
        (_clock.Now - start).ShouldBe(expected, 0.1);
    }

    [Fact]
    public async Task Idle_time_costs_idle_watts()
    {
        await LoadAsync();
        var before = _engine.Power.Joules;
        await AdvanceAsync(100);
        (_engine.Power.Joules - before).ShouldBe(100 * Llama.IdleWatts, 0.01);
    }

    [Fact]
    public async Task A_lower_clock_slows_decoding_and_saves_energy()
    {
        await LoadAsync();
        _engine.Setting = new PowerSetting(990, 700);
        var sequence = _engine.Submit(1, 200, FinishReason.Length)!;
        var start = _clock.Now;
        await UntilAsync(() => sequence.Left, advance: 0.005);
        (_clock.Now - start).ShouldBe(200 * Llama.DecodeStep(1, Full).Seconds * 1.06, 0.02);
    }

    [Fact]
    public async Task An_abort_frees_the_slot_at_once_in_the_middle_of_a_step()
    {
        await LoadAsync();
        var running = _engine.Submit(1, 1000, FinishReason.Length)!;
        await UntilAsync(() => running.Generated > 3, advance: 0.005);
        _engine.Abort(running);
        _engine.Load.ShouldBe((0, 0));
        running.Progress.Outcome.ShouldBe(FinishReason.Abort);
        await running.WaitAsync(int.MaxValue);
    }

    [Fact]
    public async Task Stopping_ends_what_is_under_way()
    {
        await LoadAsync();
        var running = _engine.Submit(1, 1000, FinishReason.Length)!;
        var wait = running.WaitAsync(999);
        await _engine.DisposeAsync();
        await wait;
        running.Progress.Outcome.ShouldBe(FinishReason.Abort);
    }

    public ValueTask DisposeAsync() => _engine.DisposeAsync();

    private async Task LoadAsync()
    {
        await UntilAsync(() => _engine.Ready, advance: 0.1);
    }

    private async Task AdvanceAsync(double seconds)
    {
        await Task.Delay(20);
        _time.Advance(TimeSpan.FromSeconds(seconds));
    }

    // The loop runs on the pool; each turn lets it arm its timer before the clock moves again.
    private async Task UntilAsync(Func<bool> reached, double advance = 0)
    {
        for (var turn = 0; turn < 100_000; turn++)
        {
            if (reached())
                return;
            if (advance > 0)
                _time.Advance(TimeSpan.FromSeconds(advance));
            for (var i = 0; i < 20; i++)
                await Task.Yield();
        }
        throw new InvalidOperationException("It never happened.");
    }
}
