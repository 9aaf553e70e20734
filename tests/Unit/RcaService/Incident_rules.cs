using Ops.Api;
using Ops.Rca;
using Ops.Rca.Service.Incidents;

namespace Ops.Rca.Service.Tests;

/// <summary>From numbers to incidents: one for one fault, found with the second round that shows it, closed when it is gone.</summary>
public sealed class Incident_rules
{
    private const int Quiet = 200;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_slow_service_is_one_incident_that_names_it_within_two_rounds(int seed)
    {
        var world = new World(seed);
        world.Run(Quiet);
        world.Slower["db"] = 0.2;
        world.Run(2);

        var incident = world.Opened.ShouldHaveSingleItem($"seed {seed}: {world.Words}");
        incident.Services.ShouldContain("web");
        world.Ranked(incident).ShouldBe("db");
        world.Run(60);
        world.Opened.Count.ShouldBe(1, world.Words);
    }

    [Fact]
    public void A_service_that_was_slow_while_it_started_is_found_as_soon_as_any_other()
    {
        // Times fall as the sample shop's do after its start, row by row; then one service's processor is taken.
        var world = new World();
        foreach (var seconds in (double[])[0.0238, 0.0076, 0.0038, 0.001])
        {
            foreach (var service in (string[])["web", "cart", "catalog", "db"])
                world.Slower[service] = 10 * seconds;
            world.Run(1);
        }

        world.Slower.Clear();
        world.Run(30);
        world.Slower["catalog"] = 0.015;
        world.Run(2);
        world.Ranked(world.Opened.ShouldHaveSingleItem(world.Words)).ShouldBe("catalog");
    }

    [Fact]
    public void Time_lost_on_the_way_names_the_called_service_although_its_own_metrics_are_well()
    {
        var world = new World();
        world.Run(Quiet);
        world.Lost[("catalog", "db")] = 0.3;
        world.Run(4);

        var incident = world.Opened.ShouldHaveSingleItem();
        incident.Symptoms.Select(symptom => symptom.Signal.Metric.ToString()).ShouldContain("db gap from catalog");
        world.Ranked(incident).ShouldBe("db");
    }

    [Fact]
    public void A_fault_where_no_call_leads_from_the_first_is_an_incident_of_its_own()
    {
        var world = new World();
        world.Run(Quiet);
        world.Slower["db"] = 0.2;
        world.Run(10);
        world.Slower["store"] = 0.2;
        world.Run(10);

        world.Opened.Count.ShouldBe(2);
        world.Ranked(world.Opened[0]).ShouldBe("db");
        world.Ranked(world.Opened[1]).ShouldBe("store");
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0)]
    [InlineData(3, 8)]
    public void Two_faults_at_once_with_a_common_victim_are_two_incidents_that_name_both(int seed, int later)
    {
        var world = new World(seed);
        world.Run(Quiet);
        world.Slower["db"] = 0.2;
        world.RunAndAnalyse(later);
        world.Slower["cart"] = 0.2;
        world.RunAndAnalyse(40);

        world.Opened.Count.ShouldBe(2, world.Words);
        world.Opened.Select(world.Ranked).ShouldBe(["db", "cart"], ignoreOrder: true, world.Words);
    }

    [Theory]
    [InlineData(1, "db")]
    [InlineData(2, "catalog")]
    [InlineData(3, "cart")]
    [InlineData(4, "web")]
    public void One_fault_stays_one_incident_however_long_it_is_analysed(int seed, string service)
    {
        var world = new World(seed);
        world.Run(Quiet);
        world.Slower[service] = 0.2;
        world.Burns[service] = 1;
        world.RunAndAnalyse(120);

        world.Ranked(world.Opened.ShouldHaveSingleItem(world.Words)).ShouldBe(service);
    }

    [Fact]
    public void It_closes_once_its_symptoms_are_gone_for_a_while_and_a_later_fault_is_another()
    {
        var world = new World();
        world.Run(Quiet);
        world.Slower["db"] = 0.2;
        world.Run(20);
        world.Slower.Clear();

        world.Run(10).ShouldBeEmpty();
        world.Monitor.Due(world.Now).ShouldBeEmpty("a ranking made now would be of the repair");
        world.Run(40).ShouldHaveSingleItem().Resolved.ShouldNotBeNull();
        world.Monitor.Tracker.Open.ShouldBeEmpty();
        world.Slower["cart"] = 0.2;
        world.Run(5);
        world.Opened.Count.ShouldBe(2);
        world.Ranked(world.Opened[1]).ShouldBe("cart");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Quiet_hours_and_a_surge_of_requests_are_no_incidents(int seed)
    {
        var world = new World(seed);
        // Three hours at 5 s, then three times the requests for ten minutes.
        world.Run(2160);
        world.Load = 3;
        world.Run(120);

        world.Opened.ShouldBeEmpty($"seed {seed}: {world.Words}");
    }

    [Fact]
    public void After_a_restart_the_same_incident_goes_on_and_closes()
    {
        var world = new World();
        world.Run(Quiet);
        world.Slower["db"] = 0.2;
        world.Run(10);
        var before = world.Opened.Single();
        var stored = new Api.Incident { Metadata = new() { Name = before.Name, NamespaceProperty = "shop" }, Status = IncidentReporter.StatusOf(before, null, [], null, 1) };

        world.Monitor = new Monitor(world.Step, new());
        world.Monitor.Restore(IncidentMemory.Read(stored)!);
        world.Run(60).ShouldBeEmpty();
        world.Monitor.Tracker.Open.ShouldHaveSingleItem().Name.ShouldBe(before.Name);

        world.Slower.Clear();
        world.Run(60).ShouldHaveSingleItem().Resolved.ShouldNotBeNull();
    }

    [Fact]
    public void Rankings_are_due_at_once_then_less_and_less_often_and_not_for_ever()
    {
        var world = new World();
        world.Run(Quiet);
        world.Slower["db"] = 0.2;
        var due = Enumerable.Range(0, 400).Count(_ =>
        {
            world.Run(1);
            return world.Monitor.Due(world.Now).Count > 0;
        });

        world.Opened.Count.ShouldBe(1);
        due.ShouldBeInRange(4, 25);
    }

    [Fact]
    public void An_earlier_incident_is_no_part_of_what_a_later_one_is_compared_with()
    {
        var world = new World();
        world.Run(Quiet);
        world.Slower["db"] = 0.5;
        world.Run(40);
        world.Slower.Clear();
        world.Run(60);
        world.Slower["catalog"] = 0.1;
        world.Run(4);

        var later = world.Opened[^1];
        var table = world.Monitor.InputOf(later)!.Observed;
        var latencies = Enumerable.Range(0, table.Metrics.Count).Where(i => table.Metrics[i] is { Service: "db", Kind: MetricKind.Latency }).ToList();
        latencies.ShouldNotBeEmpty();
        foreach (var latency in latencies)
            table.Columns[latency].Where(double.IsFinite).ShouldAllBe(seconds => seconds < 0.1, table.Metrics[latency].ToString());
        world.Ranked(later).ShouldBe("catalog");
    }

    [Fact]
    public void A_status_says_what_broke_and_why_and_once_written_stays_the_same()
    {
        var world = new World();
        world.Run(Quiet);
        world.Slower["db"] = 0.2;
        world.Burns["db"] = 2;
        world.Run(12);
        var incident = world.Opened.Single();
        var analysed = IncidentAnalyst.Run(world.Monitor.InputOf(incident)!, world.Monitor.Moved);
        var status = IncidentReporter.StatusOf(incident, analysed, ["a note\u001b[2J"], null, 1);

        status.Phase.ShouldBe(IncidentPhases.Open);
        status.Cause.ShouldBe("db");
        status.Reason!.ShouldContain("robust deviations");
        status.Causes![0].Target.Name.ShouldBe("db");
        status.Causes[0].LagSeconds.ShouldNotBeNull();
        status.Edges!.ShouldContain(edge => edge.From.Name == "db" && edge.To.Name == "catalog" && edge.Kind == IncidentEdgeKinds.Call);
        status.Edges!.Count.ShouldBeLessThanOrEqualTo(IncidentStatus.MaxEdges);
        status.Symptoms!.Count.ShouldBeLessThanOrEqualTo(IncidentStatus.MaxSymptoms);
        status.Evidence!.ShouldContain("a note [2J");
        var again = IncidentReporter.StatusOf(incident, analysed, ["a note\u001b[2J"], status, 1);
        k8s.KubernetesJson.Serialize(again).ShouldBe(k8s.KubernetesJson.Serialize(status));
        // Without a newer ranking the old one stays.
        IncidentReporter.StatusOf(incident, null, [], status, 1).Cause.ShouldBe("db");
    }

    [Fact]
    public void Where_rounds_are_too_far_apart_for_temporal_order_the_status_says_why_there_is_none()
    {
        var world = new World(step: 30);
        world.Run(Quiet);
        world.Slower["db"] = 0.2;
        world.Run(6);
        var incident = world.Opened.Single();

        var status = IncidentReporter.StatusOf(incident, IncidentAnalyst.Run(world.Monitor.InputOf(incident)!, world.Monitor.Moved), [], null, 1);

        status.Edges!.ShouldAllBe(edge => edge.Kind == IncidentEdgeKinds.Call);
        status.Evidence!.ShouldContain(note => note.StartsWith("No temporal order was tested: ", StringComparison.Ordinal));
    }

    [Fact]
    public void Edges_of_temporal_order_stand_in_the_status_one_a_pair_of_services_and_bounded()
    {
        var world = new World();
        world.Run(Quiet);
        world.Slower["db"] = 0.2;
        world.Run(12);
        var incident = world.Opened.Single();
        var order = new CausalGraph(
            [
                Edge("db", new string('m', 300), "web", lag: 7.06, sign: -1),
                Edge("db", "weaker", "web", lag: 1, sign: 1),
                Edge("db", "cpu", "db", lag: 1, sign: 1),
                .. Enumerable.Range(0, 60).Select(i => Edge($"s{i}", "cpu", "web", lag: 1, sign: 0)),
            ], 2000, null);

        var analysed = IncidentAnalyst.Run(world.Monitor.InputOf(incident)!, world.Monitor.Moved) with { Order = order };
        var edges = IncidentReporter.StatusOf(incident, analysed, [], null, 1).Edges!;

        edges.Count.ShouldBeLessThanOrEqualTo(IncidentStatus.MaxEdges);
        edges.ShouldContain(edge => edge.Kind == IncidentEdgeKinds.Call);
        var first = edges[0];
        first.ShouldSatisfyAllConditions(
            () => (first.From.Name, first.To.Name, first.Kind, first.ToMetric).ShouldBe(("db", "web", IncidentEdgeKinds.Granger, "latency")),
            () => (first.LagSeconds, first.Sign, first.Gain, first.Strength).ShouldBe((7.06, -1, 0.25, 6)),
            () => first.FromMetric!.Length.ShouldBeLessThanOrEqualTo(IncidentEdge.MaxMetric));
        edges.Count(edge => edge.From.Name == "db" && edge.To.Name == "web" && edge.Kind == IncidentEdgeKinds.Granger).ShouldBe(1);
        edges.ShouldNotContain(edge => edge.From.Name == edge.To.Name);

        static CausalEdge Edge(string cause, string metric, string effect, double lag, int sign) =>
            new(new(cause, metric, MetricKind.Resource), new(effect, "latency", MetricKind.Latency), lag, sign, 0.25, 6, 1e-9);
    }
}
