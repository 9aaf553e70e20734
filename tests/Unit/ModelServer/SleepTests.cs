using System.Net;
using Microsoft.Extensions.Time.Testing;
using Ops.Profiles;
using Ops.Sandbox.ModelServer.Engine;
using Ops.Sandbox.ModelServer.Metrics;

namespace Ops.Sandbox.ModelServer.Tests;

/// <summary>Weights that go to host memory and come back.</summary>
public class SleepTests
{
    private static readonly ServingProfile Llama = ServingProfiles.Get(RunningServer.Model, GpuProduct.H100.Name, 1);

    [Fact]
    public async Task Answers_under_way_end_before_the_weights_go_and_nothing_new_begins()
    {
        var time = new FakeTimeProvider();
        await using var engine = New(time);
        engine.Start();
        var sequence = engine.Submit(1, 50, FinishReason.Length)!;
        var asleep = engine.SleepAsync();
        engine.Submit(1, 1, FinishReason.Length).ShouldBeNull();
        asleep.IsCompleted.ShouldBeFalse();
        await RunningServer.UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromMilliseconds(10));
            return asleep.IsCompleted;
        });
        sequence.Progress.ShouldBe((50, FinishReason.Length));
        engine.Sleep.ShouldBe(SleepState.Asleep);
        engine.Power.Watts.ShouldBe(20);
    }

    [Fact]
    public async Task Waking_takes_as_long_as_the_weights_need_from_host_memory()
    {
        var time = new FakeTimeProvider();
        await using var engine = New(time);
        engine.Start();
        await engine.SleepAsync();
        var joules = engine.Power.Joules;
        time.Advance(TimeSpan.FromSeconds(100));
        (engine.Power.Joules - joules).ShouldBe(2000, 0.01);

        var start = time.GetUtcNow();
        var awake = engine.WakeUpAsync();
        await RunningServer.UntilAsync(() => engine.Power.Watts == GpuProduct.H100.IdleWatts);
        engine.Sleep.ShouldBe(SleepState.Waking);
        engine.Submit(1, 1, FinishReason.Length).ShouldBeNull();
        await RunningServer.UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromMilliseconds(10));
            return awake.IsCompleted;
        });
        (time.GetUtcNow() - start).TotalSeconds.ShouldBeGreaterThanOrEqualTo(Llama.WakeSeconds - 0.001);
        engine.Submit(1, 1, FinishReason.Length).ShouldNotBeNull();
    }

    [Fact]
    public async Task Whoever_is_woken_while_it_drains_never_slept()
    {
        var time = new FakeTimeProvider();
        await using var engine = New(time);
        engine.Start();
        engine.Submit(1, 50, FinishReason.Length).ShouldNotBeNull();
        var asleep = engine.SleepAsync();
        await engine.WakeUpAsync();
        await asleep;
        engine.Sleep.ShouldBe(SleepState.Awake);
        engine.Submit(1, 1, FinishReason.Length).ShouldNotBeNull();
    }

    [Fact]
    public async Task The_pages_and_the_metric_are_vLLMs()
    {
        await using var server = await RunningServer.StartAsync("--enable-sleep-mode");
        (await server.GetAsync("/is_sleeping")).GetProperty("is_sleeping").GetBoolean().ShouldBeFalse();
        await ExpectStateAsync(server, "awake");

        (await server.Http.PostAsync("/sleep", null)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await server.GetAsync("/is_sleeping")).GetProperty("is_sleeping").GetBoolean().ShouldBeTrue();
        await ExpectStateAsync(server, "weights_offloaded");
        (await server.Http.GetAsync("/health")).StatusCode.ShouldBe(HttpStatusCode.OK);
        var (status, error) = await server.RefusedAsync("/v1/completions", $$"""{"model":"{{RunningServer.Model}}","prompt":"Hello","max_tokens":1}""");
        (status, error.GetProperty("code").GetString()).ShouldBe((503, "sleeping"));

        (await server.Http.PostAsync("/wake_up", null)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await server.GetAsync("/is_sleeping")).GetProperty("is_sleeping").GetBoolean().ShouldBeFalse();
        (await server.Http.PostAsync("/wake_up", null)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Without_sleep_mode_there_are_no_such_pages_and_other_levels_are_refused()
    {
        await using var server = await RunningServer.StartAsync();
        (await server.RefusedAsync("/sleep", "")).Status.ShouldBe(404);
        await using var able = await RunningServer.StartAsync("--enable-sleep-mode");
        (await able.RefusedAsync("/sleep?level=2", "")).Status.ShouldBe(400);
        (await able.RefusedAsync("/is_sleeping", "")).Status.ShouldBe(405);
    }

    private static async Task ExpectStateAsync(RunningServer server, string state)
    {
        var page = await server.Http.GetStringAsync("/metrics");
        foreach (var one in (string[])["awake", "weights_offloaded", "discard_all"])
            page.ShouldContain($"simulated=\"true\",sleep_state=\"{one}\"}} {(one == state ? "1.0" : "0.0")}");
    }

    private static SimulatedEngine New(FakeTimeProvider time) => new(
        Llama, new BatchLimits(256, 8192, 400_000, 1000), TimeSpan.Zero, new EngineClock(time), new SharedGpus(GpuProduct.H100, 1, 0, sleepWatts: 20), 0, true, new ServerMetrics("m"));
}
