using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using static Ops.Router.Tests.TableSource;

namespace Ops.Router.Tests;

public sealed class TelemetryTests
{
    private const string Parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    [Fact]
    public async Task The_figures_stand_under_the_names_of_the_inference_extension_too()
    {
        await using var upstream = await Upstream.StartAsync();
        upstream.Metrics = ServingTests.EngineText(running: 3, waiting: 2) + "vllm:kv_cache_usage_perc{model_name=\"m\"} 0.25\n";
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream)));
        await Eventually.TrueAsync(async () => await router.MetricAsync("inference_pool_average_queue_size{name=\"large\"}") == 2, "the engine's metrics were not read");

        (await router.ChatAsync()).StatusCode.ShouldBe(HttpStatusCode.OK);
        upstream.OnRequest = context =>
        {
            context.Response.StatusCode = 500;
            return Task.CompletedTask;
        };
        await router.ChatAsync();

        const string Labels = "model_name=\"chat\",target_model_name=\"vendor/large\"";
        await Eventually.TrueAsync(async () => await router.MetricAsync($"inference_objective_request_total{{{Labels}}}") == 2, "the requests were not counted");
        (await router.MetricAsync($"inference_objective_request_error_total{{{Labels},error_code=\"upstream_error\"}}")).ShouldBe(1);
        (await router.MetricAsync($"inference_objective_request_duration_seconds_count{{{Labels}}}")).ShouldBe(1);
        (await router.MetricAsync($"inference_objective_input_tokens_sum{{{Labels}}}")).ShouldBe(3);
        (await router.MetricAsync($"inference_objective_output_tokens_sum{{{Labels}}}")).ShouldBe(7);
        (await router.MetricAsync($"inference_objective_request_sizes_sum{{{Labels}}}")).ShouldBeGreaterThan(50);
        (await router.MetricAsync($"inference_objective_response_sizes_sum{{{Labels}}}")).ShouldBeGreaterThan(100);
        (await router.MetricAsync("inference_objective_running_requests{model_name=\"chat\"}")).ShouldBe(0);
        (await router.MetricAsync("inference_pool_ready_pods{name=\"large\"}")).ShouldBe(1);
        (await router.MetricAsync("inference_pool_average_kv_cache_utilization{name=\"large\"}")).ShouldBe(0.25);
        (await router.MetricAsync("inference_pool_per_pod_queue_size{name=\"large\",model_server_pod=\"replica-0\"}")).ShouldBe(2);

        router.Source.Set();
        var text = await router.MetricsAsync();
        text.ShouldNotContain("target_model_name=\"vendor/large\"");
        text.ShouldNotContain("name=\"large\"");
    }

    [Fact]
    public async Task A_trace_has_the_conventions_names_continues_the_clients_and_holds_no_text()
    {
        await using var collector = await Collector.StartAsync();
        await using var upstream = await Upstream.StartAsync(onRequest: context => Upstream.AnswerAsync(context, "the-answer"));
        var router = await RouterHost.StartAsync(
            Route(Variant("large", 0.9, upstream)), $"--OTEL_EXPORTER_OTLP_ENDPOINT={collector.Url}", "--OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf");
        await using (router)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent("""{"model":"chat","max_tokens":5,"messages":[{"role":"user","content":"the-secret"}]}""") };
            request.Headers.Add("traceparent", Parent);
            (await router.Client.SendAsync(request)).StatusCode.ShouldBe(HttpStatusCode.OK);
        }

        // The engine's parent is a span of the client's trace, and not the client's own span.
        var sent = upstream.Received.Single().Headers.TraceParent.ToString();
        ActivityContext.TryParse(sent, null, out var engine).ShouldBeTrue(sent);
        engine.TraceId.ToString().ShouldBe(Parent.Split('-')[1]);
        engine.SpanId.ToString().ShouldNotBe(Parent.Split('-')[2]);

        await Eventually.TrueAsync(() => collector.Received.Contains("gen_ai.operation.name", StringComparison.Ordinal), "no trace arrived");
        foreach (var word in (string[])["chat chat", "gen_ai.request.model", "gen_ai.usage.output_tokens", "gen_ai.request.max_tokens", "POST /v1/chat/completions", "http.response.status_code", "ops.replica", "ops-router"])
            collector.Received.ShouldContain(word);
        foreach (var secret in (string[])["the-secret", "the-answer", Key])
            collector.Received.ShouldNotContain(secret);
    }

    [Fact]
    public async Task Without_an_endpoint_for_traces_the_clients_header_passes_through()
    {
        await using var upstream = await Upstream.StartAsync();
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream)));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent("""{"model":"chat"}""") };
        request.Headers.Add("traceparent", Parent);

        (await router.Client.SendAsync(request)).StatusCode.ShouldBe(HttpStatusCode.OK);

        upstream.Received.Single().Headers.TraceParent.ToString().ShouldBe(Parent);
    }

    /// <summary>Takes traces over OTLP/HTTP. The names and values of protobuf's strings stand in its bytes as they are.</summary>
    private sealed class Collector : IAsyncDisposable
    {
        private readonly ConcurrentQueue<byte[]> _bodies = new();
        private readonly WebApplication _app;

        private Collector(WebApplication app) => _app = app;

        internal string Url => _app.Urls.Single();

        internal string Received => string.Concat(_bodies.Select(Encoding.Latin1.GetString));

        internal static async Task<Collector> StartAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            var collector = new Collector(builder.Build());
            collector._app.Run(async context =>
            {
                var body = new MemoryStream();
                await context.Request.Body.CopyToAsync(body);
                collector._bodies.Enqueue(body.ToArray());
            });
            await collector._app.StartAsync();
            return collector;
        }

        public ValueTask DisposeAsync() => _app.DisposeAsync();
    }
}
