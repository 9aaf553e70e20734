namespace Ops.Rca.Tests;

/// <summary>Finding when an incident began.</summary>
public sealed class Onset_rules
{
    [Fact]
    public void A_step_is_found_within_ten_seconds_and_lies_in_its_interval()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var incident = Synthetic.Shop(seed, onsetRow: 200 + (10 * seed));

            var found = OnsetSearch.Find(incident)!;

            Math.Abs(found.Seconds - incident.Onset!.Value).ShouldBeLessThanOrEqualTo(10, $"seed {seed}");
            incident.Onset.Value.ShouldBeInRange(found.Earliest, found.Latest, $"seed {seed}");
            found.Probability.ShouldBe(0.01, $"seed {seed}");
        }
    }

    [Fact]
    public void Quiet_data_give_few_false_alarms()
    {
        // At 5 % one expects 5 of 100; the block shuffle is a little conservative or liberal, never wild.
        var alarms = Enumerable.Range(0, 100).Count(seed => OnsetSearch.Find(Synthetic.Shop(seed, rows: 240, strength: 0))!.IsChange);

        alarms.ShouldBeLessThanOrEqualTo(12);
    }

    [Fact]
    public void The_scale_of_a_metric_changes_nothing()
    {
        var incident = Synthetic.Shop(4) with { Onset = null };
        var table = incident.Observed;
        var scaled = incident with { Observed = new MetricTable(table.Times, table.Metrics, [.. table.Columns.Select((column, m) => column.Select(value => value * (m + 1) * 1024).ToArray())]) };

        OnsetSearch.Find(scaled)!.Seconds.ShouldBe(OnsetSearch.Find(incident)!.Seconds);
    }

    [Fact]
    public void With_too_few_rows_nothing_is_claimed() => OnsetSearch.Find(Synthetic.Shop(1, rows: 3, onsetRow: 2)).ShouldBeNull();

    [Fact]
    public void Without_a_told_onset_the_cause_is_still_first_and_the_onset_is_reported()
    {
        for (var seed = 0; seed < 10; seed++)
        {
            var analysis = RootCauseAnalysis.Run(Synthetic.Shop(seed) with { Onset = null });

            analysis.Services[0].Service.ShouldBe("db", $"seed {seed}");
            analysis.Onset.ShouldBe(analysis.OnsetFound!.Seconds);
        }
    }

    [Fact]
    public void Where_nothing_happened_the_result_says_that_there_may_be_no_incident()
    {
        var quiet = Enumerable.Range(0, 20).First(seed => OnsetSearch.Find(Synthetic.Shop(seed, rows: 240, strength: 0))!.Probability > 0.3);

        RootCauseAnalysis.Run(Synthetic.Shop(quiet, rows: 240, strength: 0) with { Onset = null }).Notes.ShouldContain(note => note.Contains("may be no incident"));
    }

    [Fact]
    public void More_work_alone_is_a_change_and_no_incident()
    {
        var quiet = Synthetic.Shop(3, rows: 240, strength: 0) with { Onset = null };
        var table = quiet.Observed;
        var surge = quiet with
        {
            Observed = new MetricTable(table.Times, [.. table.Metrics, new Metric("db", "requests", MetricKind.Load), new Metric("web", "requests", MetricKind.Load)],
                [.. table.Columns, .. Enumerable.Range(0, 2).Select(seed => Requests(table.Rows, seed))]),
        };

        var found = OnsetSearch.Find(surge)!;

        (found.IsChange, found.Symptoms, found.IsIncident).ShouldBe((true, 0, false));
        RootCauseAnalysis.Run(surge).Notes.ShouldContain(note => note.Contains("no latency, failure or availability"));
    }

    // Ten times the requests from the middle on.
    private static double[] Requests(int rows, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, rows).Select(row => (row < rows / 2 ? 20 : 200) * (0.95 + (0.1 * random.NextDouble())))];
    }
}
