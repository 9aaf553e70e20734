using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Ops.Traces;

namespace Ops.Load.Tests;

public sealed class ReplayTests : IAsyncLifetime
{
    private readonly ConcurrentQueue<(JsonElement Body, string? Key, string? Task)> _seen = new();
    private readonly TaskCompletionSource _release = new();
    private readonly WebApplication _app;
    private Uri _address = new("http://127.0.0.1");
    private Func<HttpContext, Task> _answer;

    public ReplayTests()
    {
        _answer = context => StreamAsync(context, tokens: 1);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.Run(HandleAsync);
    }

    public async ValueTask InitializeAsync()
    {
        await _app.StartAsync();
        _address = new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
    }

    [Fact]
    public async Task A_prompt_has_exactly_the_tokens_of_the_trace_and_its_blocks_are_shared_text()
    {
        TraceRequest[] requests =
        [
            new(TimeSpan.Zero, 1, 1), new(TimeSpan.Zero, 700, 1), new(TimeSpan.Zero, 700, 1),
            new(TimeSpan.Zero, 1500, 1) { PrefixBlocks = [5, 6, 7] }, new(TimeSpan.Zero, 1100, 1) { PrefixBlocks = [5, 6, 9] },
        ];
        var report = await RunAsync([.. requests]);

        report.Answered.ShouldBe(5);
        var prompts = _seen.Select(s => s.Body.GetProperty("messages")[0].GetProperty("content").GetString()!).ToList();
        prompts.Select(p => p.Length / 4).Order().ShouldBe([1, 700, 700, 1100, 1500]);
        prompts.ShouldAllBe(p => p.Length % 4 == 0);
        var unique = prompts.Where(p => p.Length == 2800).ToList();
        unique[0][..64].ShouldNotBe(unique[1][..64]);
        var longer = prompts.Single(p => p.Length == 6000);
        var shorter = prompts.Single(p => p.Length == 4400);
        shorter[..4096].ShouldBe(longer[..4096]);
        shorter[4096..].ShouldNotBe(longer[4096..4400]);
    }

    [Fact]
    public async Task Runs_with_different_salts_share_no_block()
    {
        TraceRequest[] requests = [new(TimeSpan.Zero, 1100, 1), new(TimeSpan.Zero, 1500, 1) { PrefixBlocks = [5, 6, 7] }];
        foreach (var salt in (ulong[])[1, 1, 2])
            await RunAsync(requests, options => options with { PromptSalt = salt });

        // The beginnings of three runs of two prompts; the first two runs have the same ones.
        _seen.Select(s => s.Body.GetProperty("messages")[0].GetProperty("content").GetString()![..2048]).Distinct().Count().ShouldBe(4);
    }

    [Fact]
    public async Task A_request_says_who_sends_what_and_how_long_the_answer_shall_be()
    {
        _answer = context => StreamAsync(context, tokens: 3);
        var report = await RunAsync([new(TimeSpan.Zero, 4, 3)], o => o with { ApiKey = "secret", Task = "code", Model = "chat" });

        var (body, key, task) = _seen.Single();
        (key, task).ShouldBe(("Bearer secret", "code"));
        body.GetProperty("model").GetString().ShouldBe("chat");
        body.GetProperty("max_tokens").GetInt32().ShouldBe(3);
        body.GetProperty("ignore_eos").GetBoolean().ShouldBeTrue();
        body.GetProperty("stream").GetBoolean().ShouldBeTrue();
        body.GetProperty("stream_options").GetProperty("include_usage").GetBoolean().ShouldBeTrue();
        report.Variants.Single().Variant.ShouldBe("small");
        report.TimePerOutputToken.Count.ShouldBe(1);
    }

    [Fact]
    public async Task It_never_waits_for_answers()
    {
        // No answer comes before all 50 have been sent, which a closed loop would never do.
        _answer = async context =>
        {
            if (_seen.Count == 50)
                _release.TrySetResult();
            await _release.Task;
            await StreamAsync(context, 1);
        };
        var report = await RunAsync([.. Enumerable.Range(0, 50).Select(i => new TraceRequest(TimeSpan.FromMilliseconds(i), 1, 1))]);
        report.Answered.ShouldBe(50);
    }

    [Fact]
    public async Task Above_the_bound_of_concurrency_arrivals_are_dropped_and_counted()
    {
        _answer = async context =>
        {
            await _release.Task;
            await StreamAsync(context, 1);
        };
        var run = RunAsync([.. Enumerable.Range(0, 10).Select(_ => new TraceRequest(TimeSpan.Zero, 1, 1))], o => o with { MaxConcurrent = 4 });
        while (_seen.Count < 4)
            await Task.Delay(5);
        _release.SetResult();
        var report = await run;
        report.Sent.ShouldBeGreaterThanOrEqualTo(4);
        (report.Sent + report.Dropped).ShouldBe(10);
        report.Dropped.ShouldBeGreaterThan(0);
        report.Answered.ShouldBe(report.Sent);
    }

    [Fact]
    public async Task Only_the_span_asked_for_is_sent_at_the_speed_asked_for()
    {
        var report = await RunAsync(
            [.. Enumerable.Range(0, 100).Select(i => new TraceRequest(TimeSpan.FromSeconds(i), 1, 1))],
            o => o with { Speedup = 100, For = TimeSpan.FromMilliseconds(205) });
        report.Sent.ShouldBe(21); // 0 to 20 s of the trace.
    }

    [Theory]
    [InlineData("429 retry", 1, 0)]
    [InlineData("503 retry", 1, 0)]
    [InlineData("429", 0, 1)]
    [InlineData("500 retry", 0, 1)]
    [InlineData("cut", 0, 1)]
    [InlineData("no end", 0, 1)]
    [InlineData("short", 0, 1)]
    [InlineData("error event", 0, 1)]
    [InlineData("not http", 0, 1)]
    public async Task Only_a_refusal_that_says_when_to_come_back_is_a_rejection(string behaviour, int rejected, int failed)
    {
        _answer = context => MisbehaveAsync(context, behaviour);
        var report = await RunAsync([new(TimeSpan.Zero, 4, 3)]);
        (report.Answered, report.Rejected, report.Failed).ShouldBe((0, rejected, failed));
        report.Problems.Single().Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_server_that_is_not_there_fails_every_request_and_ends()
    {
        await _app.StopAsync();
        var report = await RunAsync([new(TimeSpan.Zero, 1, 1), new(TimeSpan.Zero, 1, 1)]);
        report.Failed.ShouldBe(2);
        report.Joules.ShouldBeNull();
    }

    [Fact]
    public async Task A_request_without_an_end_fails_after_its_time()
    {
        _answer = context => Task.Delay(Timeout.Infinite, context.RequestAborted);
        var report = await RunAsync([new(TimeSpan.Zero, 1, 1)], o => o with { RequestTimeout = TimeSpan.FromMilliseconds(200) });
        report.Failed.ShouldBe(1);
        report.Problems.Single().Message.ShouldContain("no end after 0.2 s");
    }

    [Fact]
    public async Task Joules_are_the_difference_of_the_routers_counter()
    {
        var report = await RunAsync([new(TimeSpan.Zero, 1, 1), new(TimeSpan.Zero, 1, 1)]);
        report.Joules.ShouldBe(200); // The counter below moves by 100 an answer.
        report.JoulesPerRequest.ShouldBe(100);
    }

    [Fact]
    public async Task An_option_out_of_range_sends_nothing()
    {
        await Should.ThrowAsync<ArgumentException>(() => RunAsync([new(TimeSpan.Zero, 1, 1)], o => o with { Speedup = 0 }));
        await Should.ThrowAsync<ArgumentException>(() => RunAsync([new(TimeSpan.Zero, 1, 1)], o => o with { MaxConcurrent = 0 }));
        await Should.ThrowAsync<ArgumentException>(() => RunAsync([]));
        _seen.ShouldBeEmpty();
    }

    public async ValueTask DisposeAsync()
    {
        _release.TrySetResult();
        await _app.DisposeAsync();
    }

    private Task<LoadReport> RunAsync(TraceRequest[] requests, Func<LoadOptions, LoadOptions>? change = null)
    {
        var options = new LoadOptions { Target = _address, Trace = new Trace("t", [.. requests]), EnergySettle = TimeSpan.Zero };
        return LoadRun.RunAsync(change?.Invoke(options) ?? options, null, TestContext.Current.CancellationToken);
    }

    private async Task HandleAsync(HttpContext context)
    {
        if (context.Request.Path == "/metrics")
        {
            await context.Response.WriteAsync($"ops_router_pool_energy_joules_total{{pool=\"a\"}} {500 + (100 * _seen.Count)}\n");
            return;
        }
        context.Request.Path.Value.ShouldBe("/v1/chat/completions");
        var body = await JsonSerializer.DeserializeAsync<JsonElement>(context.Request.Body);
        _seen.Enqueue((body, context.Request.Headers.Authorization, context.Request.Headers["x-ops-task"]));
        await _answer(context);
    }

    private static async Task StreamAsync(HttpContext context, int tokens)
    {
        context.Response.Headers["x-ops-variant"] = "small";
        await SendAsync(context, tokens);
        await context.Response.WriteAsync(
            "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":" + tokens + "}}\n\ndata: [DONE]\n\n");
    }

    private static async Task SendAsync(HttpContext context, int tokens)
    {
        for (var i = 0; i < tokens; i++)
        {
            await context.Response.WriteAsync("data: {\"choices\":[{\"delta\":{\"content\":\"air \"}}]}\n\n");
            await context.Response.Body.FlushAsync();
        }
    }

    private static async Task MisbehaveAsync(HttpContext context, string behaviour)
    {
        if (char.IsAsciiDigit(behaviour[0]))
        {
            context.Response.StatusCode = int.Parse(behaviour[..3]);
            if (behaviour.EndsWith("retry", StringComparison.Ordinal))
                context.Response.Headers.RetryAfter = "1";
            await context.Response.WriteAsync("{\"error\":{\"message\":\"no\"}}");
            return;
        }
        switch (behaviour)
        {
            case "short":
                await StreamAsync(context, 2);
                break;
            case "no end":
                await SendAsync(context, 3);
                break;
            case "cut":
                await SendAsync(context, 2);
                context.Abort();
                break;
            case "error event":
                await SendAsync(context, 1);
                await context.Response.WriteAsync("data: {\"error\":{\"message\":\"gone\"}}\n\n");
                break;
            default:
                context.Abort();
                break;
        }
    }
}
