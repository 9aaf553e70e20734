namespace Ops.Rca.Tests;

/// <summary>A service that is slow because somebody sends it much more work than before.</summary>
public sealed class PushedLoad_rules
{
    [Fact]
    public void The_sender_of_the_work_is_named_and_why()
    {
        for (var seed = 0; seed < 10; seed++)
        {
            var first = RootCauseAnalysis.Run(Flooded(seed, job: 20, database: 4)).Services[0];

            first.Service.ShouldBe("job", $"seed {seed}");
            first.Reasons.ShouldContain(reason => reason.Contains("workload went from", StringComparison.Ordinal) && reason.Contains("what it calls got much more work", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData(1, 4)]    // nobody who calls it has more work
    [InlineData(1.6, 4)]  // a caller has, but not twice as much
    [InlineData(20, 1.6)] // the callee got hardly more
    [InlineData(20, .3)]  // or less: it is stuck
    public void Without_a_clear_sender_or_clearly_more_work_the_slow_one_is_named(double job, double database)
    {
        for (var seed = 0; seed < 10; seed++)
            RootCauseAnalysis.Run(Flooded(seed, job, database)).Services[0].Service.ShouldBe("database", $"seed {seed}");
    }

    [Fact]
    public void A_surge_is_followed_to_where_it_comes_in()
    {
        RootCauseAnalysis.Run(Flooded(1, job: 1, database: 3, front: 3, cart: 3)).Services[0].Service.ShouldBe("front");
    }

    [Fact]
    public void Calls_in_a_circle_end_and_no_share_is_lost()
    {
        Metric[] metrics = [new("a", "requests", MetricKind.Load), new("b", "requests", MetricKind.Load), new("c", "requests", MetricKind.Load)];
        Shift[] shifts = [new(1, 50, 10, 30), new(1, 50, 10, 40), new(1, 50, 10, 50)];
        var load = new PushedLoad(metrics, shifts, new() { ["a"] = 0, ["b"] = 1, ["c"] = 2 }, [(0, 1), (1, 2), (2, 0)]);

        load.Traced([.5, .3, .2]).Shares.Sum().ShouldBe(1, 1e-12);
    }

    // front calls cart, cart and a nightly job call the database, whose queue and latency rise, and with it cart's and front's.
    private static Incident Flooded(int seed, double job, double database, double front = 1, double cart = 1)
    {
        const int Onset = 300;
        var random = new Random(seed);
        var metrics = new List<Metric>();
        var columns = new List<double[]>();
        foreach (var (service, name, usual, factor) in new[]
            {
                ("front", "latency", 50, 3.0), ("front", "workload", 40, front), ("cart", "latency", 40, 4), ("cart", "workload", 40, cart),
                ("database", "latency", 20, 8), ("database", "queue", 20, 20), ("database", "workload", 60, database), ("job", "cpu", 10, 2), ("job", "workload", 10, job),
            })
        {
            metrics.Add(new Metric(service, name, MetricKinds.FromName(name)));
            columns.Add([.. Enumerable.Range(0, 400).Select(row => (usual * (row < Onset ? 1 : factor)) + Synthetic.Gauss(random))]);
        }

        return new Incident
        {
            Name = $"flood {seed}",
            Observed = new MetricTable([.. Enumerable.Range(0, 400).Select(row => Synthetic.Begin + row)], metrics, [.. columns]),
            Calls = [new("front", "cart"), new("cart", "database"), new("job", "database")],
            Onset = Synthetic.Begin + Onset,
        };
    }
}
