using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using static Ops.Router.Tests.RouterHost;
using static Ops.Router.Tests.TableSource;

namespace Ops.Router.Tests;

public sealed class HedgeTests
{
    private const string Won = "ops_router_hedges_total{route=\"default/chat\",winner=\"second\"}";
    private const string Lost = "ops_router_hedges_total{route=\"default/chat\",winner=\"first\"}";

    private static RouteConfig Hedged(params Upstream[] replicas) => Route(Variant("large", 0.9, replicas)) with { HedgeAfter = TimeSpan.FromMilliseconds(50), Attempts = 1 };

    [Fact]
    public async Task The_replica_that_answers_first_wins_and_the_other_is_cancelled()
    {
        var asked = 0;
        // Whichever hears of it first hangs; the other answers.
        async Task Answer(HttpContext context)
        {
            if (Interlocked.Increment(ref asked) == 1)
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            await Upstream.AnswerAsync(context, "hello");
        }

        await using var a = await Upstream.StartAsync("a", Answer);
        await using var b = await Upstream.StartAsync("b", Answer);
        await using var router = await RouterHost.StartAsync(Hedged(a, b));

        using var response = await router.ChatAsync();

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        var winner = response.Headers.GetValues("x-ops-replica").Single();
        asked.ShouldBe(2);
        (a.Received.Count, b.Received.Count).ShouldBe((1, 1));
        Encoding.UTF8.GetString(a.Received.Single().Body).ShouldBe(Encoding.UTF8.GetString(b.Received.Single().Body));
        await Eventually.TrueAsync(() => a.Active + b.Active == 0, "the loser still computes");
        (await router.MetricAsync(Won) + await router.MetricAsync(Lost)).ShouldBe(1);
        await router.ExpectNothingLeftAsync();
        await router.DisposeAsync();
        router.AccessLog.ShouldContain($"\"replica\":\"{winner}\"");
    }

    [Fact]
    public async Task An_answer_that_is_an_error_does_not_win()
    {
        var asked = 0;
        var go = new TaskCompletionSource();
        async Task Answer(HttpContext context)
        {
            if (Interlocked.Increment(ref asked) == 1)
            {
                await go.Task.WaitAsync(context.RequestAborted);
                await Upstream.AnswerAsync(context, "hello");
                return;
            }

            context.Response.StatusCode = 503;
            context.Response.OnCompleted(() =>
            {
                go.SetResult();
                return Task.CompletedTask;
            });
        }

        await using var a = await Upstream.StartAsync("a", Answer);
        await using var b = await Upstream.StartAsync("b", Answer);
        await using var router = await RouterHost.StartAsync(Hedged(a, b));

        using var response = await router.ChatAsync();

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await router.MetricAsync(Won) + await router.MetricAsync(Lost)).ShouldBe(1);
        await router.ExpectNothingLeftAsync();
    }

    [Fact]
    public async Task A_stream_begins_with_its_first_event_and_not_with_its_head()
    {
        var asked = 0;
        // Whichever hears of it first sends its head at once, as vLLM does, and then no event.
        async Task Answer(HttpContext context)
        {
            if (Interlocked.Increment(ref asked) == 1)
            {
                await Upstream.BeginStreamAsync(context);
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            }

            await Upstream.StreamAsync(context, "one", "two");
        }

        await using var a = await Upstream.StartAsync("a", Answer);
        await using var b = await Upstream.StartAsync("b", Answer);
        await using var router = await RouterHost.StartAsync(Hedged(a, b));

        using var response = await router.StreamAsync();

        var text = await response.Content.ReadAsStringAsync();
        text.ShouldBe($"data: {Upstream.Chunk("one")}\n\ndata: {Upstream.Chunk("two")}\n\ndata: [DONE]\n\n");
        (await router.MetricAsync(Won) + await router.MetricAsync(Lost)).ShouldBe(1);
        await Eventually.TrueAsync(() => a.Active + b.Active == 0, "the loser still computes");
        await router.ExpectNothingLeftAsync();
    }

    [Fact]
    public async Task A_stream_that_has_begun_is_not_hedged()
    {
        var (asked, go) = (0, new TaskCompletionSource());
        async Task Answer(HttpContext context)
        {
            if (context.Request.Path == "/v1/completions")
            {
                await Upstream.BeginStreamAsync(context);
                await Upstream.SendEventAsync(context, Upstream.Chunk("one"));
                await go.Task.WaitAsync(context.RequestAborted);
                await Upstream.SendEventAsync(context, "[DONE]");
                return;
            }

            if (Interlocked.Increment(ref asked) == 1)
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            await Upstream.AnswerAsync(context, "hello");
        }

        await using var a = await Upstream.StartAsync("a", Answer);
        await using var b = await Upstream.StartAsync("b", Answer);
        await using var router = await RouterHost.StartAsync(Hedged(a, b) with { HedgeAfter = TimeSpan.FromSeconds(1) });
        using var stream = await router.PostAsync("/v1/completions", """{"model":"chat","stream":true,"prompt":"Hello"}""", readAll: false);
        // A second one only where the beginning took a second.
        var sent = a.Received.Count + b.Received.Count;

        // This one is hedged, so a second has passed since the stream began.
        (await router.ChatAsync()).StatusCode.ShouldBe(HttpStatusCode.OK);

        (a.Received.Count + b.Received.Count).ShouldBe(sent + 2);
        go.SetResult();
        (await stream.Content.ReadAsStringAsync()).ShouldEndWith("data: [DONE]\n\n");
        await router.ExpectNothingLeftAsync();
    }

    [Fact]
    public async Task A_client_that_leaves_cancels_both()
    {
        await using var a = await Upstream.StartAsync("a", context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        await using var b = await Upstream.StartAsync("b", a.OnRequest);
        await using var router = await RouterHost.StartAsync(Hedged(a, b));
        using var leave = new CancellationTokenSource();
        using var content = new StringContent("""{"model":"chat"}""");
        var request = router.Client.PostAsync(new Uri("/v1/chat/completions", UriKind.Relative), content, leave.Token);
        await Eventually.TrueAsync(() => a.Active + b.Active == 2, "the request was not hedged");

        await leave.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => request);
        await Eventually.TrueAsync(() => a.Active + b.Active == 0, "an engine is still busy");
        await router.ExpectNothingLeftAsync();
    }

    [Fact]
    public async Task A_full_pool_has_no_second()
    {
        var go = new TaskCompletionSource();
        async Task Answer(HttpContext context)
        {
            if (context.Request.Path != "/v1/completions")
            {
                await SlowlyAsync(context);
                return;
            }

            await Upstream.BeginStreamAsync(context);
            await Upstream.SendEventAsync(context, Upstream.Chunk("one"));
            await go.Task.WaitAsync(context.RequestAborted);
            await Upstream.SendEventAsync(context, "[DONE]");
        }

        await using var a = await Upstream.StartAsync("a", Answer);
        await using var b = await Upstream.StartAsync("b", Answer);
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, a, b) with { MaxSequences = 1 }) with { HedgeAfter = TimeSpan.FromMilliseconds(50), Attempts = 1 });
        using var stream = await router.PostAsync("/v1/completions", """{"model":"chat","stream":true,"prompt":"Hello"}""", readAll: false);
        var gate = router.Fleet.Current.Routes[0].Gate;
        await Eventually.TrueAsync(() => (gate.Room, gate.InFlight) == (2, 1), "the gate knows no bound");
        var sent = a.Received.Count + b.Received.Count;

        (await router.ChatAsync()).StatusCode.ShouldBe(HttpStatusCode.OK);

        (a.Received.Count + b.Received.Count).ShouldBe(sent + 1);
        go.SetResult();
        (await stream.Content.ReadAsStringAsync()).ShouldEndWith("data: [DONE]\n\n");
        await router.ExpectNothingLeftAsync();
        await Eventually.TrueAsync(() => gate.InFlight == 0, "a place at the gate is still taken");
    }

    [Fact]
    public async Task A_pool_of_one_has_no_second()
    {
        await using var a = await Upstream.StartAsync("a", SlowlyAsync);
        await using var router = await RouterHost.StartAsync(Hedged(a));

        (await router.ChatAsync()).StatusCode.ShouldBe(HttpStatusCode.OK);
        a.Received.Count.ShouldBe(1);
        await router.ExpectNothingLeftAsync();
    }

    [Fact]
    public async Task It_counts_as_a_retry_and_a_spent_budget_has_none()
    {
        await using var a = await Upstream.StartAsync("a", SlowlyAsync);
        await using var b = await Upstream.StartAsync("b", SlowlyAsync);
        await using var router = await RouterHost.StartAsync(Hedged(a, b) with { RetryPercent = 0 });
        var now = router.App.Services.GetRequiredService<TimeProvider>().NowMs();
        var spent = Enumerable.Range(0, RetryBudget.FreePerWindow).Count(_ => router.Fleet.Current.Routes[0].Memory.Retries.TrySpend(now, 0));
        spent.ShouldBe(RetryBudget.FreePerWindow);

        (await router.ChatAsync()).StatusCode.ShouldBe(HttpStatusCode.OK);
        (a.Received.Count + b.Received.Count).ShouldBe(1);
        (await router.MetricAsync("ops_router_retries_denied_total{route=\"default/chat\"}")).ShouldBe(1);
        await router.ExpectNothingLeftAsync();
    }

    private static async Task SlowlyAsync(HttpContext context)
    {
        await Task.Delay(300, context.RequestAborted);
        await Upstream.AnswerAsync(context, "hello");
    }
}
