using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Ops.Dashboard.Metrics;
using Ops.Kube;

namespace Ops.Dashboard.Tests;

/// <summary>What the store keeps, forgets and reads back.</summary>
public sealed class Metric_rules
{
    private static readonly DateTimeOffset Noon = new(Objects.Noon);

    [Fact]
    public void A_track_reads_back_the_newest_turn_of_its_rings_and_nothing_older() =>
        Gen.Int[1, 40].List[1, 400].Sample(steps =>
        {
            var (track, written, round) = (new Track(), new Dictionary<long, float>(), 1_000_000L);
            foreach (var step in steps)
            {
                round += step;
                written[round] = step;
                track.Write(round, step);
            }

            for (var at = round - Track.Fine - 5; at <= round + 1; at++)
                track.At(at).ShouldBe(at > round - Track.Fine && written.TryGetValue(at, out var value) ? value : float.NaN);
            foreach (var slot in written.Where(pair => pair.Key / Track.Rounds > (round / Track.Rounds) - Track.Coarse).GroupBy(pair => pair.Key / Track.Rounds))
                track.MeanAt(slot.Key * Track.Rounds).ShouldBe((float)slot.Average(pair => (double)pair.Value), 0.001);
        });

    [Fact]
    public void A_range_is_read_in_few_values_whose_mean_is_that_of_all()
    {
        var (store, _) = Store();
        for (var i = 0; i < 900; i++)
            store.Write(Noon.AddSeconds(2 * i), [new("x", i % 2)]);

        var curve = store.Read("x", Noon.AddMinutes(5), Noon.AddMinutes(25));

        curve.Values.Length.ShouldBeLessThanOrEqualTo(122);
        curve.Mean!.Value.ShouldBe(0.5, 0.01);
        store.Read("x", Noon.AddHours(-5), Noon.AddMinutes(29)).Values.Length.ShouldBeLessThanOrEqualTo(122);
    }

    [Fact]
    public void Too_many_series_push_out_none_that_is_fresh()
    {
        var (store, _) = Store(maxSeries: 2);
        store.Write(Noon, [new("a", 1), new("b", 1), new("c", 1)]);
        store.Dropped.ShouldBe(1);

        store.Write(Noon.AddHours(1), [new("a", 2)]);
        store.Write(Noon.AddHours(1), [new("c", 2)]);

        store.Names("").ShouldBe(["a", "c"]);
    }

    [Fact]
    public void Eight_hours_of_pods_that_come_and_go_stay_within_the_bound()
    {
        var (store, _) = Store(maxSeries: 80);
        // 8 h of rounds of 2 s; every five minutes all names are new.
        for (var round = 0; round < 14_400; round++)
            store.Write(Noon.AddSeconds(2 * round), [.. Enumerable.Range(0, 20).Select(pod => new KeyValuePair<string, double>($"{round / 150}-{pod}", pod))]);

        store.Names("").Count.ShouldBe(80);
        store.Names("95-").Count.ShouldBe(20);
    }

    [Fact]
    public void Figures_of_a_route_are_gains_a_second_over_all_routers()
    {
        var before = Round(0, 100, 10);
        var now = Round(2, 120, 14);

        var figures = now.Figures(before);

        figures["route.requests|default/chat|small|answered"].ShouldBe(10);
        figures["route.requests|default/chat||rejected"].ShouldBe(2);
        figures["route.queued|default/chat"].ShouldBe(7);
        // 20 first tokens, half of them within 0.1 s and all within 1 s: the 95th percentile lies at nine tenths between.
        figures["route.ttft95|default/chat"].ShouldBe(0.1 + (0.9 * 0.9), 0.001);
    }

    [Fact]
    public void Figures_of_a_pool_are_sums_over_its_pods_and_a_restarted_pod_counts_from_zero()
    {
        static ScrapeRound Of(int second, double tokens, double watts) => new(
            Noon.AddSeconds(second),
            new Dictionary<string, (ObjectKey, ObjectKey, PodReading)>
            {
                ["a"] = (new("default", "p-a"), new("default", "p"), PodReading.Read($"vllm:generation_tokens_total {tokens}\nops_gpu_power_watts {watts}\n")),
                ["b"] = (new("default", "p-b"), new("default", "p"), PodReading.Read($"vllm:generation_tokens_total {1000 - tokens}\nops_gpu_power_watts {watts}\n")),
            },
            new Dictionary<string, RouterReading>(),
            new Dictionary<string, (string, ServiceReading)>());

        var figures = Of(2, 300, 250).Figures(Of(0, 200, 100));

        figures["pool.watts|default/p"].ShouldBe(500);
        // a gained 100; b fell from 800 to 700, so it began again and has made 700.
        figures["pool.tokens|default/p"].ShouldBe(400);
    }

    [Fact]
    public void Calls_between_services_are_rates_shares_and_means()
    {
        static ScrapeRound Of(int second, int count, int failed, double seconds) => new(
            Noon.AddSeconds(second),
            new Dictionary<string, (ObjectKey, ObjectKey, PodReading)>(),
            new Dictionary<string, RouterReading>(),
            new Dictionary<string, (string, ServiceReading)>
            {
                ["a"] = ("shop/web", ServiceReading.Read($$"""
                    http_client_request_duration_seconds_count{server_address="cart",http_response_status_code="200"} {{count}}
                    http_client_request_duration_seconds_count{server_address="cart",http_response_status_code="504"} {{failed}}
                    http_client_request_duration_seconds_sum{server_address="cart",http_response_status_code="200"} {{seconds}}
                    """)),
            });

        var figures = Of(2, 130, 10, 8).Figures(Of(0, 100, 0, 4));

        figures["call.requests|shop/web|shop/cart"].ShouldBe(20);
        figures["call.failing|shop/web|shop/cart"].ShouldBe(0.25);
        figures["call.seconds|shop/web|shop/cart"].ShouldBe(0.1);
    }

    [Theory]
    [InlineData(1, 4096.0)]
    [InlineData(0, null)]
    public void The_lag_of_a_shard_is_told_by_the_operator_that_leads(int leads, double? lag)
    {
        var round = Round(0, 0, 0) with
        {
            Stores = new Dictionary<string, StoreReading>
            {
                ["o"] = StoreReading.Read($$"""
                    ops_store_replica_lag_bytes{namespace="default",store="cache",shard="s1"} 4096
                    ops_operator_leader {{leads}}
                    """),
            },
        };

        round.Figures(null).TryGetValue("store.lag|default/cache|s1", out var read).ShouldBe(lag is not null);
        read.ShouldBe(lag ?? 0);
    }

    [Theory]
    [InlineData("cart", "shop/cart")]
    [InlineData("cart.other:8080", "other/cart")]
    [InlineData("cart.other.svc.cluster.local", "other/cart")]
    [InlineData("api.example.com", null)]
    [InlineData("10.1.2.3:80", null)]
    public void A_host_means_a_service_of_the_cluster_or_nothing(string host, string? service) => Workload.Callee("shop/web", host).ShouldBe(service);

    private static (MetricStore Store, FakeTimeProvider Time) Store(int maxSeries = 100)
    {
        var time = new FakeTimeProvider(Noon);
        return (new MetricStore(new() { MaxSeries = maxSeries }, time), time);
    }

    private static ScrapeRound Round(int second, int answered, int rejected) => new(
        Noon.AddSeconds(second),
        new Dictionary<string, (ObjectKey, ObjectKey, PodReading)>(),
        new Dictionary<string, RouterReading>
        {
            ["r1"] = RouterReading.Read($$"""
                ops_router_requests_total{route="default/chat",variant="small",outcome="answered"} {{answered}}
                ops_router_requests_total{route="default/chat",variant="",outcome="rejected"} {{rejected}}
                ops_router_ttft_seconds_bucket{route="default/chat",variant="small",le="0.1"} {{answered / 2}}
                ops_router_ttft_seconds_bucket{route="default/chat",variant="small",le="1"} {{answered}}
                ops_router_ttft_seconds_bucket{route="default/chat",variant="small",le="+Inf"} {{answered}}
                ops_router_queued{route="default/chat"} 7
                """),
        },
        new Dictionary<string, (string, ServiceReading)>());
}
