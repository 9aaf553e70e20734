using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Ops.Picking;
using static Ops.Router.Tests.RouterHost;
using static Ops.Router.Tests.TableSource;

namespace Ops.Router.Tests;

public sealed class ServingTests
{
    [Fact]
    public async Task Models_are_the_routes_that_are_served()
    {
        await using var router = await RouterHost.StartAsync([
            Route(),
            Route() with { Name = "b", Model = "team/other" },
            Route() with { Name = "c", Model = "hidden", Suspended = true }]);

        var list = JsonNode.Parse(await router.Client.GetStringAsync(new Uri("/v1/models", UriKind.Relative)))!;
        list["object"]!.GetValue<string>().ShouldBe("list");
        list["data"]!.AsArray().Select(m => m!["id"]!.GetValue<string>()).ShouldBe(["chat", "team/other"]);
        list["data"]![0]!["created"]!.GetValue<long>().ShouldBe(1_700_000_000);

        var one = JsonNode.Parse(await router.Client.GetStringAsync(new Uri("/v1/models/team/other", UriKind.Relative)))!;
        one["object"]!.GetValue<string>().ShouldBe("model");
        using var missing = await router.Client.GetAsync(new Uri("/v1/models/hidden", UriKind.Relative));
        await ExpectErrorAsync(missing, HttpStatusCode.NotFound, "model_not_found");
    }

    [Fact]
    public async Task A_suspended_route_says_so()
    {
        await using var upstream = await Upstream.StartAsync();
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream)) with { Suspended = true });

        using var response = await router.ChatAsync();

        var error = await ExpectErrorAsync(response, HttpStatusCode.ServiceUnavailable, "route_suspended");
        error["message"]!.GetValue<string>().ShouldContain("spec.suspend");
        upstream.Received.ShouldBeEmpty();
    }

    [Fact]
    public async Task Without_a_ready_replica_the_client_is_told_when_to_come_back()
    {
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, Array.Empty<ReplicaAddress>())));

        using var response = await router.ChatAsync();

        await ExpectErrorAsync(response, HttpStatusCode.ServiceUnavailable, "no_replica_ready");
        response.Headers.RetryAfter!.Delta!.Value.ShouldBeGreaterThan(TimeSpan.Zero);
        (await router.MetricAsync("""ops_router_requests_total{route="default/chat",variant="",outcome="rejected"}""")).ShouldBe(1);
    }

    [Fact]
    public async Task A_key_that_was_good_on_a_connection_lets_no_other_key_in_there()
    {
        await using var upstream = await Upstream.StartAsync();
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream)));
        (string Key, HttpStatusCode Status)[] steps =
        [
            (Key, HttpStatusCode.OK), (Key, HttpStatusCode.OK), (Key + "x", HttpStatusCode.Unauthorized), ("sk-other", HttpStatusCode.OK),
            (Key[..^1] + "8", HttpStatusCode.Unauthorized), (Key, HttpStatusCode.OK),
        ];
        foreach (var (key, status) in steps)
        {
            router.Client.DefaultRequestHeaders.Authorization = new("Bearer", key);
            using var response = await router.ChatAsync();
            response.StatusCode.ShouldBe(status);
        }

        router.Source.Set(new RoutingTable([Route(Variant("large", 0.9, upstream))], ApiKeys.From([(new Caller("other"), "sk-other"u8.ToArray())])));
        using var withdrawn = await router.ChatAsync();
        withdrawn.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Nobody_is_served_without_any_key()
    {
        await using var router = await RouterHost.StartAsync(Route());
        router.Source.Set(new RoutingTable([Route()], ApiKeys.None));

        using var response = await router.ChatAsync();
        await ExpectErrorAsync(response, HttpStatusCode.Unauthorized, "no_api_keys");
    }

    [Fact]
    public async Task Ready_follows_the_configuration_and_healthy_does_not()
    {
        await using var router = await RouterHost.StartAsync(Route());
        router.Source.NotReadyReason = "Waiting for the cluster's V1Secret";

        using var waiting = await router.Client.GetAsync(new Uri("/readyz", UriKind.Relative));
        waiting.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await waiting.Content.ReadAsStringAsync()).ShouldContain("V1Secret");
        (await router.Client.GetStringAsync(new Uri("/healthz", UriKind.Relative))).ShouldBe("ok\n");

        router.Source.NotReadyReason = null;
        (await router.Client.GetStringAsync(new Uri("/readyz", UriKind.Relative))).ShouldBe("ok\n");
    }

    [Fact]
    public async Task The_task_header_chooses_by_the_quality_on_that_task()
    {
        await using var writer = await Upstream.StartAsync("writer");
        await using var coder = await Upstream.StartAsync("coder");
        var route = Route(Variant("writer", 0.9, writer) with { Quality = [0.9, 0.3] }, Variant("coder", 0.5, coder) with { Quality = [0.5, 0.8] });
        await using var router = await RouterHost.StartAsync(route with { Tasks = ["default", "code"] });

        (await router.ChatAsync()).Headers.GetValues("x-ops-variant").ShouldBe(["writer"]);
        router.Client.DefaultRequestHeaders.Add("x-ops-task", "code");
        (await router.ChatAsync()).Headers.GetValues("x-ops-variant").ShouldBe(["coder"]);
    }

    [Fact]
    public async Task The_live_queue_of_a_replica_decides()
    {
        await using var full = await Upstream.StartAsync("full");
        await using var free = await Upstream.StartAsync("free");
        full.Metrics = EngineText(running: 60, waiting: 0);
        free.Metrics = EngineText(running: 3, waiting: 0);
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, full, free)));
        await ScrapedAsync(router, 2);

        for (var i = 0; i < 6; i++)
            (await router.ChatAsync()).Headers.GetValues("x-ops-replica").ShouldBe(["free"]);
    }

    [Fact]
    public async Task A_queue_at_the_best_variant_sends_requests_down_the_ladder()
    {
        await using var large = await Upstream.StartAsync("large");
        await using var small = await Upstream.StartAsync("small");
        large.Metrics = EngineText(running: 60, waiting: 10);
        small.Metrics = EngineText(running: 3, waiting: 0);
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, large), Variant("small", 0.5, small)) with { Policy = new LadderPolicy() });
        await ScrapedAsync(router, 2);

        (await router.ChatAsync()).Headers.GetValues("x-ops-variant").ShouldBe(["small"]);
    }

    [Fact]
    public async Task A_queue_that_outlasts_the_hard_deadline_rejects_with_429()
    {
        await using var upstream = await Upstream.StartAsync("large");
        var finished = 0;
        upstream.Metrics = EngineText(running: 10, waiting: 100_000, finished);
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream)));
        await Eventually.TrueAsync(
            () =>
            {
                upstream.Metrics = EngineText(running: 10, waiting: 100_000, ++finished);
                return router.Fleet.Current.Routes[0].Snapshot.Variants[0].Replicas[0].FinishRate > 0;
            },
            "no finish rate was derived");

        using var response = await router.ChatAsync();

        await ExpectErrorAsync(response, HttpStatusCode.TooManyRequests, "queue_full");
        response.Headers.RetryAfter!.Delta!.Value.ShouldBeInRange(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60));
        upstream.Received.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_changed_table_takes_effect_while_requests_run_and_none_fails()
    {
        await using var a = await Upstream.StartAsync("a");
        await using var b = await Upstream.StartAsync("b");
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, a)));
        using var stop = new CancellationTokenSource();
        var load = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            var statuses = new List<HttpStatusCode>();
            while (!stop.IsCancellationRequested)
            {
                using var response = await router.ChatAsync();
                statuses.Add(response.StatusCode);
            }

            return statuses;
        })).ToList();

        for (var i = 0; i < 200; i++)
        {
            router.Source.Set(i % 2 == 0 ? Route(Variant("large", 0.9, b)) : Route(Variant("large", 0.9, a), Variant("small", 0.5, b)));
            await Task.Delay(2);
        }

        await stop.CancelAsync();
        var all = (await Task.WhenAll(load)).SelectMany(s => s).ToList();
        all.ShouldNotBeEmpty();
        all.ShouldAllBe(s => s == HttpStatusCode.OK);
        await router.ExpectNothingLeftAsync();
    }

    [Fact]
    public async Task The_series_of_a_route_that_is_gone_are_gone()
    {
        await using var upstream = await Upstream.StartAsync();
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream)));
        (await router.ChatAsync()).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await router.MetricsAsync()).ShouldContain("variant=\"large\"");

        router.Source.Set(Route(Variant("small", 0.9, upstream)));

        (await router.MetricsAsync()).ShouldNotContain("variant=\"large\"");
    }

    [Fact]
    public async Task HTTP_2_without_TLS_works_as_the_server_is_configured()
    {
        await using var upstream = await Upstream.StartAsync(onRequest: context => Upstream.StreamAsync(context, "a", "b"));
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream)), "--Kestrel:EndpointDefaults:Protocols=Http2");
        router.Client.DefaultRequestVersion = HttpVersion.Version20;
        router.Client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new StringContent("""{"model":"chat","stream":true}"""),
        };

        using var response = await router.Client.SendAsync(request);

        response.Version.ShouldBe(HttpVersion.Version20);
        (await response.Content.ReadAsStringAsync()).ShouldEndWith("data: [DONE]\n\n");
        await router.ExpectNothingLeftAsync();
    }

    [Fact]
    public async Task A_prompt_stands_before_others_until_its_answer_begins()
    {
        var (begin, end) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var upstream = await Upstream.StartAsync(onRequest: async context =>
        {
            await Upstream.BeginStreamAsync(context);
            await begin.Task;
            await Upstream.SendEventAsync(context, Upstream.Chunk("one"));
            await end.Task;
            await Upstream.SendEventAsync(context, "[DONE]");
        });
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream)));
        var load = router.Fleet.Replicas.Values.Single().Replica.Load;
        var answer = router.StreamAsync();

        await Eventually.TrueAsync(() => load.PendingPromptTokens > 0, "the prompt does not count");
        begin.SetResult();
        using var response = await answer;
        await Eventually.TrueAsync(() => load.PendingPromptTokens == 0, "the prompt still counts");
        load.InFlight.ShouldBe(1);
        end.SetResult();
        await response.Content.ReadAsStringAsync();
        await router.ExpectNothingLeftAsync();
        load.PendingPromptTokens.ShouldBe(0);
    }

    [Fact]
    public async Task A_stop_lets_a_running_stream_finish()
    {
        var go = new TaskCompletionSource();
        await using var upstream = await Upstream.StartAsync(onRequest: async context =>
        {
            await Upstream.BeginStreamAsync(context);
            await Upstream.SendEventAsync(context, Upstream.Chunk("one"));
            await go.Task;
            await Upstream.SendEventAsync(context, Upstream.Chunk("two"));
            await Upstream.SendEventAsync(context, "[DONE]");
        });
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream)));
        using var response = await router.StreamAsync();
        var stream = response.Content.ReadAsStream();
        await stream.ReadExactlyAsync(new byte[5]);

        var stop = router.App.StopAsync();
        await Eventually.TrueAsync(() => router.App.Lifetime.ApplicationStopping.IsCancellationRequested, "the router is not stopping");
        stop.IsCompleted.ShouldBeFalse();
        go.SetResult();

        using var reader = new StreamReader(stream);
        (await reader.ReadToEndAsync()).ShouldEndWith("data: [DONE]\n\n");
        await stop;
    }

    [Fact]
    public async Task A_stopping_router_says_so_before_it_closes()
    {
        await using var upstream = await Upstream.StartAsync();
        var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream)), "--Router:DrainDelay=00:00:05");
        await using (router)
        {
            var stop = router.App.StopAsync();
            using var ready = await router.Client.GetAsync(new Uri("/readyz", UriKind.Relative));
            ready.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
            (await router.ChatAsync()).StatusCode.ShouldBe(HttpStatusCode.OK);
            await stop;
        }
    }

    [Fact]
    public async Task Joules_of_a_pool_only_grow_also_when_a_pod_restarts()
    {
        await using var upstream = await Upstream.StartAsync();
        upstream.Metrics = EngineText(1, 0) + "ops_gpu_energy_joules_total{simulated=\"true\"} 5000\n";
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream)));
        await ScrapedAsync(router, 1);
        const string Series = """ops_router_pool_energy_joules_total{namespace="default",pool="large"}""";

        upstream.Metrics = EngineText(1, 0) + "ops_gpu_energy_joules_total{simulated=\"true\"} 5300\n";
        await Eventually.TrueAsync(async () => await router.MetricAsync(Series) == 300, "the joules were not counted");
        upstream.Metrics = EngineText(1, 0) + "ops_gpu_energy_joules_total{simulated=\"true\"} 40\n";
        await Eventually.TrueAsync(async () => await router.MetricAsync(Series) == 340, "a restart lost or repeated joules");
    }

    internal static string EngineText(int running, int waiting, int finished = 0) => string.Create(CultureInfo.InvariantCulture, $$"""
        # HELP vllm:num_requests_running Number of requests in model execution batches.
        # TYPE vllm:num_requests_running gauge
        vllm:num_requests_running{engine="0",model_name="m"} {{running}}.0
        vllm:num_requests_waiting{engine="0",model_name="m"} {{waiting}}.0
        vllm:request_success_total{engine="0",finished_reason="stop",model_name="m"} {{finished}}.0

        """);

    private static Task ScrapedAsync(RouterHost router, int replicas) => Eventually.TrueAsync(
        () => router.Fleet.Current.Routes.SelectMany(r => r.Snapshot.Variants).SelectMany(v => v.Replicas).Count(r => r.ObservedAtMs is not null) == replicas,
        "the metrics were not read");
}
