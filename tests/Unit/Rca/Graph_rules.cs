namespace Ops.Rca.Tests;

/// <summary>Who leads whom, and when that cannot be told.</summary>
public sealed class Graph_rules
{
    [Fact]
    public void A_chain_is_found_with_its_lags_and_signs_and_without_what_is_only_passed_on()
    {
        var graph = new LinearGranger().Test(Series(Chain(1, 600), out _)).ToGraph(Series(Chain(1, 600), out _));

        graph.Edges.Select(edge => (edge.Cause.Service, edge.Effect.Service)).ShouldBe([("a", "b"), ("b", "c")], ignoreOrder: true);
        var first = graph.Edges.Single(edge => edge.Cause.Service == "a");
        first.LagSeconds.ShouldBe(2, 0.7);
        first.Sign.ShouldBe(1);
        first.Gain.ShouldBeGreaterThan(0.2);
        graph.Edges.Single(edge => edge.Cause.Service == "b").Sign.ShouldBe(-1);
    }

    [Fact]
    public void Independent_series_with_memory_give_almost_no_edges()
    {
        // 20 systems of 90 pairs each: at a false discovery rate of 1 % few systems have any edge at all.
        var edges = Enumerable.Range(0, 20).Sum(seed =>
        {
            var random = new Random(seed);
            var table = Table([.. Enumerable.Range(0, 10).Select(_ => Remembering(400, 0.9, random))]);
            var series = Series(table, out _);
            return new LinearGranger().Test(series).ToGraph(series).Edges.Count;
        });

        edges.ShouldBeLessThanOrEqualTo(4);
    }

    [Fact]
    public void An_influence_in_both_directions_is_found_by_the_neural_test_and_not_by_the_linear_one()
    {
        var random = new Random(3);
        var cause = Remembering(600, 0.5, random);
        var effect = new double[600];
        for (var row = 1; row < 600; row++)
            effect[row] = (0.3 * effect[row - 1]) + Math.Abs(cause[row - 1]) + (0.4 * Synthetic.Gauss(random));
        var series = Series(Table([cause, effect, Remembering(600, 0.5, random)]), out _);

        new LinearGranger().Test(series).ToGraph(series).Edges.ShouldBeEmpty();
        var found = new NeuralGranger().Test(series).ToGraph(series).Edges.ShouldHaveSingleItem();
        (found.Cause.Service, found.Effect.Service).ShouldBe(("a", "b"));
        found.Gain.ShouldBeGreaterThan(0.1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Two_runs_give_the_same_scores_and_no_series_is_its_own_cause(bool neural)
    {
        IEdgeTest test = neural ? new NeuralGranger() : new LinearGranger();
        var series = Series(Chain(5, 300), out _);

        var scores = test.Test(series);

        scores.Statistic.ShouldBe(test.Test(series).Statistic);
        for (var i = 0; i < series.Metrics.Count; i++)
            scores.Probability[i, i].ShouldBe(1);
    }

    [Theory]
    [InlineData(40, 1, "too few")]
    [InlineData(400, 60, "too coarse")]
    public void Too_few_rows_and_rows_too_far_apart_make_the_test_abstain(int rows, double step, string said)
    {
        var incident = Synthetic.Shop(1, rows: rows, onsetRow: rows * 2 / 3, step: step);

        Series(incident.Observed, out var why, mayAbstain: true);
        why.ShouldContain(said);
        var with = RootCauseAnalysis.Run(incident, new ShiftWalk { Temporal = new LinearGranger() });
        with.Services.Select(cause => (cause.Service, cause.Rank)).ShouldBe(RootCauseAnalysis.Run(incident).Services.Select(cause => (cause.Service, cause.Rank)));
        Explanation.Of(incident, with).Notes.ShouldContain(note => note.Contains(said));
    }

    [Fact]
    public void Gaps_are_filled_remembered_and_not_held_against_anyone_and_constant_series_are_left_out()
    {
        var table = Chain(2, 600);
        for (var row = 100; row < 120; row++)
            table.Columns[1][row] = double.NaN;
        var with = new MetricTable(table.Times, [.. table.Metrics, new Metric("d", "latency", MetricKind.Latency)], [.. table.Columns, new double[600]]);

        var series = Series(with, out _);

        series.Metrics.Count.ShouldBe(3);
        series.Known[1].Count(known => !known).ShouldBe(20);
        series.Values[1].ShouldAllBe(value => float.IsFinite(value));
        new LinearGranger().Test(series).ToGraph(series).Edges.Count.ShouldBe(2);
    }

    [Fact]
    public void The_statistic_counts_neighbouring_errors_that_resemble_each_other_only_once()
    {
        var random = new Random(1);
        // Each value five times: five times the rows, the same information.
        double[] once = [.. Enumerable.Range(0, 200).Select(_ => 0.2 + Synthetic.Gauss(random))];
        double[] repeated = [.. once.SelectMany(value => Enumerable.Repeat(value, 5))];

        HeldOutTest.Statistic(once).ShouldBe(0.2 * Math.Sqrt(200), 2);
        HeldOutTest.Statistic(repeated).ShouldBeLessThan(1.6 * HeldOutTest.Statistic(once));
    }

    [Fact]
    public void Tail_and_threshold_are_those_of_the_tables()
    {
        HeldOutTest.UpperTail(1.644854).ShouldBe(0.05, 1e-6);
        HeldOutTest.UpperTail(-1).ShouldBe(0.8413447, 1e-6);
        // 5 % over four tests: 0.0125, 0.025, 0.0375, 0.05.
        HeldOutTest.Threshold([0.9, 0.01, 0.03, 0.02], 4, 0.05).ShouldBe(0.03);
        HeldOutTest.Threshold([0.9, 0.02], 4, 0.05).ShouldBe(-1);
    }

    [Fact]
    public void Edges_of_a_simulated_system_are_recovered_far_better_than_by_chance()
    {
        var system = SyntheticSystem.Create(new SyntheticOptions { Services = 10 }, seed: 1);

        system.EdgeRecovery(new LinearGranger()).ShouldBeGreaterThan(0.85);
        SyntheticSystem.Create(new SyntheticOptions { Services = 10 }, seed: 1).Table.Columns[3].ShouldBe(system.Table.Columns[3]);
        SyntheticSystem.Create(new SyntheticOptions { Services = 10 }, seed: 2).Table.Columns[3].ShouldNotBe(system.Table.Columns[3]);
    }

    [Fact]
    public void Bent_influences_are_recovered_better_by_the_neural_test()
    {
        var system = SyntheticSystem.Create(new SyntheticOptions { Services = 10, NonLinear = true }, seed: 0);

        var neural = system.EdgeRecovery(new NeuralGranger());

        neural.ShouldBeGreaterThan(system.EdgeRecovery(new LinearGranger()));
        neural.ShouldBeGreaterThan(system.EdgeRecovery(new PublishedNeuralGranger()));
    }

    // a leads b by two rows; b leads c by one, against it.
    private static MetricTable Chain(int seed, int rows)
    {
        var random = new Random(seed);
        var a = Remembering(rows, 0.5, random);
        var (b, c) = (new double[rows], new double[rows]);
        for (var row = 2; row < rows; row++)
        {
            b[row] = (0.3 * b[row - 1]) + (0.8 * a[row - 2]) + (0.5 * Synthetic.Gauss(random));
            c[row] = (0.3 * c[row - 1]) - (0.8 * b[row - 1]) + (0.5 * Synthetic.Gauss(random));
        }

        return Table([a, b, c]);
    }

    private static double[] Remembering(int rows, double memory, Random random)
    {
        var values = new double[rows];
        for (var row = 0; row < rows; row++)
            values[row] = (row > 0 ? memory * values[row - 1] : 0) + Synthetic.Gauss(random);
        return values;
    }

    private static MetricTable Table(double[][] columns) =>
        new([.. Enumerable.Range(0, columns[0].Length).Select(row => (double)row)],
            [.. columns.Select((_, i) => new Metric($"{(char)('a' + i)}", "latency", MetricKind.Latency))], columns);

    private static EvenSeries Series(MetricTable table, out string why, bool mayAbstain = false)
    {
        var series = EvenSeries.From(table, [.. Enumerable.Range(0, table.Metrics.Count)], out why);
        if (!mayAbstain)
            series.ShouldNotBeNull(why);
        return series!;
    }
}
