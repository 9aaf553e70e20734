using System.Net;
using static Ops.Router.Tests.RouterHost;
using static Ops.Router.Tests.TableSource;

namespace Ops.Router.Tests;

/// <summary>Requests for a pool at zero.</summary>
public sealed class HoldingTests
{
    private const string Gauge = """ops_router_held_requests{namespace="default",pool="large"}""";

    private static readonly UpstreamTimeouts Patient = UpstreamTimeouts.Default with { ReplicaReady = TimeSpan.FromMinutes(1) };
    private static readonly UpstreamTimeouts Impatient = UpstreamTimeouts.Default with { ReplicaReady = TimeSpan.FromMilliseconds(200) };

    private static RouteConfig AtZero(UpstreamTimeouts timeouts) => Route(Variant("small", 0.5, Array.Empty<ReplicaAddress>()), Variant("large", 0.9, Array.Empty<ReplicaAddress>())) with { Timeouts = timeouts };

    [Fact]
    public async Task A_request_waits_for_the_first_replica_and_the_gauge_names_the_pool()
    {
        await using var upstream = await Upstream.StartAsync();
        await using var router = await RouterHost.StartAsync(AtZero(Patient));

        var asked = Enumerable.Range(0, 3).Select(_ => router.ChatAsync()).ToList();
        await Eventually.TrueAsync(async () => await router.MetricAsync(Gauge) == 3, "no request is held");
        // Changes that bring no replica change nothing.
        router.Source.Set(AtZero(Patient));
        upstream.Received.ShouldBeEmpty();
        router.Source.Set(Route(Variant("small", 0.5, Array.Empty<ReplicaAddress>()), Variant("large", 0.9, upstream)) with { Timeouts = Patient });

        foreach (var response in await Task.WhenAll(asked))
            response.StatusCode.ShouldBe(HttpStatusCode.OK);
        upstream.Received.Count.ShouldBe(3);
        (await router.MetricsAsync()).ShouldNotContain(Gauge);
        await router.ExpectNothingLeftAsync();
    }

    [Fact]
    public async Task Without_a_replica_in_time_the_answer_is_503_with_Retry_After()
    {
        await using var router = await RouterHost.StartAsync(AtZero(Impatient));

        using var response = await router.ChatAsync();

        await ExpectErrorAsync(response, HttpStatusCode.ServiceUnavailable, "no_replica_ready");
        response.Headers.RetryAfter!.Delta!.Value.ShouldBeGreaterThan(TimeSpan.Zero);
        (await router.MetricsAsync()).ShouldNotContain(Gauge);
        await router.ExpectNothingLeftAsync();
    }

    [Fact]
    public async Task Beyond_the_bound_nobody_is_held()
    {
        await using var router = await RouterHost.StartAsync(AtZero(Patient), "--Router:MaxHeld=2");
        using var leave = new CancellationTokenSource();
        var held = Enumerable.Range(0, 2).Select(_ => AskAsync(router, leave.Token)).ToList();
        await Eventually.TrueAsync(async () => await router.MetricAsync(Gauge) == 2, "no request is held");

        using var third = await router.ChatAsync();
        await ExpectErrorAsync(third, HttpStatusCode.ServiceUnavailable, "no_replica_ready");

        await leave.CancelAsync();
        foreach (var request in held)
            await Should.ThrowAsync<OperationCanceledException>(() => request);
        await Eventually.TrueAsync(async () => !(await router.MetricsAsync()).Contains(Gauge, StringComparison.Ordinal), "clients that left are still held");
        await router.ExpectNothingLeftAsync();
    }

    [Fact]
    public async Task Bodies_of_held_requests_leave_room_for_others()
    {
        // A quarter of 4 KB is one request of 700 bytes.
        await using var router = await RouterHost.StartAsync(AtZero(Patient), "--Router:BodyBudgetBytes=4096");
        var body = $$"""{"model":"chat","messages":[{"role":"user","content":"{{new string('x', 650)}}"}]}""";
        var first = router.ChatAsync(body);
        await Eventually.TrueAsync(async () => await router.MetricAsync(Gauge) == 1, "no request is held");

        using var second = await router.ChatAsync(body);
        await ExpectErrorAsync(second, HttpStatusCode.ServiceUnavailable, "no_replica_ready");

        await using var upstream = await Upstream.StartAsync();
        router.Source.Set(Route(Variant("large", 0.9, upstream)));
        (await first).StatusCode.ShouldBe(HttpStatusCode.OK);
        await router.ExpectNothingLeftAsync();
    }

    [Fact]
    public async Task A_route_without_any_pool_is_not_waited_for()
    {
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, Array.Empty<ReplicaAddress>()) with { Exists = false }) with { Timeouts = Patient });

        using var response = await router.ChatAsync();
        await ExpectErrorAsync(response, HttpStatusCode.ServiceUnavailable, "no_replica_ready");
    }

    private static async Task<HttpResponseMessage> AskAsync(RouterHost router, CancellationToken leave)
    {
        using var content = new StringContent("""{"model":"chat"}""");
        return await router.Client.PostAsync(new Uri("/v1/chat/completions", UriKind.Relative), content, leave);
    }
}
