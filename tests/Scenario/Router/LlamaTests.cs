using System.Net;
using System.Text.Json.Nodes;
using Ops.Api;

namespace Ops.RouterScenario;

/// <summary>A real engine behind the router: llama.cpp with a model of random weights.</summary>
public sealed class LlamaTests
{
    private LlamaServer _engine = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_real_engine_streams_its_tokens_through_the_router()
    {
        await using var fleet = await StartAsync();
        using var client = new Client(fleet.Router);

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            using var response = await client.ChatAsync(16, stream: true, Cancellation);
            response.StatusCode.ShouldBe(HttpStatusCode.OK);
            response.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
            return await response.Content.ReadAsStringAsync(Cancellation);
        }));

        foreach (var events in answers.Select(text => text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries)))
        {
            events[^1].ShouldBe("data: [DONE]");
            var chunks = events[..^1].Select(e => JsonNode.Parse(e["data: ".Length..])!).ToList();
            string.Concat(chunks.Select(c => (string?)c["choices"]?.AsArray().FirstOrDefault()?["delta"]?["content"])).Split(' ', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBeGreaterThan(5);
            ((int)chunks[^1]["usage"]!["completion_tokens"]!).ShouldBe(16);
        }

        const string Tokens = "ops_router_tokens_total{route=\"default/chat\",variant=\"pool\",direction=\"completion\"}";
        await Until.TrueAsync(async () => await client.MetricAsync(Tokens, Cancellation) == 8 * 16, "the tokens were not counted", Cancellation);
        // Its own metrics (llamacpp:...) are read too.
        await Until.TrueAsync(async () => await client.MetricAsync("ops_router_scrapes_total{result=\"ok\"}", Cancellation) > 0, "its metrics were not read", Cancellation);
        (await client.MetricAsync("ops_router_scrapes_total{result=\"failed\"}", Cancellation)).ShouldBe(0);
    }

    [Fact]
    public async Task A_real_engine_answers_whole_and_in_the_shape_of_the_Responses_API()
    {
        await using var fleet = await StartAsync();
        using var client = new Client(fleet.Router);

        using (var whole = await client.ChatAsync(5, stream: false, Cancellation))
            ((int)JsonNode.Parse(await whole.Content.ReadAsStringAsync(Cancellation))!["usage"]!["completion_tokens"]!).ShouldBe(5);
        using var stream = await client.PostAsync("/v1/responses", """{"model":"chat","stream":true,"input":"big dog","max_output_tokens":4}""", Cancellation);
        var text = await stream.Content.ReadAsStringAsync(Cancellation);

        text.ShouldContain("event: response.completed");
        text.ShouldNotContain("event: error");
        const string Tokens = "ops_router_tokens_total{route=\"default/chat\",variant=\"pool\",direction=\"completion\"}";
        await Until.TrueAsync(async () => await client.MetricAsync(Tokens, Cancellation) == 9, "the tokens were not counted", Cancellation);
    }

    [Fact]
    public async Task A_client_that_leaves_frees_the_slot_of_a_real_engine()
    {
        await using var fleet = await StartAsync();
        using var client = new Client(fleet.Router);
        using var engine = new HttpClient { BaseAddress = new Uri($"http://{_engine.Address}") };

        for (var i = 0; i < 4; i++)
        {
            using var response = await client.ChatAsync(1_900, stream: true, Cancellation);
            await response.Content.ReadAsStream(Cancellation).ReadExactlyAsync(new byte[5], Cancellation);
        }

        await Until.TrueAsync(
            async () => (await engine.GetStringAsync(new Uri("/metrics", UriKind.Relative), Cancellation)).Contains("llamacpp:requests_processing 0\n", StringComparison.Ordinal),
            "the engine still works for clients that left", Cancellation);
    }

    [Fact]
    public async Task A_real_engine_that_is_killed_mid_stream_leaves_an_error_event()
    {
        await using var fleet = await StartAsync();
        using var client = new Client(fleet.Router);
        using var response = await client.ChatAsync(1_900, stream: true, Cancellation);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancellation));
        (await reader.ReadLineAsync(Cancellation))!.ShouldStartWith("data: ");

        // Stopped first, so that it cannot finish before the end comes.
        await _engine.Process.SignalAsync("STOP");
        await _engine.Process.SignalAsync("KILL");

        var rest = await reader.ReadToEndAsync(Cancellation);
        rest.ShouldContain("\"code\":\"upstream_died\"");
        rest.ShouldNotContain("[DONE]");
    }

    private async Task<ScenarioFleet> StartAsync()
    {
        if (await LlamaServer.WhyMissingAsync(Cancellation) is { } why)
            Assert.Skip(why);
        var fleet = await ScenarioFleet.StartAsync(Cancellation);
        _engine = await fleet.StartLlamaAsync(Cancellation);
        await fleet.ServeAsync(new ModelRouteSpec(), Cancellation, _engine.Address);
        return fleet;
    }
}
