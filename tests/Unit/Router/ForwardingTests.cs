using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using static Ops.Router.Tests.RouterHost;
using static Ops.Router.Tests.TableSource;

namespace Ops.Router.Tests;

public sealed class ForwardingTests
{
    [Fact]
    public async Task The_engine_gets_the_clients_bytes_with_only_the_model_replaced()
    {
        await using var upstream = await Upstream.StartAsync();
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream)));
        const string Body = """ { "messages" : [{"role":"user","content":"say \"model\":\"chat\" \u00e9 😀"}],  "model" :  "chat" , "temperature":0.10, "x":{"model":"chat"} } """;

        using var response = await router.ChatAsync(Body);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        Encoding.UTF8.GetString(upstream.Received.Single().Body).ShouldBe(Body.Replace("\"model\" :  \"chat\"", "\"model\" :  \"vendor/large\"", StringComparison.Ordinal));
        JsonNode.Parse(await response.Content.ReadAsStringAsync())!["choices"]![0]!["message"]!["content"]!.GetValue<string>().ShouldBe("hello");
        response.Headers.GetValues("x-ops-variant").ShouldBe(["large"]);
        response.Headers.GetValues("x-ops-replica").ShouldBe(["replica-0"]);
        await router.ExpectNothingLeftAsync();
    }

    [Fact]
    public async Task A_model_written_with_escapes_is_found_and_replaced()
    {
        await using var upstream = await Upstream.StartAsync();
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream)));

        using var response = await router.ChatAsync("""{"model":"ch\u0061t","messages":[]}""");

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        Encoding.UTF8.GetString(upstream.Received.Single().Body).ShouldBe("""{"model":"vendor/large","messages":[]}""");
    }

    [Fact]
    public async Task A_large_prompt_arrives_whole_also_without_a_content_length()
    {
        await using var upstream = await Upstream.StartAsync();
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream)));
        var prompt = string.Concat(Enumerable.Range(0, 200_000).Select(i => $"{i} "));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = new StringContent($$"""{"prompt":"{{prompt}}","model":"chat"}""") };
        request.Headers.TransferEncodingChunked = true;

        using var response = await router.Client.SendAsync(request);

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        var received = upstream.Received.Single();
        Encoding.UTF8.GetString(received.Body).ShouldBe($$"""{"prompt":"{{prompt}}","model":"vendor/large"}""");
        received.Headers.ContentLength.ShouldBe(received.Body.Length);
        await router.ExpectNothingLeftAsync();
    }

    [Fact]
    public async Task The_clients_key_never_reaches_the_engine_but_its_other_headers_do()
    {
        await using var upstream = await Upstream.StartAsync();
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream)));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent("""{"model":"chat"}""") };
        request.Headers.Add("x-request-id", "r-1");

        using var response = await router.Client.SendAsync(request);

        var headers = upstream.Received.Single().Headers;
        headers.ContainsKey("Authorization").ShouldBeFalse();
        headers["x-request-id"].ToString().ShouldBe("r-1");
        headers.Host.ToString().ShouldBe(new Uri(upstream.Address.Url).Authority);
    }

    [Fact]
    public async Task Each_event_of_a_stream_reaches_the_client_before_the_next_one_is_made()
    {
        var seen = new SemaphoreSlim(0);
        await using var upstream = await Upstream.StartAsync(onRequest: async context =>
        {
            await Upstream.BeginStreamAsync(context);
            foreach (var word in (string[])["one", "two", "three"])
            {
                await Upstream.SendEventAsync(context, Upstream.Chunk(word));
                await seen.WaitAsync(context.RequestAborted);
            }

            await Upstream.SendEventAsync(context, "[DONE]");
        });
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream)));

        using var response = await router.StreamAsync();
        var lines = new List<string>();
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        while (await reader.ReadLineAsync() is { } line)
        {
            lines.Add(line);
            if (line.Contains("delta", StringComparison.Ordinal))
                seen.Release();
        }

        lines.ShouldBe([$"data: {Upstream.Chunk("one")}", "", $"data: {Upstream.Chunk("two")}", "", $"data: {Upstream.Chunk("three")}", "", "data: [DONE]", ""]);
        response.Content.Headers.ContentType!.ToString().ShouldBe("text/event-stream; charset=utf-8");
        await router.ExpectNothingLeftAsync();
    }

    [Fact]
    public async Task Tokens_are_counted_on_the_way_past()
    {
        await using var upstream = await Upstream.StartAsync();
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.75, upstream)));
        (await router.ChatAsync()).StatusCode.ShouldBe(HttpStatusCode.OK);
        upstream.OnRequest = context => Upstream.StreamAsync(context, "a", "b", "c", "d");
        await (await router.StreamAsync()).Content.ReadAsStringAsync();
        upstream.OnRequest = async context =>
        {
            await Upstream.BeginStreamAsync(context);
            await Upstream.SendAsync(context, "data: {\"choices\":[{\"delta\":{\"content\":\"\\\"usage\\\":{\\\"completion_tokens\\\":1000}\"}}],\"usage\":null}\n\ndata: {\"choices\":[],\"usa");
            await Upstream.SendAsync(context, "ge\":{\"prompt_tokens\":100,\"completion_tokens\":20}}\n\ndata: [DO");
            await Upstream.SendAsync(context, "NE]\n\n");
        };
        await (await router.StreamAsync()).Content.ReadAsStringAsync();

        const string Labels = """route="default/chat",variant="large""";
        await Eventually.TrueAsync(async () => await router.MetricAsync($$"""ops_router_requests_total{{{Labels}}",outcome="answered"}""") == 3, "not all three requests count as answered");
        // 7 reported, 4 events, 20 reported; prompts: 3 reported, 2 estimated from 5 bytes, 100 reported.
        (await router.MetricAsync($$"""ops_router_tokens_total{{{Labels}}",direction="completion"}""")).ShouldBe(31);
        (await router.MetricAsync($$"""ops_router_tokens_total{{{Labels}}",direction="prompt"}""")).ShouldBe(105);
        (await router.MetricAsync($$"""ops_router_quality_sum{{{Labels}}"}""")).ShouldBe(2.25);
        (await router.MetricAsync($$"""ops_router_deadline_met_total{{{Labels}}"}""")).ShouldBe(3);
        (await router.MetricAsync($$"""ops_router_ttft_seconds_count{{{Labels}}"}""")).ShouldBe(2);
        (await router.MetricAsync($$"""ops_router_tpot_seconds_count{{{Labels}}"}""")).ShouldBe(2);
        await router.ExpectNothingLeftAsync();
    }

    [Fact]
    public async Task The_engines_own_refusal_passes_through_untouched()
    {
        await using var upstream = await Upstream.StartAsync(onRequest: async context =>
        {
            context.Response.StatusCode = 400;
            context.Response.ContentType = "application/json";
            await Upstream.SendAsync(context, """{"error":{"message":"too long","type":"BadRequestError","param":null,"code":400}}""");
        });
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream)));

        using var response = await router.ChatAsync();

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await response.Content.ReadAsStringAsync()).ShouldContain("too long");
        upstream.Received.Count.ShouldBe(1);
    }

    [Fact]
    public async Task The_access_log_has_a_line_for_each_request_and_no_text_of_prompt_answer_or_key()
    {
        await using var upstream = await Upstream.StartAsync(onRequest: context => Upstream.AnswerAsync(context, "the-answer"));
        var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream)));
        await using (router)
        {
            (await router.ChatAsync("""{"model":"chat","user":"the-user","messages":[{"role":"user","content":"the-secret"}]}""")).StatusCode.ShouldBe(HttpStatusCode.OK);
            await router.ChatAsync("{the-secret");
        }

        var lines = router.AccessLog.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!).ToList();
        lines.Count.ShouldBe(2);
        lines[0]["outcome"]!.GetValue<string>().ShouldBe("answered");
        lines[0]["key"]!.GetValue<string>().ShouldBe("tester");
        lines[0]["route"]!.GetValue<string>().ShouldBe("default/chat");
        lines[0]["variant"]!.GetValue<string>().ShouldBe("large");
        lines[0]["completionTokens"]!.GetValue<int>().ShouldBe(7);
        lines[0]["firstByteMs"]!.GetValue<double>().ShouldBeInRange(0, lines[0]["ms"]!.GetValue<double>());
        lines[1]["outcome"]!.GetValue<string>().ShouldBe("refused");
        lines[1]["status"]!.GetValue<int>().ShouldBe(400);
        foreach (var secret in (string[])["the-secret", "the-answer", "the-user", Key])
            router.AccessLog.ShouldNotContain(secret);
    }
}
