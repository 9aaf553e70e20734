using CsCheck;

namespace Ops.Rca.Tests;

/// <summary>What every ranking promises.</summary>
public sealed class Ranking_rules
{
    public static TheoryData<string> MethodNames => [.. RootCauseAnalysis.Methods.Select(method => method.Name)];

    [Theory]
    [MemberData(nameof(MethodNames))]
    public void Order_of_columns_and_names_of_services_change_no_rank(string name)
    {
        var method = RootCauseAnalysis.Methods.Single(known => known.Name == name);

        // Strength 0 has no fault, so near-ties are many; a duplicate column below makes exact ones.
        Gen.Select(Gen.Int[0, 1000], Gen.Int[0, 1000], Gen.Bool).Sample((seed, shuffle, faulty) =>
        {
            var incident = WithTwin(Synthetic.Shop(seed, rows: 60, onsetRow: 40, strength: faulty ? 1 : 0));
            var random = new Random(shuffle);
            var order = Enumerable.Range(0, incident.Observed.Metrics.Count).ToArray();
            random.Shuffle(order);
            var keys = Synthetic.Services.Append("twin").ToDictionary(service => service, _ => $"s{random.Next():x8}");

            var plain = RootCauseAnalysis.Run(incident, method);
            var permuted = RootCauseAnalysis.Run(Synthetic.Permuted(incident, order, service => keys[service]), method);

            foreach (var cause in plain.Services)
                permuted.Services.Single(other => other.Service == keys[cause.Service]).Rank.ShouldBe(cause.Rank, $"{name} {cause.Service}");
            foreach (var cause in plain.Metrics)
                permuted.Metrics.Single(other => other.Service == keys[cause.Service] && other.Metric == cause.Metric).Rank.ShouldBe(cause.Rank, $"{name} {cause.Service} {cause.Metric}");
        }, iter: name.StartsWith("neural", StringComparison.Ordinal) ? 3 : 40);
    }

    [Fact]
    public void Services_that_nothing_tells_apart_share_the_middle_of_their_places()
    {
        var analysis = RootCauseAnalysis.Run(WithTwin(Synthetic.Shop(1)) with { Calls = [] });

        var db = analysis.Services.Single(cause => cause.Service == "db");
        db.Rank.ShouldBe(1.5);
        analysis.Services.Single(cause => cause.Service == "twin").Rank.ShouldBe(1.5);
    }

    [Fact]
    public void Mid_ranks_count_those_above_and_half_of_the_equals() =>
        MidRank.Of([5, 1, 5, 9, double.NaN]).ShouldBe([2.5, 4, 2.5, 1, 5]);

    [Fact]
    public void Two_runs_give_the_same_result()
    {
        var incident = Synthetic.Shop(7) with { Onset = null };

        var first = RootCauseAnalysis.Run(incident);
        var second = RootCauseAnalysis.Run(incident);

        second.Services.Select(cause => (cause.Service, cause.Rank, cause.Score)).ShouldBe(first.Services.Select(cause => (cause.Service, cause.Rank, cause.Score)));
        second.OnsetFound.ShouldBe(first.OnsetFound);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(60)]
    [InlineData(-60)]
    public void The_cause_is_first_when_the_told_onset_is_a_minute_wrong(int seconds)
    {
        for (var seed = 0; seed < 10; seed++)
        {
            var incident = Synthetic.Shop(seed);

            RootCauseAnalysis.Run(incident with { Onset = incident.Onset + seconds }).Services[0].Service.ShouldBe("db", $"seed {seed}");
        }
    }

    [Fact]
    public void The_walk_puts_the_called_cause_above_a_caller_that_moved_more()
    {
        // frontend moves more than cart, and cart calls a db that moved: without the walk the loudest victim wins.
        double[] scores = [5, 4, 4.8, 0];
        var edges = new[] { (0, 1, 1.0), (1, 2, 1.0), (0, 3, 1.0) };

        var shares = CallGraphWalk.Stationary(scores, edges);

        shares[2].ShouldBeGreaterThan(shares[0]);
        shares.Sum().ShouldBe(1, 1e-9);
        shares[3].ShouldBeLessThan(shares[1]);
    }

    [Fact]
    public void A_fall_of_latency_or_a_rise_of_availability_is_no_evidence()
    {
        var times = Enumerable.Range(0, 100).Select(row => 1000.0 + row).ToArray();
        var random = new Random(3);
        double[] Column(double shift) => [.. times.Select(time => 50 + Synthetic.Gauss(random) + (time >= 1060 ? shift : 0))];
        Metric[] metrics = [new("better", "latency", MetricKind.Latency), new("fine", "availability", MetricKind.Availability), new("worse", "availability", MetricKind.Availability)];
        var incident = new Incident { Name = "directions", Observed = new MetricTable(times, metrics, [Column(-40), Column(40), Column(-3)]), Onset = 1060 };

        var analysis = RootCauseAnalysis.Run(incident, new ShiftOnly());

        analysis.Services[0].Service.ShouldBe("worse");
        analysis.Services[0].Score.ShouldBe(1, 1e-9);
    }

    [Fact]
    public void The_reasons_name_the_metric_its_values_and_the_callers()
    {
        var top = RootCauseAnalysis.Run(Synthetic.Shop(2)).Services[0];

        top.Reasons.Count.ShouldBe(2);
        top.Reasons[0].ShouldStartWith("cpu went from ");
        top.Reasons[1].ShouldContain("cart");
    }

    private static Incident WithTwin(Incident incident)
    {
        var table = incident.Observed;
        var twins = Enumerable.Range(0, table.Metrics.Count).Where(m => table.Metrics[m].Service == "db").ToArray();
        return incident with
        {
            Observed = new MetricTable(
                table.Times,
                [.. table.Metrics, .. twins.Select(m => table.Metrics[m] with { Service = "twin" })],
                [.. table.Columns, .. twins.Select(m => table.Columns[m])]),
        };
    }
}
