namespace Ops.Rca.Tests;

/// <summary>What stands behind a ranking.</summary>
public sealed class Explanation_rules
{
    [Fact]
    public void The_way_from_the_cause_to_the_symptom_runs_over_the_callers()
    {
        var incident = Synthetic.Shop(1) with { Symptom = "frontend" };

        var explanation = Explanation.Of(incident, RootCauseAnalysis.Run(incident));

        explanation.Paths[0].Services.ShouldBe(["db", "cart", "frontend"]);
        explanation.Apart.ShouldBeEmpty();
    }

    [Fact]
    public void First_deviations_are_found_at_the_row_they_begin_and_spikes_are_none()
    {
        var incident = Synthetic.Shop(2);
        var table = incident.Observed;
        var mail = Enumerable.Range(0, table.Metrics.Count).First(m => table.Metrics[m].Service == "mail");
        table.Columns[mail][405] += 100;

        var deviations = FirstDeviation.Around(incident, incident.Onset);

        deviations.Select(first => first.Metric.Service).Distinct().ShouldBe(["db", "cart", "frontend"], ignoreOrder: true);
        foreach (var first in deviations)
            first.Seconds.ShouldBe(incident.Onset!.Value, 2);
    }

    [Fact]
    public void Two_incidents_at_once_are_told_apart_and_ranked_apart()
    {
        var incident = Synthetic.Shop(3);
        var table = incident.Observed;
        var mail = Enumerable.Range(0, table.Metrics.Count).First(m => table.Metrics[m] is { Service: "mail", Name: "cpu" });
        for (var row = 400; row < table.Rows; row++)
            table.Columns[mail][row] += 40;
        // Mail is called by nobody here, so what happens to it is another matter.
        incident = incident with { Calls = [.. incident.Calls.Where(call => call.Callee != "mail")] };

        var explanation = Explanation.Of(incident, RootCauseAnalysis.Run(incident));

        explanation.Apart.Select(one => (one.Cause, string.Join(" ", one.Services))).ShouldBe([("db", "cart db frontend"), ("mail", "mail")], ignoreOrder: true);
        explanation.Apart.ShouldAllBe(one => one.Ranking.Services[0].Service == one.Cause);
        explanation.Notes.ShouldContain(note => note.Contains("2 incidents at once"));
    }

    [Fact]
    public void Columns_and_names_in_another_order_give_the_same_explanation()
    {
        var incident = Synthetic.Shop(4) with { Symptom = "frontend" };
        var order = Enumerable.Range(0, incident.Observed.Metrics.Count).Reverse().ToArray();
        var permuted = Synthetic.Permuted(incident, order, service => service);

        var (one, other) = (Explanation.Of(incident, RootCauseAnalysis.Run(incident)), Explanation.Of(permuted, RootCauseAnalysis.Run(permuted)));

        other.Deviations.ShouldBe(one.Deviations);
        other.Paths.Select(path => path.ToString()).ShouldBe(one.Paths.Select(path => path.ToString()));
        other.Graph.Edges.Select(edge => (edge.Cause, edge.Effect)).ShouldBe(one.Graph.Edges.Select(edge => (edge.Cause, edge.Effect)));
    }
}
