using Ops.Cli.Chaos;
using Ops.Cli.Chaos.Recording;
using Ops.Sandbox.ShopPlan;

namespace Ops.Cli.Tests;

/// <summary>What is injected and recorded, before any process runs.</summary>
public sealed class Chaos_tests
{
    private static readonly TimeSpan Span = TimeSpan.FromSeconds(45);

    [Fact]
    public void A_schedule_follows_from_its_seed_alone()
    {
        Schedule.Draw(60, 7, Span).ShouldBe(Schedule.Draw(60, 7, Span));
        Schedule.Draw(60, 8, Span).ShouldNotBe(Schedule.Draw(60, 7, Span));
        // A longer recording begins as the shorter one did.
        Schedule.Draw(60, 7, Span).Take(20).ShouldBe(Schedule.Draw(20, 7, Span));
    }

    [Fact]
    public void A_round_has_every_kind_and_one_placebo_and_each_can_be_ordered()
    {
        var incidents = Schedule.Draw(120, 3, Span);

        foreach (var fault in Faults.All)
            incidents.Count(incident => incident.Order?.Fault == fault).ShouldBe(10, fault.Name);
        incidents.Count(incident => incident.Order is null).ShouldBe(10);
        incidents.Where(incident => incident.Order?.Fault.Metric is not null).Select(incident => incident.Order!.Service).Distinct().Count().ShouldBeGreaterThanOrEqualTo(10);
        foreach (var order in incidents.Select(incident => incident.Order).OfType<FaultOrder>())
            FaultOrder.Check(order.Fault.Name, order.Service, order.Strength, order.Ramp, order.Span).ShouldBe(order);
    }

    [Fact]
    public void Faults_of_objects_have_names_of_their_own_and_say_where_they_are()
    {
        ObjectFaults.All.Select(fault => fault.Name).Concat(Faults.All.Select(fault => fault.Name)).ShouldBeUnique();
        ObjectFaults.All.ShouldAllBe(fault => fault.Location!.Split('/').Length == 2 && fault.Cause != null && fault.Inject.Count > 0);
        ObjectFaults.Find("wrong-selector")!.Location.ShouldBe("Service/currency");
        ObjectFaults.Find("nothing-of-this-name").ShouldBeNull();
        ObjectFaults.Find("all-nodes-cordoned").ShouldBeNull("the nodes of ./ops up have other names");
    }

    [Fact]
    public void An_object_is_kept_as_it_can_be_written_again() =>
        ObjectChaos.Cleaned("""{"kind":"Service","metadata":{"name":"a","uid":"u","resourceVersion":"7","labels":{"l":"1"}},"spec":{"x":1},"status":{"y":2}}""")
            .ShouldBe("""{"kind":"Service","metadata":{"name":"a","labels":{"l":"1"}},"spec":{"x":1}}""");

    [Fact]
    public void Half_of_the_faults_are_severe_and_in_services_that_most_requests_depend_on()
    {
        var orders = Schedule.Draw(1200, 5, Span).Select(incident => incident.Order).OfType<FaultOrder>().ToList();
        var severe = orders.Where(order => order.Strength >= 0.85 && order.Fault.Targets.ToList().IndexOf(order.Service) <= (order.Fault.Targets.Count - 1) / 2).ToList();

        // Half are drawn so; of the others some are so by chance.
        (severe.Count / (double)orders.Count).ShouldBeInRange(0.5, 0.75);
        orders.ShouldAllBe(order => order.Strength >= 0.5 && order.Strength <= 1);
    }

    [Fact]
    public void Cascades_grow_for_seconds_in_services_that_others_depend_on()
    {
        var incidents = Schedule.Draw(200, 5, Span, cascades: true);

        incidents.Take(10).Select(incident => incident.Folder[(incident.Folder.IndexOf('_') + 1)..]).ShouldBe(
            ["cpu-hog", "memory-growth", "slow-disk", "pool-exhaustion", "lock-contention", "retry-storm", "cache-loss", "noisy-neighbour", "load-surge", "placebo"], ignoreOrder: true);
        foreach (var order in incidents.Select(incident => incident.Order).OfType<FaultOrder>())
        {
            FaultOrder.Check(order.Fault.Name, order.Service, order.Strength, order.Ramp, order.Span).ShouldBe(order);
            order.Strength.ShouldBeGreaterThanOrEqualTo(0.85);
            (order.Ramp / Span).ShouldBeInRange(0.3, 0.85);
        }
    }

    [Fact]
    public void Only_the_named_kinds_are_drawn_where_some_are_named() =>
        Schedule.Draw(6, 5, Span, cascades: true, ["slow-disk", "packet-delay"]).Select(incident => incident.Order!.Fault.Name)
            .Chunk(2).ShouldAllBe(round => round.Order().SequenceEqual(new[] { "packet-delay", "slow-disk" }));

    [Fact]
    public void Pairs_are_two_kinds_in_two_services_and_follow_from_the_seed()
    {
        var pairs = Schedule.DrawPairs(40, 5, Span);

        pairs.ShouldBe(Schedule.DrawPairs(40, 5, Span));
        pairs.Select(pair => pair.Number).ShouldBe(Enumerable.Range(1, 40));
        foreach (var pair in pairs)
        {
            pair.Second!.Service.ShouldNotBe(pair.Order!.Service);
            pair.Second.Fault.ShouldNotBe(pair.Order.Fault);
            pair.Orders.ShouldAllBe(order => order.Fault.Metric != null);
            pair.Folder.ShouldBe($"{pair.Order.Service}_{pair.Order.Fault.Name}-{pair.Second.Service}_{pair.Second.Fault.Name}");
        }
    }

    [Theory]
    [InlineData("flood", null, 1, 60, "There is no fault flood")]
    [InlineData("cache-loss", "database", 1, 60, "cache-loss does not fit database")]
    [InlineData("cpu-hog", "nobody", 1, 60, "does not fit nobody")]
    [InlineData("cpu-hog", null, 0, 60, "--strength must be above 0")]
    [InlineData("cpu-hog", null, 1.01, 60, "--strength must be above 0")]
    [InlineData("cpu-hog", null, 1, 3601, "at most 1h")]
    public void An_order_that_cannot_be_carried_out_is_refused_in_one_sentence(string kind, string? service, double strength, int seconds, string says) =>
        Should.Throw<UserError>(() => FaultOrder.Check(kind, service, strength, TimeSpan.Zero, TimeSpan.FromSeconds(seconds))).Message.ShouldContain(says);

    [Fact]
    public void The_first_service_that_fits_is_the_default() =>
        FaultOrder.Check("slow-dependency", null, 1, TimeSpan.Zero, Span).Service.ShouldBe(Faults.Find("slow-dependency")!.Targets[0]);

    [Fact]
    public void Every_fault_has_a_column_that_shows_its_cause()
    {
        foreach (var fault in Faults.All.Where(fault => fault.Metric is not null))
            foreach (var target in fault.Targets)
                Columns.All.ShouldContain(column => column.Service == target && column.Metric.StartsWith(fault.Metric!, StringComparison.Ordinal), $"{fault.Name} in {target}");
    }

    [Fact]
    public void A_row_is_what_happened_between_two_scrapes()
    {
        const string Before = """
            # HELP something
            http_server_request_duration_seconds_sum{caller="frontend",http_response_status_code="200"} 1
            http_server_request_duration_seconds_count{caller="frontend",http_response_status_code="200"} 100
            http_server_request_duration_seconds_bucket{caller="frontend",http_response_status_code="200",le="+Inf"} 100
            http_client_request_duration_seconds_sum{server_address="catalog",http_response_status_code="200"} 2
            http_client_request_duration_seconds_count{server_address="catalog",http_response_status_code="200"} 100
            process_cpu_seconds_total 5
            """;
        const string After = """
            http_server_request_duration_seconds_sum{caller="frontend",http_response_status_code="200"} 1.2
            http_server_request_duration_seconds_count{caller="frontend",http_response_status_code="200"} 110
            http_server_request_duration_seconds_count{caller="frontend",http_response_status_code="503"} 4
            http_client_request_duration_seconds_sum{server_address="catalog",http_response_status_code="200"} 2.5
            http_client_request_duration_seconds_count{server_address="catalog",http_response_status_code="200"} 110
            process_cpu_seconds_total 5.5
            shop_cache_hits_total 3
            shop_cache_misses_total 1
            """;
        var names = Shop.Services.Select(service => service.Name).Append(Shop.Load).ToList();
        var interval = new Interval(names.ToDictionary(name => name, _ => Scrape.Parse(Before)), names.ToDictionary(name => name, _ => Scrape.Parse(After)), Seconds: 2);

        Value("catalog_requests").ShouldBe(7);
        Value("catalog_errors").ShouldBe(2);
        Value("catalog_latency").ShouldBe(200.0 / 14, 1e-9);
        Value("catalog_cpu").ShouldBe(0.25);
        Value("catalog_cache-hits").ShouldBe(0.75);
        Value("catalog_queue").ShouldBe(0);
        Value("frontend_to-catalog-latency").ShouldBe(50, 1e-9);
        Value("catalog_gap-from-frontend").ShouldBe(50 - (200.0 / 14), 1e-9);
        Value("database_disk-write").ShouldBe(double.NaN);

        double Value(string column) => Columns.All.Single(one => one.Name == column).Read(interval);
    }

    [Fact]
    public void Column_names_are_unique_and_split_at_their_first_underscore()
    {
        Columns.All.Select(column => column.Name).ShouldBeUnique();
        foreach (var column in Columns.All)
            column.Service.ShouldNotContain('_');
    }
}
