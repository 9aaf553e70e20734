using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using static Ops.Router.Tests.RouterHost;
using static Ops.Router.Tests.TableSource;

namespace Ops.Router.Tests;

public sealed class FailureTests
{
    private static Task Hang(Microsoft.AspNetCore.Http.HttpContext context) => Task.Delay(Timeout.Infinite, context.RequestAborted);

    private static Task Die(Microsoft.AspNetCore.Http.HttpContext context)
    {
        context.Abort();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task A_client_that_leaves_mid_stream_cancels_the_engine()
    {
        var cancelled = new TaskCompletionSource();
        await using var upstream = await Upstream.StartAsync(onRequest: async context =>
        {
            await Upstream.BeginStreamAsync(context);
            await Upstream.SendEventAsync(context, Upstream.Chunk("one"));
            context.RequestAborted.Register(cancelled.SetResult);
            await Hang(context);
        });
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream)));

        using (var response = await router.StreamAsync())
            await response.Content.ReadAsStream().ReadExactlyAsync(new byte[5]);

        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(20));
        await router.ExpectNothingLeftAsync();
        await Eventually.TrueAsync(() => upstream.Active == 0, "the engine is still busy");
        await Eventually.TrueAsync(async () => await router.MetricAsync("""ops_router_requests_total{route="default/chat",variant="large",outcome="cancelled"}""") == 1, "the request does not count as cancelled");
    }

    [Fact]
    public async Task A_client_that_leaves_before_the_first_byte_cancels_the_engine()
    {
        await using var upstream = await Upstream.StartAsync(onRequest: Hang);
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream)));
        using var leave = new CancellationTokenSource();
        using var content = new StringContent("""{"model":"chat"}""");

        var request = router.Client.PostAsync(new Uri("/v1/chat/completions", UriKind.Relative), content, leave.Token);
        await Eventually.TrueAsync(() => upstream.Active == 1, "the engine got no request");
        await leave.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => request);
        await Eventually.TrueAsync(() => upstream.Active == 0, "the engine is still busy");
        await router.ExpectNothingLeftAsync();
        (await router.MetricAsync("""ops_router_requests_total{route="default/chat",variant="large",outcome="cancelled"}""")).ShouldBe(1);
    }

    [Fact]
    public async Task A_replica_that_dies_before_the_first_byte_is_replaced_by_another_and_avoided()
    {
        await using var dying = await Upstream.StartAsync("dying", Die);
        await using var healthy = await Upstream.StartAsync("healthy");
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, dying, healthy)));

        for (var i = 0; i < 40; i++)
        {
            using var response = await router.ChatAsync();
            response.StatusCode.ShouldBe(HttpStatusCode.OK);
            response.Headers.GetValues("x-ops-replica").ShouldBe(["healthy"]);
        }

        // Without the avoidance every second request would try it first: it always has the fewer requests in flight.
        dying.Received.Count.ShouldBeInRange(1, 10);
        (await router.MetricAsync("""ops_router_attempt_failures_total{route="default/chat",variant="large",failure="reset"}""")).ShouldBe(dying.Received.Count);
        await router.ExpectNothingLeftAsync();
    }

    [Fact]
    public async Task A_replica_that_dies_after_its_headers_but_before_the_first_byte_is_replaced_too()
    {
        await using var dying = await Upstream.StartAsync("dying", async context =>
        {
            await Upstream.BeginStreamAsync(context);
            context.Abort();
        });
        await using var healthy = await Upstream.StartAsync("healthy", context => Upstream.StreamAsync(context, "a"));
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, dying), Variant("small", 0.5, healthy)));

        using var response = await router.StreamAsync();

        (await response.Content.ReadAsStringAsync()).ShouldBe($"data: {Upstream.Chunk("a")}\n\ndata: [DONE]\n\n");
        response.Headers.GetValues("x-ops-variant").ShouldBe(["small"]);
        dying.Received.Count.ShouldBe(1);
        await router.ExpectNothingLeftAsync();
    }

    [Fact]
    public async Task The_next_best_variant_answers_when_every_replica_of_the_best_refuses_connections()
    {
        var gone = await Upstream.StartAsync("gone");
        var address = gone.Address;
        await gone.DisposeAsync();
        await using var small = await Upstream.StartAsync("small");
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, address), Variant("small", 0.5, small)));

        using var response = await router.ChatAsync();

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Headers.GetValues("x-ops-variant").ShouldBe(["small"]);
        System.Text.Encoding.UTF8.GetString(small.Received.Single().Body).ShouldContain("\"vendor/small\"");
    }

    [Fact]
    public async Task Attempts_end_at_the_routes_limit()
    {
        await using var a = await Upstream.StartAsync("a", Die);
        await using var b = await Upstream.StartAsync("b", Die);
        await using var c = await Upstream.StartAsync("c", Die);
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, a, b, c)) with { Attempts = 2 });

        using var response = await router.ChatAsync();

        await ExpectErrorAsync(response, HttpStatusCode.BadGateway, "upstream_reset");
        (a.Received.Count + b.Received.Count + c.Received.Count).ShouldBe(2);
        await router.ExpectNothingLeftAsync();
        (await router.MetricAsync("""ops_router_requests_total{route="default/chat",variant="large",outcome="failed"}""")).ShouldBe(1);
    }

    [Theory]
    [InlineData("")]
    [InlineData("data: {\"cho")]
    public async Task A_replica_that_dies_mid_stream_ends_the_stream_with_an_error_event(string rest)
    {
        await using var upstream = await Upstream.StartAsync(onRequest: async context =>
        {
            await Upstream.BeginStreamAsync(context);
            await Upstream.SendAsync(context, $"data: {Upstream.Chunk("one")}\n\n{rest}");
            await Task.Delay(50);
            context.Abort();
        });
        await using var other = await Upstream.StartAsync("other");
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream), Variant("small", 0.5, other)));

        using var response = await router.StreamAsync();
        var text = await response.Content.ReadAsStringAsync();

        ExpectErrorEvent(text, "upstream_died");
        text.ShouldStartWith($"data: {Upstream.Chunk("one")}\n\n{rest}");
        // The first byte was sent: nobody else may be asked.
        other.Received.ShouldBeEmpty();
        await router.ExpectNothingLeftAsync();
        (await router.MetricAsync("""ops_router_requests_total{route="default/chat",variant="large",outcome="failed"}""")).ShouldBe(1);
    }

    [Fact]
    public async Task A_stream_that_ends_properly_but_without_DONE_is_an_error_too()
    {
        await using var upstream = await Upstream.StartAsync(onRequest: async context =>
        {
            await Upstream.BeginStreamAsync(context);
            await Upstream.SendEventAsync(context, Upstream.Chunk("one"));
        });
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream)));

        ExpectErrorEvent(await (await router.StreamAsync()).Content.ReadAsStringAsync(), "upstream_died");
        await router.ExpectNothingLeftAsync();
    }

    [Fact]
    public async Task A_replica_that_dies_in_the_middle_of_a_plain_answer_breaks_the_clients_connection()
    {
        await using var upstream = await Upstream.StartAsync(onRequest: async context =>
        {
            context.Response.ContentType = "application/json";
            context.Response.ContentLength = 1_000;
            await Upstream.SendAsync(context, "{\"id\":");
            await Task.Delay(50);
            context.Abort();
        });
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream)));

        await Should.ThrowAsync<HttpRequestException>(() => router.ChatAsync());
        await router.ExpectNothingLeftAsync();
        upstream.Received.Count.ShouldBe(1);
    }

    [Fact]
    public async Task An_overloaded_replica_is_replaced_by_another()
    {
        await using var busy = await Upstream.StartAsync("busy", context =>
        {
            context.Response.StatusCode = 503;
            return Upstream.SendAsync(context, "overloaded");
        });
        await using var free = await Upstream.StartAsync("free");
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, busy), Variant("small", 0.5, free)));

        using var response = await router.ChatAsync();
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Headers.GetValues("x-ops-replica").ShouldBe(["free"]);

        free.OnRequest = busy.OnRequest;
        using var second = await router.ChatAsync();
        await ExpectErrorAsync(second, HttpStatusCode.ServiceUnavailable, "upstream_overloaded");
        second.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(1));
        await router.ExpectNothingLeftAsync();
    }

    [Fact]
    public async Task A_crash_of_the_engine_on_a_request_is_not_repeated_elsewhere()
    {
        await using var upstream = await Upstream.StartAsync("crashing", context =>
        {
            context.Response.StatusCode = 500;
            return Upstream.SendAsync(context, "stack trace with secrets");
        });
        await using var other = await Upstream.StartAsync("other");
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream), Variant("small", 0.5, other)));

        using var response = await router.ChatAsync();

        var error = await ExpectErrorAsync(response, HttpStatusCode.BadGateway, "upstream_error");
        error["message"]!.GetValue<string>().ShouldNotContain("secrets");
        other.Received.ShouldBeEmpty();
    }

    [Fact]
    public async Task Retries_end_with_their_budget()
    {
        await using var a = await Upstream.StartAsync("a", Busy);
        await using var b = await Upstream.StartAsync("b", Busy);
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, a, b)) with { RetryPercent = 0 });

        for (var i = 0; i < RetryBudget.FreePerWindow + 20; i++)
            await ExpectErrorAsync(await router.ChatAsync(), HttpStatusCode.ServiceUnavailable, "upstream_overloaded");

        (a.Received.Count + b.Received.Count).ShouldBeInRange(RetryBudget.FreePerWindow + 20 + 1, (2 * RetryBudget.FreePerWindow) + 40);
        (await router.MetricAsync("ops_router_retries_denied_total{route=\"default/chat\"}")).ShouldBeGreaterThan(0);

        static Task Busy(Microsoft.AspNetCore.Http.HttpContext context)
        {
            context.Response.StatusCode = 503;
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task An_idle_replica_that_dies_is_found_before_any_request_meets_it()
    {
        await using var healthy = await Upstream.StartAsync("healthy");
        var dead = await Upstream.StartAsync("dead");
        await using var router = await RouterHost.StartAsync(
            Route(Variant("large", 0.9, healthy.Address, dead.Address)), "--Router:ScrapeInterval=00:00:00.1", "--Router:HealthInterval=00:00:00.1");
        await dead.DisposeAsync();

        await Eventually.TrueAsync(async () => await router.MetricAsync("ops_router_ejections_total{namespace=\"default\",pool=\"large\",reason=\"health\"}") == 1, "the dead replica was not found");
        for (var i = 0; i < 20; i++)
            (await router.ChatAsync()).Headers.GetValues("x-ops-replica").ShouldBe(["healthy"]);
        (await router.MetricAsync("ops_router_attempt_failures_total{route=\"default/chat\",variant=\"large\",failure=\"connect\"}")).ShouldBe(0);
    }

    [Fact]
    public async Task A_replica_that_answers_its_health_but_no_metrics_is_not_ejected()
    {
        await using var upstream = await Upstream.StartAsync("plain");
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream)), "--Router:ScrapeInterval=00:00:00.05", "--Router:HealthInterval=00:00:00.05");
        await Eventually.TrueAsync(() => upstream.HealthQuestions >= 5, "nobody asked after its health");

        (await router.MetricsAsync()).ShouldNotContain("ops_router_ejections_total{");
    }

    internal static void ExpectErrorEvent(string text, string code)
    {
        text.ShouldNotContain("[DONE]");
        text.ShouldEndWith("\n\n");
        var last = text[..^2].Split("\n\n")[^1];
        last.ShouldStartWith("data: ");
        var error = JsonNode.Parse(last["data: ".Length..])!["error"]!;
        error["code"]!.GetValue<string>().ShouldBe(code);
        error["type"]!.GetValue<string>().ShouldBe("server_error");
    }
}
