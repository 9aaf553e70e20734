using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Ops.Picking;
using static Ops.Router.Tests.TableSource;

namespace Ops.Router.Tests;

/// <summary>Sessions, prefixes and adapters through the whole router.</summary>
public sealed class AffinityServingTests
{
    private static readonly string Document = string.Concat(Enumerable.Range(0, 2_000).Select(i => $"line {i} "));

    [Fact]
    public async Task A_session_comes_back_to_its_replica_and_tenants_do_not_share_one()
    {
        await using var fleet = await FleetAsync(Route());
        var homes = new Dictionary<string, string>();
        for (var turn = 0; turn < 3; turn++)
        {
            foreach (var session in Enumerable.Range(0, 12).Select(i => $"session-{i}"))
            {
                var replica = await fleet.AskAsync("hi", session);
                homes.TryAdd(session, replica);
                replica.ShouldBe(homes[session]);
            }
        }

        homes.Values.Distinct().Count().ShouldBeGreaterThan(1);
        var others = new List<string>();
        foreach (var session in homes.Keys)
            others.Add(await fleet.AskAsync("hi", session, key: "sk-other"));
        others.SequenceEqual(homes.Values).ShouldBeFalse();
    }

    [Fact]
    public async Task The_route_names_the_session_header()
    {
        await using var fleet = await FleetAsync(Route() with { SessionHeader = "x-conversation" });
        var replicas = new HashSet<string>();
        for (var i = 0; i < 8; i++)
            replicas.Add(await fleet.AskAsync("hi", "one", header: "x-conversation"));
        replicas.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_long_prompt_goes_where_its_beginning_is_cached()
    {
        await using var fleet = await FleetAsync(Route());
        var first = await fleet.AskAsync(Document + "What is line 7?");

        for (var i = 0; i < 8; i++)
            (await fleet.AskAsync(Document + $"What is line {i}?")).ShouldBe(first);
    }

    [Fact]
    public async Task A_long_prompt_goes_anywhere_where_the_engines_keep_none()
    {
        await using var fleet = await FleetAsync(Route());
        foreach (var replica in fleet.Replicas)
            replica.Metrics = """
                vllm:num_requests_running 0
                vllm:cache_config_info{enable_prefix_caching="False"} 1
                """;
        var first = await fleet.AskAsync(Document + "What is line 7?");

        await Eventually.TrueAsync(async () => await fleet.AskAsync(Document + "What is line 8?") != first, "the prompt is still taken to be cached");
    }

    [Fact]
    public async Task An_adapter_is_asked_for_by_its_name_where_it_is_loaded()
    {
        await using var fleet = await FleetAsync(Route(), adapter: "sql-lora");
        foreach (var (replica, i) in fleet.Replicas.Select((r, i) => (r, i)))
            replica.Metrics = $$"""
                vllm:num_requests_running 0
                vllm:lora_requests_info{max_lora="1",running_lora_adapters="{{(i == 2 ? "other,sql-lora" : "other")}}",waiting_lora_adapters=""} 20
                vllm:lora_requests_info{max_lora="1",running_lora_adapters="sql-lora",waiting_lora_adapters=""} 10
                """;
        await Eventually.TrueAsync(() => fleet.Router.Fleet.Replicas.Values.All(r => r.Replica.Figures?.Adapters is not null), "adapters were not read");
        await Eventually.TrueAsync(async () => await fleet.AskAsync("hi") == "replica-2", "the replica with the adapter was not taken");

        Encoding.UTF8.GetString(fleet.Replicas[2].Received.Last().Body).ShouldContain("\"model\":\"sql-lora\"");
    }

    [Fact]
    public async Task The_length_of_finished_answers_is_learned()
    {
        await using var fleet = await FleetAsync(Route());
        var lengths = fleet.Router.App.Services.GetRequiredService<IOutputLengthEstimator>();
        var request = new LengthFeatures { Route = KeyHash.Of("default/chat"), Tenant = KeyHash.Of("tester"), PromptTokens = 1 };
        var before = lengths.Predict(request);
        for (var i = 0; i < 30; i++)
            await fleet.AskAsync("hi");

        // Every answer says that it has 7 tokens.
        lengths.Predict(request).ShouldBeLessThan(before / 4);
    }

    private static async Task<Fleet> FleetAsync(RouteConfig route, string? adapter = null)
    {
        var replicas = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => Upstream.StartAsync($"replica-{i}")));
        var variant = Variant("pool", 0.9, replicas);
        if (adapter is not null)
            variant = variant with { Model = adapter, Adapter = adapter };
        return new Fleet(await RouterHost.StartAsync(route with { Variants = [variant] }), replicas);
    }

    /// <summary>One variant of four replicas behind a router.</summary>
    private sealed class Fleet(RouterHost router, Upstream[] replicas) : IAsyncDisposable
    {
        internal RouterHost Router => router;

        internal Upstream[] Replicas => replicas;

        /// <summary>Asks, and says who answered.</summary>
        internal async Task<string> AskAsync(string prompt, string? session = null, string header = "x-ops-session", string key = Key)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
            {
                Content = new StringContent($$$"""{"model":"chat","messages":[{"role":"user","content":"{{{prompt}}}"}]}""", Encoding.UTF8, "application/json"),
            };
            request.Headers.Authorization = new("Bearer", key);
            if (session is not null)
                request.Headers.Add(header, session);
            using var response = await router.Client.SendAsync(request, TestContext.Current.CancellationToken);
            response.StatusCode.ShouldBe(HttpStatusCode.OK);
            return response.Headers.GetValues("x-ops-replica").Single();
        }

        public async ValueTask DisposeAsync()
        {
            await router.DisposeAsync();
            foreach (var replica in replicas)
                await replica.DisposeAsync();
        }
    }
}
