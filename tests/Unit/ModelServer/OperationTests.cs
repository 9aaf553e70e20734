using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Ops.Sandbox.ModelServer.Tests;

/// <summary>Embeddings and the Responses API.</summary>
public class OperationTests
{
    private const string Model = RunningServer.Model;

    [Fact]
    public async Task An_embedding_is_a_unit_vector_that_the_same_text_always_gets_in_both_encodings()
    {
        await using var server = await RunningServer.StartAsync();
        var answer = await AskAsync(server, "/v1/embeddings", $$"""{"model":"{{Model}}","input":["Hello","Hello","Bye"],"dimensions":8}""");
        var encoded = await AskAsync(server, "/v1/embeddings", $$"""{"model":"{{Model}}","input":"Hello","dimensions":8,"encoding_format":"base64"}""");

        var vectors = answer.GetProperty("data").EnumerateArray().Select(e => e.GetProperty("embedding").EnumerateArray().Select(v => v.GetSingle()).ToArray()).ToList();
        vectors[0].ShouldBe(vectors[1]);
        vectors[0].ShouldNotBe(vectors[2]);
        vectors[0].Sum(v => v * v).ShouldBe(1, 1e-5);
        var bytes = encoded.GetProperty("data")[0].GetProperty("embedding").GetBytesFromBase64();
        Enumerable.Range(0, 8).Select(i => BitConverter.ToSingle(bytes, i * 4)).ShouldBe(vectors[0]);
        // 5, 5 and 3 bytes are 2, 2 and 1 tokens.
        answer.GetProperty("usage").GetProperty("prompt_tokens").GetInt32().ShouldBe(5);
    }

    [Theory]
    [InlineData("""{"model":"MODEL"}""", "'input'")]
    [InlineData("""{"model":"MODEL","input":[]}""", "'input'")]
    [InlineData("""{"model":"MODEL","input":[{}]}""", "'input'")]
    [InlineData("""{"model":"MODEL","input":"x","dimensions":100000}""", "'dimensions'")]
    [InlineData("""{"model":"MODEL","input":""", "not valid JSON")]
    public async Task A_bad_embeddings_request_names_the_field(string body, string expected)
    {
        await using var server = await RunningServer.StartAsync();
        var (status, error) = await server.RefusedAsync("/v1/embeddings", body.Replace("MODEL", Model, StringComparison.Ordinal));
        status.ShouldBe(400);
        error.GetProperty("message").GetString()!.ShouldContain(expected);
    }

    [Fact]
    public async Task A_response_streams_its_events_in_order_and_ends_with_its_usage()
    {
        await using var server = await RunningServer.StartAsync();
        using var response = await server.Http.PostAsync("/v1/responses", RunningServer.Json(
            $$"""{"model":"{{Model}}","instructions":"1234","input":[{"role":"user","content":[{"type":"input_text","text":"12345678"}]}],"max_output_tokens":3,"ignore_eos":true,"stream":true}"""));

        var events = (await response.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(e => e.Split('\n')).ToList();

        events.Select(e => e[0]["event: ".Length..]).ShouldBe([
            "response.created", "response.in_progress", "response.output_item.added", "response.content_part.added",
            "response.output_text.delta", "response.output_text.delta", "response.output_text.delta",
            "response.output_text.done", "response.content_part.done", "response.output_item.done", "response.incomplete"]);
        var data = events.Select(e => JsonSerializer.Deserialize<JsonElement>(e[1]["data: ".Length..])).ToList();
        data.Select(d => d.GetProperty("sequence_number").GetInt32()).ShouldBe(Enumerable.Range(0, 11));
        var usage = data[^1].GetProperty("response").GetProperty("usage");
        (usage.GetProperty("input_tokens").GetInt32(), usage.GetProperty("output_tokens").GetInt32()).ShouldBe((3, 3));
        string.Concat(data[4..7].Select(d => d.GetProperty("delta").GetString())).ShouldBe(data[7].GetProperty("text").GetString());
    }

    [Fact]
    public async Task A_whole_response_says_that_it_is_completed()
    {
        await using var server = await RunningServer.StartAsync();
        var answer = await AskAsync(server, "/v1/responses", $$"""{"model":"{{Model}}","input":"Hello"}""");
        answer.GetProperty("object").GetString().ShouldBe("response");
        answer.GetProperty("status").GetString().ShouldBe("completed");
        answer.GetProperty("output")[0].GetProperty("content")[0].GetProperty("text").GetString().ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public async Task Instructions_alone_are_no_input()
    {
        await using var server = await RunningServer.StartAsync();
        var (status, error) = await server.RefusedAsync("/v1/responses", $$"""{"model":"{{Model}}","instructions":"Be brief."}""");
        status.ShouldBe(400);
        error.GetProperty("message").GetString()!.ShouldContain("'input'");
    }

    private static async Task<JsonElement> AskAsync(RunningServer server, string path, string body)
    {
        using var response = await server.Http.PostAsync(path, RunningServer.Json(body));
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }
}
