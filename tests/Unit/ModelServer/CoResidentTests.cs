using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Ops.Profiles;
using Ops.Sandbox.ModelServer.Engine;
using Ops.Sandbox.ModelServer.Metrics;

namespace Ops.Sandbox.ModelServer.Tests;

/// <summary>Several models of one process on the same GPUs.</summary>
public class CoResidentTests
{
    private const string Other = "Qwen/Qwen3-14B";

    [Fact]
    public async Task Each_model_answers_on_its_own_port_and_idle_watts_count_once()
    {
        await using var server = await RunningServer.StartAsync(
            "--gpu-memory-utilization", "0.4", "--co-resident", $"--model {Other} --port 0 --load-seconds 0 --gpu-memory-utilization 0.45");
        using var other = new HttpClient { BaseAddress = server.CoResident(0) };
        await RunningServer.UntilAsync(() => other.GetAsync("/health").GetAwaiter().GetResult().IsSuccessStatusCode);

        (await AskAsync(server.Http, RunningServer.Model)).ShouldBe(HttpStatusCode.OK);
        (await AskAsync(other, Other)).ShouldBe(HttpStatusCode.OK);
        (await AskAsync(other, RunningServer.Model)).ShouldBe(HttpStatusCode.NotFound);
        var watts = await Task.WhenAll(WattsAsync(server.Http), WattsAsync(other));
        watts.Sum().ShouldBe(GpuProduct.H100.IdleWatts);
    }

    [Fact]
    public async Task A_step_beside_another_model_takes_twice_as_long_for_the_same_joules()
    {
        var time = new FakeTimeProvider();
        var clock = new EngineClock(time);
        var gpus = new SharedGpus(GpuProduct.H100, 1, 0);
        var (small, large) = (ServingProfiles.Get(RunningServer.Model, GpuProduct.H100.Name, 1), ServingProfiles.Get(Other, GpuProduct.H100.Name, 1));
        await using var one = New(small, clock, gpus, countsIdle: true);
        await using var two = New(large, clock, gpus, countsIdle: false);
        one.Power.Watts.ShouldBe(GpuProduct.H100.IdleWatts);
        one.Start();
        two.Start();
        two.Submit(1, 1000, FinishReason.Length);
        await RunningServer.UntilAsync(() => two.Power.Watts > 0);
        one.Submit(1, 1000, FinishReason.Length);
        // The clock stands still, so these are the first steps of both: alone, and beside the first.
        await RunningServer.UntilAsync(() => one.Power.Watts > 0);
        two.Power.Watts.ShouldBe(large.Step(1, 1, GpuProduct.H100.Default).Watts, 1e-6);
        one.Power.Watts.ShouldBe(small.Step(1, 1, GpuProduct.H100.Default).Watts / 2, 1e-6);
    }

    [Fact]
    public async Task A_clock_and_limit_that_are_set_at_the_host_reach_its_guests()
    {
        await using var server = await RunningServer.StartAsync(
            "--gpu-memory-utilization", "0.4", "--clock-mhz", "1500", "--co-resident", $"--model {Other} --port 0 --load-seconds 0 --gpu-memory-utilization 0.45");
        using var other = new HttpClient { BaseAddress = server.CoResident(0) };
        await ExpectSettingAsync(other, 1500, 700);
        (await server.Http.PutAsync("/simulated/power", RunningServer.Json("""{"clockMHz":990,"powerLimitWatts":400}"""))).StatusCode.ShouldBe(HttpStatusCode.OK);
        await ExpectSettingAsync(server.Http, 990, 400);
        await ExpectSettingAsync(other, 990, 400);
    }

    [Fact]
    public async Task GPUs_draw_sleep_watts_only_while_all_their_models_sleep()
    {
        await using var server = await RunningServer.StartAsync(
            "--enable-sleep-mode", "--sleep-watts", "20", "--gpu-memory-utilization", "0.4",
            "--co-resident", $"--model {Other} --port 0 --load-seconds 0 --gpu-memory-utilization 0.45 --enable-sleep-mode");
        using var other = new HttpClient { BaseAddress = server.CoResident(0) };
        await RunningServer.UntilAsync(() => other.GetAsync("/health").GetAwaiter().GetResult().IsSuccessStatusCode);
        (await other.PostAsync("/sleep", null)).StatusCode.ShouldBe(HttpStatusCode.OK);
        server.Engine.Power.Watts.ShouldBe(GpuProduct.H100.IdleWatts);
        // The guest sleeps while its host serves.
        (await AskAsync(other, Other)).ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await AskAsync(server.Http, RunningServer.Model)).ShouldBe(HttpStatusCode.OK);
        (await server.Http.PostAsync("/sleep?level=1", null)).StatusCode.ShouldBe(HttpStatusCode.OK);
        server.Engine.Power.Watts.ShouldBe(20);
        (await other.PostAsync("/wake_up", null)).StatusCode.ShouldBe(HttpStatusCode.OK);
        server.Engine.Power.Watts.ShouldBe(GpuProduct.H100.IdleWatts);
        (await AskAsync(other, Other)).ShouldBe(HttpStatusCode.OK);
    }

    private static async Task ExpectSettingAsync(HttpClient http, int clock, int limit)
    {
        var power = await http.GetFromJsonAsync<JsonElement>("/simulated/power");
        (power.GetProperty("clockMHz").GetInt32(), power.GetProperty("powerLimitWatts").GetInt32()).ShouldBe((clock, limit));
    }

    private static SimulatedEngine New(ServingProfile profile, EngineClock clock, SharedGpus gpus, bool countsIdle) => new(
        profile, new BatchLimits(256, 8192, 10_000, 1000), TimeSpan.Zero, clock, gpus, 0, countsIdle, new ServerMetrics("m"));

    private static async Task<HttpStatusCode> AskAsync(HttpClient http, string model)
    {
        using var response = await http.PostAsync("/v1/completions", RunningServer.Json($$"""{"model":"{{model}}","prompt":"Hello","max_tokens":1}"""));
        return response.StatusCode;
    }

    // Between two requests: the last step of an answer is over when its client has it, its meter a moment later.
    private static async Task<double> WattsAsync(HttpClient http)
    {
        var watts = double.NaN;
        await RunningServer.UntilAsync(() =>
        {
            watts = http.GetFromJsonAsync<JsonElement>("/simulated/power").GetAwaiter().GetResult().GetProperty("watts").GetDouble();
            return watts is 0 || watts == GpuProduct.H100.IdleWatts;
        });
        return watts;
    }
}
