using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Ops.Sandbox.ModelServer.Tests;

public class HttpTests
{
    private const string Chat = "/v1/chat/completions";
    private const string Model = RunningServer.Model;

    [Fact]
    public async Task A_chat_streams_role_tokens_reason_usage_and_end_mark()
    {
        await using var server = await RunningServer.StartAsync();
        using var response = await server.Http.PostAsync(Chat, RunningServer.Json(
            $$"""{"model":"{{Model}}","messages":[{"role":"user","content":"twelve bytes"}],"max_tokens":5,"ignore_eos":true,"stream":true,"stream_options":{"include_usage":true} }"""));
        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        var events = Events(await response.Content.ReadAsStringAsync());

        events[^1].ShouldBe("[DONE]");
        var chunks = events.SkipLast(1).Select(e => JsonSerializer.Deserialize<JsonElement>(e)).ToList();
        chunks.Select(c => c.GetProperty("id").GetString()).Distinct().Count().ShouldBe(1);
        chunks.ShouldAllBe(c => c.GetProperty("object").GetString() == "chat.completion.chunk");
        Delta(chunks[0]).GetProperty("role").GetString().ShouldBe("assistant");
        chunks[1..6].Select(c => Delta(c).GetProperty("content").GetString()!.Length).ShouldBe([4, 4, 4, 4, 4]);
        chunks[6].GetProperty("choices")[0].GetProperty("finish_reason").GetString().ShouldBe("length");
        var usage = chunks[7].GetProperty("usage");
        (usage.GetProperty("prompt_tokens").GetInt32(), usage.GetProperty("completion_tokens").GetInt32(), usage.GetProperty("total_tokens").GetInt32())
            .ShouldBe((3, 5, 8));
        chunks[7].GetProperty("choices").GetArrayLength().ShouldBe(0);
        chunks.Count.ShouldBe(8);

        static JsonElement Delta(JsonElement chunk) => chunk.GetProperty("choices")[0].GetProperty("delta");
    }

    [Fact]
    public async Task The_same_prompt_gets_the_same_answer_whole_or_in_pieces()
    {
        await using var server = await RunningServer.StartAsync();
        var whole = await AskAsync(server, $$"""{"model":"{{Model}}","messages":[{"role":"user","content":"Caf\u00e9?"}],"max_tokens":7}""");
        var again = await AskAsync(server, $$"""{"model":"{{Model}}","max_tokens":7,"messages":[{"role":"user","content":[{"type":"text","text":"Café?"}]}]}""");
        var other = await AskAsync(server, $$"""{"model":"{{Model}}","messages":[{"role":"user","content":"Tea?"}],"max_tokens":7}""");
        Text(whole).ShouldBe(Text(again));
        Text(whole).ShouldNotBe(Text(other));
        Text(whole).Length.ShouldBe(28);
        whole.GetProperty("usage").GetProperty("prompt_tokens").GetInt32().ShouldBe(2); // 6 bytes in UTF-8, escaped or not.
        whole.GetProperty("choices")[0].GetProperty("finish_reason").GetString().ShouldBe("length");

        static string Text(JsonElement answer) => answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;
    }

    [Fact]
    public async Task Without_a_limit_an_answer_stops_by_itself_and_a_stop_string_cuts_it()
    {
        await using var server = await RunningServer.StartAsync();
        var free = await AskAsync(server, $$"""{"model":"{{Model}}","prompt":"Hello"}""", "/v1/completions");
        var text = free.GetProperty("choices")[0].GetProperty("text").GetString()!;
        free.GetProperty("choices")[0].GetProperty("finish_reason").GetString().ShouldBe("stop");
        free.GetProperty("usage").GetProperty("completion_tokens").GetInt32().ShouldBe(text.Length / 4);

        var word = text.Substring(8, 3);
        var cut = await AskAsync(server, $$"""{"model":"{{Model}}","prompt":"Hello","stop":"{{word}}"}""", "/v1/completions");
        cut.GetProperty("choices")[0].GetProperty("text").GetString().ShouldBe(text[..text.IndexOf(word, StringComparison.Ordinal)]);
    }

    [Theory]
    [InlineData("{\"model\":", 400, "not valid JSON")]
    [InlineData("[]", 400, "JSON object")]
    [InlineData("{\"messages\":[{\"content\":\"x\"}]}", 400, "'model'")]
    [InlineData("{\"model\":\"MODEL\"}", 400, "'messages'")]
    [InlineData("{\"model\":\"MODEL\",\"messages\":[]}", 400, "'messages'")]
    [InlineData("{\"model\":\"MODEL\",\"messages\":\"x\"}", 400, "'messages' must be an array")]
    [InlineData("{\"model\":\"other\",\"messages\":[{\"content\":\"x\"}]}", 404, "`other` does not exist")]
    [InlineData("{\"model\":\"MODEL\",\"n\":2,\"messages\":[{\"content\":\"x\"}]}", 400, "'n' must be 1")]
    [InlineData("{\"model\":\"MODEL\",\"max_tokens\":0,\"messages\":[{\"content\":\"x\"}]}", 400, "'max_tokens'")]
    [InlineData("{\"model\":\"MODEL\",\"stream\":1,\"messages\":[{\"content\":\"x\"}]}", 400, "'stream'")]
    [InlineData("{\"model\":\"MODEL\",\"tools\":[{\"type\":\"function\"}],\"messages\":[{\"content\":\"x\"}]}", 400, "'tools'")]
    [InlineData("{\"model\":\"MODEL\",\"messages\":[{\"content\":[{\"type\":\"image_url\",\"image_url\":{}}]}]}", 400, "text only")]
    [InlineData("{\"model\":\"MODEL\",\"max_tokens\":200000,\"messages\":[{\"content\":\"x\"}]}", 400, "maximum context length is 131072")]
    public async Task A_bad_request_is_refused_in_OpenAIs_shape(string body, int status, string message)
    {
        await using var server = await RunningServer.StartAsync();
        var (answered, error) = await server.RefusedAsync(Chat, body.Replace("MODEL", Model));
        answered.ShouldBe(status);
        error.GetProperty("message").GetString()!.ShouldContain(message);
        error.GetProperty("type").GetString().ShouldBe("invalid_request_error");
        server.Engine.Load.ShouldBe((0, 0));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_of_100_MB_is_refused_and_not_kept(bool chunked)
    {
        await using var server = await RunningServer.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, Chat) { Content = new StreamContent(new Zeros(100_000_000)) };
        request.Headers.ExpectContinue = true;
        request.Headers.TransferEncodingChunked = chunked;
        if (!chunked)
            request.Content.Headers.ContentLength = 100_000_000;
        try
        {
            using var response = await server.Http.SendAsync(request);
            response.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        }
        catch (HttpRequestException e) when (chunked)
        {
            // The server may close before the client has stopped writing.
            e.InnerException.ShouldBeAssignableTo<IOException>();
        }
        (await server.Http.GetAsync("/health")).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_client_that_leaves_frees_its_slot()
    {
        await using var server = await RunningServer.StartAsync();
        using (var client = new HttpClient())
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server.Address, Chat))
            {
                Content = RunningServer.Json($$"""{"model":"{{Model}}","messages":[{"content":"x"}],"max_tokens":100000,"ignore_eos":true,"stream":true}"""),
            };
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            await using var stream = await response.Content.ReadAsStreamAsync();
            (await stream.ReadAsync(new byte[100])).ShouldBeGreaterThan(0);
            server.Engine.Load.ShouldBe((1, 0));
        }
        await RunningServer.UntilAsync(() => server.Engine.Load == (0, 0));
        (await server.Http.GetStringAsync("/metrics")).ShouldContain("finished_reason=\"abort\"} 1");
    }

    [Fact]
    public async Task While_the_weights_load_it_says_so()
    {
        await using var server = await RunningServer.StartAsync("--load-seconds", "60");
        using var health = await server.Http.GetAsync("/health");
        health.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        using var chat = await server.Http.PostAsync(Chat, RunningServer.Json($$"""{"model":"{{Model}}","messages":[{"content":"x"}]}"""));
        chat.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        chat.Headers.RetryAfter.ShouldNotBeNull();
    }

    [Fact]
    public async Task Stopping_lets_an_answer_end()
    {
        await using var server = await RunningServer.StartAsync();
        var answer = server.Http.PostAsync(Chat, RunningServer.Json(
            $$"""{"model":"{{Model}}","messages":[{"content":"x"}],"max_tokens":60,"ignore_eos":true,"stream":true}"""));
        await RunningServer.UntilAsync(() => server.Engine.Load.Running == 1);
        await server.StopAsync();
        using var response = await answer;
        Events(await response.Content.ReadAsStringAsync())[^1].ShouldBe("[DONE]");
    }

    [Fact]
    public async Task Clock_and_limit_can_be_set_within_the_GPUs_range()
    {
        await using var server = await RunningServer.StartAsync();
        using var set = await server.Http.PutAsync("/simulated/power", RunningServer.Json("""{"clockMHz":1200,"powerLimitWatts":500}"""));
        set.StatusCode.ShouldBe(HttpStatusCode.OK);
        var state = await server.GetAsync("/simulated/power");
        (state.GetProperty("clockMHz").GetInt32(), state.GetProperty("powerLimitWatts").GetInt32()).ShouldBe((1200, 500));
        foreach (var bad in new[] { """{"clockMHz":5000}""", """{"watts":1}""", """{"clockMHz":"x"}""", "{", "[]" })
        {
            using var refused = await server.Http.PutAsync("/simulated/power", RunningServer.Json(bad));
            refused.StatusCode.ShouldBe(HttpStatusCode.BadRequest, bad);
        }
        (await server.GetAsync("/simulated/power")).GetProperty("clockMHz").GetInt32().ShouldBe(1200);
    }

    [Fact]
    public async Task Metrics_carry_the_engines_names_and_say_that_they_are_simulated()
    {
        await using var server = await RunningServer.StartAsync();
        await AskAsync(server, $$"""{"model":"{{Model}}","messages":[{"content":"0123456789abcdef"}],"max_tokens":5,"ignore_eos":true}""");
        var lines = (await server.Http.GetStringAsync("/metrics")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.Where(l => !l.StartsWith('#')).ShouldAllBe(l => l.Contains("simulated=\"true\"") && l.Contains($"model_name=\"{Model}\""));
        foreach (var (name, value) in new[]
        {
            ("vllm:num_requests_running{", "0.0"), ("vllm:num_requests_waiting{", "0.0"), ("vllm:kv_cache_usage_perc{", "0.0"),
            ("vllm:prompt_tokens_total{", "4.0"), ("vllm:generation_tokens_total{", "5.0"), ("vllm:time_to_first_token_seconds_count{", "1.0"),
            ("vllm:inter_token_latency_seconds_count{", "4.0"), ("vllm:e2e_request_latency_seconds_count{", "1.0"),
            ("ops_gpu_clock_mhz{", "1980.0"), ("ops_gpu_power_watts{", "128.0"),
        })
            lines.Single(l => l.StartsWith(name, StringComparison.Ordinal)).ShouldEndWith("} " + value);
        lines.Single(l => l.StartsWith("ops_gpu_energy_joules_total{", StringComparison.Ordinal)).ShouldNotEndWith(" 0.0");
        lines.Single(l => l.StartsWith("vllm:cache_config_info{", StringComparison.Ordinal)).ShouldEndWith($",block_size=\"16\",enable_prefix_caching=\"False\",num_gpu_blocks=\"{server.Engine.Limits.CacheTokens / 16}\"}} 1.0");
        lines.ShouldContain(l => l.StartsWith("vllm:request_success_total{", StringComparison.Ordinal) && l.EndsWith("finished_reason=\"length\"} 1.0"));
    }

    [Fact]
    public async Task Above_its_queue_it_says_when_to_come_back()
    {
        await using var server = await RunningServer.StartAsync("--max-waiting", "0");
        using var response = await server.Http.PostAsync(Chat, RunningServer.Json($$"""{"model":"{{Model}}","messages":[{"content":"x"}]}"""));
        response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        response.Headers.RetryAfter.ShouldNotBeNull();
    }

    private static async Task<JsonElement> AskAsync(RunningServer server, string body, string path = Chat)
    {
        using var response = await server.Http.PostAsync(path, RunningServer.Json(body));
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }

    private static List<string> Events(string body) =>
        [.. body.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(e => e["data: ".Length..])];

    private sealed class Zeros(long length) : Stream
    {
        private long _left = length;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var read = (int)Math.Min(count, _left);
            _left -= read;
            return read;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
