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
    public void Where_nothing_moved_nothing_is_weighed()
    {
        var incident = Synthetic.Shop(6, strength: 0);

        // Noise has no order: what differs by it is what noise took for a movement.
        OnsetOrder.Weights(incident, [], [], ["db", "cart"]).ShouldBe([1, 1]);
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
