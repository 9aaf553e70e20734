using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using static Ops.Router.Tests.RouterHost;
using static Ops.Router.Tests.TableSource;

namespace Ops.Router.Tests;

/// <summary>The endpoints beside chat.</summary>
public sealed class OperationTests
{
    private const string Labels = "route=\"default/chat\",variant=\"large\"";

    [Fact]
    public async Task Embeddings_pass_through_and_their_prompt_is_counted()
    {
        await using var upstream = await Upstream.StartAsync(onRequest: context =>
            Upstream.SendAsync(context, """{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5]}],"usage":{"prompt_tokens":8,"total_tokens":8}}"""));
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream)));

        using var response = await router.PostAsync("/v1/embeddings", """{"model":"chat","input":["two","texts"],"dimensions":1}""");

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await response.Content.ReadAsStringAsync()).ShouldContain("\"embedding\":[0.5]");
        Encoding.UTF8.GetString(upstream.Received.Single().Body).ShouldBe("""{"model":"vendor/large","input":["two","texts"],"dimensions":1}""");
        await Eventually.TrueAsync(async () => await router.MetricAsync($"ops_router_tokens_total{{{Labels},direction=\"prompt\"}}") == 8, "the prompt was not counted");
        await router.ExpectNothingLeftAsync();
    }

    [Fact]
    public async Task A_responses_stream_passes_whole_and_ends_without_DONE()
    {
        const string Stream = "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"usage\":null}}\n\n"
            + "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"event: response.completed\"}\n\n"
            + "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"usage\":{\"input_tokens\":11,\"output_tokens\":5,\"total_tokens\":16}}}\n\n";
        await using var upstream = await Upstream.StartAsync(onRequest: async context =>
        {
            await Upstream.BeginStreamAsync(context);
            await Upstream.SendAsync(context, Stream);
        });
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream)));

        using var response = await router.PostAsync("/v1/responses", """{"model":"chat","stream":true,"input":"Hello"}""");

        (await response.Content.ReadAsStringAsync()).ShouldBe(Stream);
        await Eventually.TrueAsync(async () => await router.MetricAsync($"ops_router_tokens_total{{{Labels},direction=\"completion\"}}") == 5, "the answer was not counted");
        (await router.MetricAsync($"ops_router_tokens_total{{{Labels},direction=\"prompt\"}}")).ShouldBe(11);
        await router.ExpectNothingLeftAsync();
    }

    [Theory]
    [InlineData("")]
    [InlineData("event: response.completed\ndata: {\"resp")]
    public async Task A_responses_stream_that_breaks_off_ends_with_an_error_event_of_its_own_kind(string rest)
    {
        await using var upstream = await Upstream.StartAsync(onRequest: async context =>
        {
            await Upstream.BeginStreamAsync(context);
            await Upstream.SendAsync(context, "event: response.output_text.delta\ndata: {\"delta\":\"a\"}\n\n" + rest);
        });
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream)));

        using var response = await router.PostAsync("/v1/responses", """{"model":"chat","stream":true,"input":"Hello"}""");

        var last = (await response.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries)[^1].Split('\n');
        last[0].ShouldBe("event: error");
        var data = JsonNode.Parse(last[1]["data: ".Length..])!;
        data["type"]!.GetValue<string>().ShouldBe("error");
        data["code"]!.GetValue<string>().ShouldBe("upstream_died");
        await router.ExpectNothingLeftAsync();
    }

    [Theory]
    [InlineData("\"previous_response_id\":\"resp_of_another_tenant\"")]
    [InlineData("\"previous_response_id\":null,\"previous_response_id\":\"resp_of_another_tenant\"")]
    [InlineData("\"conversation\":{\"id\":\"conv_1\"}")]
    [InlineData("\"background\":true")]
    public async Task What_needs_a_memory_of_earlier_answers_is_refused(string field)
    {
        await using var upstream = await Upstream.StartAsync();
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream)));

        using var response = await router.PostAsync("/v1/responses", $$"""{"model":"chat",{{field}},"input":"Go on"}""");

        await ExpectErrorAsync(response, HttpStatusCode.BadRequest, "no_stored_responses");
        upstream.Received.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("""{"model":"m","input":"12345678"}""", 2)]
    [InlineData("""{"model":"m","input":["1234","5678"]}""", 2)]
    [InlineData("""{"model":"m","input":[1,2,3]}""", 3)]
    [InlineData("""{"model":"m","input":[[1,2],[3]]}""", 3)]
    [InlineData("""{"model":"m","instructions":"1234","input":[{"role":"user","content":[{"type":"input_text","text":"5678"},{"type":"input_image","image_url":"data:image/png;base64,AAAA"}]}]}""", 2)]
    [InlineData("""{"model":"m","input":{"odd":1}}""", 0)]
    public void The_length_of_an_input_is_estimated(string body, int tokens)
    {
        RequestParser.Parse(Encoding.UTF8.GetBytes(body), Operation.Responses, out var request).ShouldBeNull();
        request.EstimatedPromptTokens.ShouldBe(tokens);
    }

    [Fact]
    public void Embeddings_generate_no_token_and_responses_have_a_limit_of_their_own()
    {
        RequestParser.Parse("""{"model":"m","input":"x"}"""u8, Operation.Embeddings, out var embeddings).ShouldBeNull();
        embeddings.MaxTokens.ShouldBe(0);
        RequestParser.Parse("""{"model":"m","input":"x","max_output_tokens":9}"""u8, Operation.Responses, out var response).ShouldBeNull();
        response.MaxTokens.ShouldBe(9);
    }
}
