namespace Ops.Rca.Tests;

/// <summary>Victims that move more than their cause, but later.</summary>
public sealed class Order_rules
{
    private static readonly IMethod Default = RootCauseAnalysis.Methods[0];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_cause_that_moved_seconds_earlier_stands_above_a_victim_that_moved_more(bool graph)
    {
        for (var seed = 0; seed < 10; seed++)
        {
            var incident = Cascade(seed, lagRows: 12) with { Calls = graph ? [new("front", "middle"), new("middle", "store"), new("front", "other")] : [] };

            RootCauseAnalysis.Run(incident, new ShiftOnly()).Services[0].Service.ShouldNotBe("store", $"seed {seed}: the case must be one that size alone gets wrong");
            RootCauseAnalysis.Run(incident).Services[0].Service.ShouldBe("store", $"seed {seed}");
        }
    }

    [Theory]
    [InlineData(-60)]
    [InlineData(60)]
    public void It_holds_when_the_told_onset_is_a_minute_wrong(int seconds)
    {
        var incident = Cascade(3, lagRows: 12);

        RootCauseAnalysis.Run(incident with { Onset = incident.Onset + seconds }).Services[0].Service.ShouldBe("store");
        RootCauseAnalysis.Run(incident with { Onset = null }).Services[0].Service.ShouldBe("store");
    }

    [Fact]
    public void A_lag_of_one_row_tells_nothing()
    {
        var incident = Cascade(4, lagRows: 1);

        Ranked(incident, Default).ShouldBe(Ranked(incident, new ShiftWalk()));
    }

    [Fact]
    public void Rows_too_far_apart_tell_nothing()
    {
        var incident = Cascade(5, lagRows: 12, step: 30);

        Ranked(incident, Default).ShouldBe(Ranked(incident, new ShiftWalk()));
    }

    [Fact]
    public void A_queue_that_fills_late_takes_nothing_from_what_its_service_showed_at_once()
    {
        Metric[] metrics = [new("store", "latency", MetricKind.Latency), new("store", "queue", MetricKind.Resource), new("front", "latency", MetricKind.Latency)];
        Shift[] shifts = [new(6, 400, 1, 401), new(8, 3000, 0, 3000), new(7, 1000, 1, 1001)];
        (int, FirstDeviation)[] deviations = [.. new[] { 100.0, 130, 105 }.Select((seconds, m) => (m, new FirstDeviation(metrics[m], seconds, shifts[m].Deviations)))];

        var order = OnsetOrder.Of(Cascade(7, lagRows: 12), deviations, shifts, ["store", "front", "quiet"]);

        // The store keeps six eighths of its 8. The front is 5 s behind, of which the first is a row's: 0.3 + 0.7 exp(-4 / 3).
        order.Services.ShouldBe([0.75, 0.3 + (0.7 * Math.Exp(-4 / 3.0)), 0.3], 1e-12);
        order.Metrics[0].ShouldBe(1);
        order.Metrics[1].ShouldBe(0.3 + (0.7 * Math.Exp(-29 / 3.0)), 1e-12);
    }

    [Fact]
    public void A_faint_metric_that_seems_early_is_not_the_first()
    {
        Metric[] metrics = [new("store", "latency", MetricKind.Latency), new("front", "mem", MetricKind.Resource), new("front", "latency", MetricKind.Latency)];
        Shift[] shifts = [new(6, 400, 1, 401), new(1.2, 4, 0, 4), new(7, 1000, 1, 1001)];
        (int, FirstDeviation)[] deviations = [.. new[] { 100.0, 70, 110 }.Select((seconds, m) => (m, new FirstDeviation(metrics[m], seconds, shifts[m].Deviations)))];

        OnsetOrder.Of(Cascade(7, lagRows: 12), deviations, shifts, ["store", "front"]).Services[0].ShouldBe(1);
    }

    [Fact]
    public void A_service_that_hardly_moved_but_early_is_not_the_first_either()
    {
        Metric[] metrics = [new("store", "latency", MetricKind.Latency), new("other", "latency", MetricKind.Latency)];
        Shift[] shifts = [new(6, 400, 1, 401), new(1.2, 4, 0, 4)];
        (int, FirstDeviation)[] deviations = [.. new[] { 100.0, 70 }.Select((seconds, m) => (m, new FirstDeviation(metrics[m], seconds, shifts[m].Deviations)))];

        OnsetOrder.Of(Cascade(7, lagRows: 12), deviations, shifts, ["store", "other"]).Services[0].ShouldBe(1);
    }

    [Fact]
    public void Where_nothing_moved_nothing_is_weighed()
    {
        var incident = Synthetic.Shop(6, strength: 0);

        // Noise has no order: what differs by it is what noise took for a movement.
        OnsetOrder.Of(incident, [], [], ["db", "cart"]).Services.ShouldBe([1, 1]);
        RootCauseAnalysis.Run(incident).Services.Count.ShouldBe(Synthetic.Services.Length);
    }

    // "other" is quiet: what has not moved counts least of all, and so stays where it was.
    private static string[] Ranked(Incident incident, IMethod method) =>
        [.. RootCauseAnalysis.Run(incident, method).Services.Where(cause => cause.Service != "other").Select(cause => cause.Service)];

    // The store's memory grows from the onset on; the middle and the front follow later, and move ten times as far.
    private static Incident Cascade(int seed, int lagRows, double step = 1)
    {
        const int Onset = 300;
        var random = new Random(seed);
        var metrics = new List<Metric>();
        var columns = new List<double[]>();
        foreach (var (service, name, size, lag) in new[]
            { ("front", "latency", 300.0, 2 * lagRows), ("middle", "latency", 400, lagRows), ("store", "mem", 40, 0), ("store", "latency", 20, lagRows), ("other", "latency", 0, 0) })
        {
            metrics.Add(new Metric(service, name, MetricKinds.FromName(name)));
            columns.Add([.. Enumerable.Range(0, 400).Select(row => 50 + Synthetic.Gauss(random) + (row < Onset + lag ? 0 : size * Math.Min(1, (row - Onset - lag + 1) / 5.0)))]);
        }

        return new Incident
        {
            Name = $"cascade {seed}",
            Observed = new MetricTable([.. Enumerable.Range(0, 400).Select(row => Synthetic.Begin + (row * step))], metrics, [.. columns]),
            Onset = Synthetic.Begin + (Onset * step),
        };
    }
}
