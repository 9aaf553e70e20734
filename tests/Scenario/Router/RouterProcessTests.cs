using System.Net;
using System.Text.Json.Nodes;
using Ops.Api;
using Ops.Testing;

namespace Ops.RouterScenario;

/// <summary>The router as a process between a cluster and engines that are processes: stop, change, start from zero.</summary>
public sealed class RouterProcessTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SIGTERM_cuts_no_stream()
    {
        await using var fleet = await ScenarioFleet.StartAsync(Cancellation);
        var server = await fleet.StartServerAsync("127.0.0.1", FreePort.Any(), Cancellation);
        await fleet.ServeAsync(new ModelRouteSpec(), Cancellation, server);
        using var client = new Client(fleet.Router);
        var streams = new List<(HttpResponseMessage Response, StreamReader Reader)>();
        for (var i = 0; i < 20; i++)
        {
            var response = await client.ChatAsync(300, stream: true, Cancellation);
            var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancellation));
            (await reader.ReadLineAsync(Cancellation))!.ShouldStartWith("data: ");
            streams.Add((response, reader));
        }

        await fleet.Router.Router.SignalAsync("TERM");

        var ends = await Task.WhenAll(streams.Select(async s => await s.Reader.ReadToEndAsync(Cancellation)));
        ends.ShouldAllBe(text => text.EndsWith("data: [DONE]\n\n"));
        streams.ForEach(s => s.Response.Dispose());
        await fleet.Router.Router.WaitForExitAsync(Cancellation);
        // Requests in the time between the signal and the last stream's end were accepted or refused, never lost; now nobody listens.
        await Should.ThrowAsync<HttpRequestException>(() => client.ChatAsync(1, stream: false, Cancellation));
    }

    [Fact]
    public async Task A_thousand_changes_of_routes_and_endpoints_fail_no_request()
    {
        const int Changes = 1_000;
        await using var fleet = await ScenarioFleet.StartAsync(Cancellation);
        var port = FreePort.Any();
        var a = await fleet.StartServerAsync("127.0.0.1", port, Cancellation);
        var b = await fleet.StartServerAsync("127.0.0.2", port, Cancellation);
        await fleet.ServeAsync(new ModelRouteSpec(), Cancellation, a, b);
        using var stop = new CancellationTokenSource();
        var load = Enumerable.Range(0, 8).Select(i => Task.Run(() => AskUntilAsync(fleet, stream: i % 2 == 0, stop.Token))).ToList();

        IPEndPoint[][] sets = [[a], [b], [a, b]];
        for (var i = 0; i < Changes; i++)
        {
            if (i % 2 == 0)
                fleet.Router.SetEndpoints("pool", sets[i / 2 % 3]);
            else
                fleet.Router.Local.Patch<ModelRoute>("default", "chat", new JsonObject { ["spec"] = new JsonObject { ["objective"] = new JsonObject { ["timeToFirstToken"] = $"{1 + (i % 7)}s" } } });
            await Task.Delay(5, Cancellation);
        }

        await stop.CancelAsync();
        var statuses = (await Task.WhenAll(load)).SelectMany(s => s).ToList();
        statuses.Count.ShouldBeGreaterThan(8);
        statuses.ShouldAllBe(s => s == "answered");
    }

    [Fact]
    public async Task A_pool_at_zero_holds_the_request_until_its_first_replica()
    {
        await using var fleet = await ScenarioFleet.StartAsync(Cancellation);
        await fleet.ServeAsync(new ModelRouteSpec(), Cancellation);
        using var client = new Client(fleet.Router);

        var asked = client.ChatAsync(3, stream: false, Cancellation);
        await Until.TrueAsync(
            async () => await client.MetricAsync("ops_router_held_requests{namespace=\"default\",pool=\"pool\"}", Cancellation) == 1, "the request is not held", Cancellation);
        fleet.Router.SetEndpoints("pool", await fleet.StartServerAsync("127.0.0.1", FreePort.Any(), Cancellation));

        using var response = await asked;
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_pool_that_stays_at_zero_answers_503_with_Retry_After_and_never_404()
    {
        await using var fleet = await ScenarioFleet.StartAsync(Cancellation);
        await fleet.ServeAsync(new ModelRouteSpec { Timeouts = new TimeoutSpec { ReplicaReady = "200ms" } }, Cancellation);
        using var client = new Client(fleet.Router);

        using var response = await client.ChatAsync(3, stream: false, Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        response.Headers.RetryAfter!.Delta!.Value.ShouldBeGreaterThan(TimeSpan.Zero);
    }

    private static async Task<List<string>> AskUntilAsync(ScenarioFleet fleet, bool stream, CancellationToken stop)
    {
        using var client = new Client(fleet.Router);
        var ends = new List<string>();
        while (!stop.IsCancellationRequested)
        {
            using var response = await client.ChatAsync(20, stream, Cancellation);
            var text = await response.Content.ReadAsStringAsync(Cancellation);
            ends.Add(response.StatusCode == HttpStatusCode.OK && (!stream || text.EndsWith("data: [DONE]\n\n", StringComparison.Ordinal)) ? "answered" : $"{response.StatusCode} {text}");
        }

        return ends;
    }
}
