namespace Ops.Rca.Tests;

/// <summary>Tables that telemetry really brings: every method ranks what is left of them, or says in words why it cannot.</summary>
public sealed class Bad_input_rules
{
    public static TheoryData<string> MethodNames => [.. RootCauseAnalysis.Methods.Select(method => method.Name)];

    [Theory]
    [MemberData(nameof(MethodNames))]
    public void Constant_sparse_copied_and_huge_columns_leave_every_method_with_finite_ranks(string name)
    {
        var incident = With(Synthetic.Shop(5, rows: 120, onsetRow: 80),
            ("flat", row => 3),
            ("one-value", row => row == 7 ? 1 : double.NaN),
            ("nothing-before", row => row >= 80 ? 5 : double.NaN),
            ("nothing-after", row => row < 80 ? 5 + (row % 3) : double.NaN),
            ("huge", row => 1e300 * (1 + (row % 5))),
            ("tiny", row => double.Epsilon * row));

        var analysis = RootCauseAnalysis.Run(incident, RootCauseAnalysis.Methods.Single(method => method.Name == name));

        analysis.Services.Count.ShouldBe(Synthetic.Services.Length + 1);
        analysis.Metrics.Count.ShouldBe(incident.Observed.Metrics.Count);
        analysis.Services.Sum(cause => cause.Rank).ShouldBe(analysis.Services.Count * (analysis.Services.Count + 1) / 2.0, 1e-6);
        analysis.Metrics.Sum(cause => cause.Rank).ShouldBe(analysis.Metrics.Count * (analysis.Metrics.Count + 1) / 2.0, 1e-6);
        if (name is "order-walk" or "shift-walk" or "granger-walk" or "shift")
            analysis.Services[0].Service.ShouldBe("db");
    }

    [Fact]
    public void The_explanation_of_such_a_table_holds_only_numbers_that_are_some()
    {
        var incident = With(Synthetic.Shop(6, rows: 160, onsetRow: 100),
            ("flat", row => 3), ("nothing-before", row => row >= 100 ? 5 : double.NaN), ("huge", row => 1e300 * (1 + (row % 5))));

        var explanation = Explanation.Of(incident, RootCauseAnalysis.Run(incident));

        explanation.Graph.Edges.ShouldAllBe(edge => double.IsFinite(edge.Gain) && double.IsFinite(edge.Strength) && double.IsFinite(edge.LagSeconds));
        explanation.Deviations.ShouldAllBe(first => double.IsFinite(first.Seconds));
    }

    [Theory]
    [InlineData(double.NegativeInfinity)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(0)]
    [InlineData(9e9)]
    public void An_onset_that_is_not_in_the_data_is_refused_with_both_times(double onset) =>
        Should.Throw<BadInputException>(() => RootCauseAnalysis.Run(Synthetic.Shop(1) with { Onset = onset })).Message.ShouldContain("lies outside the data, which reaches from");

    [Fact]
    public void A_symptom_and_calls_that_no_metric_knows_are_named_and_do_no_harm()
    {
        var incident = Synthetic.Shop(8) with { Symptom = "nobody" };
        incident = incident with { Calls = [.. incident.Calls, new("ghost", "phantom"), new("db", "db")] };

        var analysis = RootCauseAnalysis.Run(incident);

        analysis.Services[0].Service.ShouldBe("db");
        analysis.Notes.ShouldContain(note => note.Contains("symptom nobody"));
        Explanation.Of(incident, analysis).Apart.ShouldBeEmpty();
    }

    [Fact]
    public void Ten_thousand_columns_that_all_move_are_ranked_and_explained()
    {
        var random = new Random(3);
        var metrics = Enumerable.Range(0, 10_000).Select(i => new Metric($"s{i / 10}", $"cpu{i % 10}", MetricKind.Resource)).ToArray();
        var columns = metrics.Select((_, i) => Enumerable.Range(0, 80).Select(row => random.NextDouble() + (row >= 60 ? i == 4242 ? 90 : 5 : 0)).ToArray()).ToArray();
        var incident = new Incident
        {
            Name = "wide",
            Observed = new MetricTable([.. Enumerable.Range(0, 80).Select(row => (double)row)], metrics, columns),
            Calls = [.. Enumerable.Range(1, 999).Select(service => new CallEdge($"s{(service - 1) / 2}", $"s{service}"))],
            Onset = 60,
        };

        var analysis = RootCauseAnalysis.Run(incident);

        analysis.Services.Take(3).Select(cause => cause.Service).ShouldContain("s424");
        analysis.Metrics[0].ToString().ShouldContain("cpu");
        Explanation.Of(incident, analysis).Graph.Tested.ShouldBeLessThan(1000);
    }

    private static Incident With(Incident incident, params (string Name, Func<int, double> Value)[] columns)
    {
        var table = incident.Observed;
        var added = columns.Select(column => Enumerable.Range(0, table.Rows).Select(column.Value).ToArray()).ToArray();
        // And the first of the table once more, under another service's name.
        return incident with
        {
            Observed = new MetricTable(
                table.Times,
                [.. table.Metrics, .. columns.Select(column => new Metric("odd", column.Name, MetricKind.Resource)), new Metric("odd", "copy", table.Metrics[0].Kind)],
                [.. table.Columns, .. added, table.Columns[0]]),
        };
    }
}
