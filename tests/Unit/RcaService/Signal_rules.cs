using CsCheck;
using Ops.Rca.Sources;

namespace Ops.Rca.Service.Tests;

/// <summary>Raw series become rates, means, quantiles, shares and gaps of services.</summary>
public sealed class Signal_rules
{
    [Fact]
    public void A_counter_becomes_a_rate_over_all_processes_of_its_service()
    {
        var rounds = new Rounds();
        rounds.Take(0, ("jobs_total{app=a,pod=1}", 100), ("jobs_total{app=a,pod=2}", 5));

        rounds.Take(10, ("jobs_total{app=a,pod=1}", 130), ("jobs_total{app=a,pod=2}", 15))["a jobs rate"].ShouldBe(4);
    }

    [Fact]
    public void A_counter_that_fell_was_reset_and_counts_from_nothing()
    {
        var rounds = new Rounds();
        rounds.Take(0, ("jobs_total{app=a}", 1000));

        rounds.Take(10, ("jobs_total{app=a}", 20))["a jobs rate"].ShouldBe(2);
    }

    [Fact]
    public void Hits_and_misses_become_a_share_once_the_cache_is_warm()
    {
        var rounds = new Rounds();
        for (var round = 0; round <= 12; round++)
            rounds.Take(10 * round, ("x_hits_total{app=a}", 3 * round), ("x_misses_total{app=a}", round)).ShouldNotContainKey("a x hit share");

        rounds.Take(130, ("x_hits_total{app=a}", 39), ("x_misses_total{app=a}", 13))["a x hit share"].ShouldBe(0.75);
        rounds.Take(140, ("x_hits_total{app=a}", 39), ("x_misses_total{app=a}", 23))["a x hit share"].ShouldBe(0);
        rounds.Take(150, ("x_hits_total{app=a}", 39), ("x_misses_total{app=a}", 23))["a x hit share"].ShouldBe(double.NaN);
    }

    [Fact]
    public void Requests_in_progress_are_held_work_and_no_work_that_arrives()
    {
        var rounds = new Rounds();
        rounds.Take(0, ("http_server_active_requests{app=a}", 3));

        rounds.Builder.Signals.OfType<Signal>().Single(signal => signal.Metric.Name == "http_server_active_requests").Metric.Kind.ShouldBe(MetricKind.Resource);
    }

    [Fact]
    public void Growth_over_a_gap_has_no_known_time_and_is_no_rate()
    {
        var rounds = new Rounds();
        rounds.Take(0, ("jobs_total{app=a}", 0), ("other_total{app=a}", 0));
        rounds.Take(10, ("other_total{app=a}", 0))["a other rate"].ShouldBe(0);
        rounds.Take(20, ("jobs_total{app=a}", 1000), ("other_total{app=a}", 0)).ShouldNotContainKey("a jobs rate");

        rounds.Take(30, ("jobs_total{app=a}", 1010), ("other_total{app=a}", 0))["a jobs rate"].ShouldBe(1);
    }

    [Fact]
    public void A_series_that_is_gone_is_missing_and_not_zero()
    {
        var rounds = new Rounds();
        rounds.Take(0, ("jobs_total{app=a}", 0), ("jobs_total{app=b}", 0));
        rounds.Take(10, ("jobs_total{app=a}", 10), ("jobs_total{app=b}", 10));

        var row = rounds.Take(20, ("jobs_total{app=b}", 10));
        row["a jobs rate"].ShouldBe(double.NaN);
        row["b jobs rate"].ShouldBe(0);
    }

    [Fact]
    public void A_histogram_becomes_mean_and_99th_percentile()
    {
        var rounds = new Rounds();
        (string, double)[] Page(double sum, double count, double fast, double slow) =>
        [
            ("http_request_duration_seconds_sum{app=a}", sum), ("http_request_duration_seconds_count{app=a}", count),
            ("http_request_duration_seconds_bucket{app=a,le=0.1}", fast), ("http_request_duration_seconds_bucket{app=a,le=1}", slow),
            ("http_request_duration_seconds_bucket{app=a,le=+Inf}", count),
        ];
        rounds.Take(0, Page(0, 0, 0, 0));

        var row = rounds.Take(10, Page(30, 100, 90, 100));
        row["a http_request_duration_seconds mean"].ShouldBe(0.3);
        row["a http_request_duration_seconds rate"].ShouldBe(10);
        // The 99th of 100 is nine tenths into the bucket from 0.1 to 1: 0.1 + 0.9 x 0.9.
        row["a http_request_duration_seconds p99"].ShouldBe(0.91, 1e-9);
        rounds.Take(20, Page(30, 100, 90, 100))["a http_request_duration_seconds mean"].ShouldBe(double.NaN);
    }

    [Fact]
    public void Failures_are_a_share_so_that_a_surge_of_requests_is_none()
    {
        var rounds = new Rounds();
        rounds.Take(0, ("http_requests_total{app=a,code=200}", 0), ("http_requests_total{app=a,code=503}", 0), ("http_requests_total{app=a,code=404}", 0));

        var row = rounds.Take(10, ("http_requests_total{app=a,code=200}", 70), ("http_requests_total{app=a,code=503}", 10), ("http_requests_total{app=a,code=404}", 20));
        row["a http_requests failed share"].ShouldBe(0.1);
        row["a http_requests refused share"].ShouldBe(0.2);
    }

    [Fact]
    public void Time_lost_between_two_services_is_the_gap_of_their_edge_and_belongs_to_the_called_one()
    {
        var rounds = new Rounds();
        (string, double)[] Page(double caller, double callee, double count) =>
        [
            ("http_client_request_duration_seconds_sum{app=web,server_address=catalog}", caller), ("http_client_request_duration_seconds_count{app=web,server_address=catalog}", count),
            ("http_server_request_duration_seconds_sum{app=catalog}", callee), ("http_server_request_duration_seconds_count{app=catalog}", count),
            ("db_query_duration_seconds_sum{app=catalog}", 1000 * count), ("db_query_duration_seconds_count{app=catalog}", 100 * count),
        ];
        rounds.Take(0, Page(0, 0, 0));

        rounds.Take(10, Page(3, 1, 10))["catalog gap from web"].ShouldBe(0.2, 1e-9);
        rounds.Builder.Calls.ShouldBe([new CallEdge("web", "catalog")]);
    }

    [Fact]
    public void Own_time_is_the_time_to_answer_without_the_time_of_calls()
    {
        var rounds = new Rounds();
        (string, double)[] Page(double n) =>
        [
            ("http_client_request_duration_seconds_sum{app=web,server_address=catalog}", 0.2 * n), ("http_client_request_duration_seconds_count{app=web,server_address=catalog}", 2 * n),
            ("pool_wait_seconds_total{app=web,server_address=cart}", 0.02 * n),
            ("http_client_request_duration_seconds_sum{app=web,server_address=cart}", 0.08 * n), ("http_client_request_duration_seconds_count{app=web,server_address=cart}", n),
            ("http_server_request_duration_seconds_sum{app=web,caller=a}", 0.35 * n), ("http_server_request_duration_seconds_count{app=web,caller=a}", 0.5 * n),
            ("http_server_request_duration_seconds_sum{app=web,caller=b}", 0.05 * n), ("http_server_request_duration_seconds_count{app=web,caller=b}", 0.5 * n),
        ];
        rounds.Take(0, Page(0));

        rounds.Take(10, Page(10))["web own time"].ShouldBe(0.1, 1e-9);
    }

    [Fact]
    public void A_search_for_causes_sees_a_call_as_the_called_service_s_business()
    {
        var rounds = new Rounds();
        (string, double)[] Page(double n) =>
        [
            ("http_client_request_duration_seconds_sum{app=web,server_address=catalog}", n), ("http_client_request_duration_seconds_count{app=web,server_address=catalog}", n),
            ("http_client_request_duration_seconds_sum{app=web,server_address=bank.example.com}", n), ("http_client_request_duration_seconds_count{app=web,server_address=bank.example.com}", n),
            ("http_server_request_duration_seconds_sum{app=web}", n), ("http_server_request_duration_seconds_count{app=web}", n),
            ("http_server_request_duration_seconds_sum{app=catalog}", n), ("http_server_request_duration_seconds_count{app=catalog}", n),
        ];
        rounds.Take(0, Page(0));
        rounds.Take(10, Page(10));
        var latencies = AnalysisView.Of(rounds.Builder.Signals).OfType<Metric>().Where(metric => metric.Kind is MetricKind.Latency or MetricKind.EdgeGap).Select(metric => metric.ToString());

        latencies.ShouldBe(
            ["web own time", "catalog gap from web", "catalog http_server_request_duration_seconds mean", "bank.example.com http_client_request_duration_seconds to bank.example.com mean as seen by web"],
            ignoreOrder: true);
    }

    [Fact]
    public void A_called_service_that_tells_callers_apart_is_compared_caller_by_caller()
    {
        var rounds = new Rounds();
        (string, double)[] Page(double n) =>
        [
            ("rpc_client_latency_seconds_sum{app=web,peer=db}", 0.5 * n), ("rpc_client_latency_seconds_count{app=web,peer=db}", n),
            ("rpc_latency_seconds_sum{app=db,caller=web}", 0.1 * n), ("rpc_latency_seconds_count{app=db,caller=web}", n),
            ("rpc_latency_seconds_sum{app=db,caller=batch}", 9 * n), ("rpc_latency_seconds_count{app=db,caller=batch}", n),
        ];
        rounds.Take(0, Page(0));

        rounds.Take(10, Page(10))["db gap from web"].ShouldBe(0.4, 1e-9);
        rounds.Builder.Calls.ShouldBe([new CallEdge("web", "db"), new CallEdge("batch", "db")], ignoreOrder: true);
    }

    [Fact]
    public void A_mesh_measures_both_sides_of_a_call()
    {
        var rounds = new Rounds();
        (string, double)[] Page(double n) => [.. new[] { ("source", 30.0), ("destination", 10.0) }.SelectMany(side => new[]
        {
            ($"istio_request_duration_milliseconds_sum{{reporter={side.Item1},source_workload=web,source_workload_namespace=shop,destination_service_name=catalog,destination_service_namespace=shop}}", side.Item2 * n),
            ($"istio_request_duration_milliseconds_count{{reporter={side.Item1},source_workload=web,source_workload_namespace=shop,destination_service_name=catalog,destination_service_namespace=shop}}", n),
        })];
        rounds.Take(0, Page(0));

        rounds.Take(10, Page(10))["shop/catalog gap from shop/web"].ShouldBe(0.02, 1e-9);
    }

    [Theory]
    [InlineData("shop/web", "http://catalog.stock.svc.cluster.local:8080/items", "stock/catalog")]
    [InlineData("shop/web", "catalog", "shop/catalog")]
    [InlineData("web", "catalog:80", "catalog")]
    [InlineData("shop/web", "api.example.com", "api.example.com")]
    [InlineData("shop/web", "127.0.0.9:80", "127.0.0.9")]
    [InlineData("shop/web", "://", null)]
    public void A_peer_is_named_by_host_url_or_name(string service, string name, string? peer) => LabelMapping.HostName(service, name).ShouldBe(peer);

    [Fact]
    public void One_service_cannot_take_the_room_of_the_others()
    {
        var rounds = new Rounds(limits: new() { SignalsOfService = 5, Signals = 8 });
        rounds.Take(0, [.. Enumerable.Range(0, 20).Select(i => ($"level_{i}{{app=loud}}", 1.0)), ("level{app=quiet}", 7)]);

        rounds.Builder.Signals.Count(signal => signal!.Metric.Service == "loud").ShouldBe(5);
        rounds.Builder.LeftOut.ShouldBe(15);
        rounds.Take(1, ("level{app=quiet}", 8))["quiet level"].ShouldBe(8);
    }

    [Fact]
    public void What_is_gone_for_long_is_forgotten_and_its_place_given_again()
    {
        var rounds = new Rounds(limits: new() { ForgetAfter = 10 });
        rounds.Take(0, ("level{app=old}", 1));
        for (var i = 1; i < 70; i++)
            rounds.Take(i, ("level{app=lasting}", i));
        rounds.Builder.Signals.OfType<Signal>().Select(signal => signal.Metric.Service).ShouldBe(["lasting"]);

        rounds.Take(70, ("level{app=lasting}", 1), ("level{app=new}", 5))["new level"].ShouldBe(5);
        rounds.Builder.Signals.Count.ShouldBe(2);
    }

    [Fact]
    public void No_text_of_a_stranger_reaches_a_name_with_control_characters_or_without_end() =>
        Gen.String[Gen.Char, 1, 400].Sample(text =>
        {
            var clean = Tainted.Clean(text);
            clean.Length.ShouldBeLessThanOrEqualTo(Tainted.MaxName + 3);
            clean.ShouldAllBe(letter => !char.IsControl(letter) && !char.IsSurrogate(letter) && letter != '\u202e');
        });
}
