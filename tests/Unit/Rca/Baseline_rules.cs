namespace Ops.Rca.Tests;

/// <summary>The baselines are what their papers say, on numbers that one can follow by hand.</summary>
public sealed class Baseline_rules
{
    // Before: 1, 2, 3, 4, 5 (mean 3, deviation sqrt 2, median 3, quartiles 2 and 4). During: 6 and 1.
    private static readonly Incident Small = new()
    {
        Name = "small",
        Observed = new MetricTable(
            [0, 300, 600, 900, 1200, 1500, 1800],
            [new Metric("a", "cpu", MetricKind.Resource), new Metric("b", "cpu", MetricKind.Resource)],
            [[1, 2, 3, 4, 5, 6, 1], [7, 7, 7, 7, 7, 7, 7]]),
        Onset = 1500,
        Calls = [new CallEdge("a", "b")],
    };

    [Fact]
    public void N_sigma_is_the_largest_distance_from_the_mean_in_standard_deviations() =>
        new NSigma().Score(Small, 1500).Services["a"].ShouldBe(3 / Math.Sqrt(2), 1e-9);

    [Fact]
    public void Baro_is_the_largest_rise_above_the_median_in_interquartile_ranges() =>
        new Baro().Score(Small, 1500).Services["a"].ShouldBe(1.5, 1e-9);

    [Fact]
    public void A_constant_metric_is_no_suspect_for_any_baseline()
    {
        foreach (var method in new IMethod[] { new NSigma(), new Baro(), new EDiagnosis() })
            method.Score(Small, 1500).Services["b"].ShouldBe(0, method.Name);
    }

    [Fact]
    public void The_energy_statistic_is_one_for_samples_far_apart()
    {
        var apart = Small with { Observed = new MetricTable(Small.Observed.Times, [Small.Observed.Metrics[0]], [[0, 0, 0, 0, 0, 9, 9]]) , Calls = [] };

        new EDiagnosis().Score(apart, 1500).Services["a"].ShouldBe(1, 1e-9);
    }

    [Fact]
    public void Topology_looks_at_no_value()
    {
        var incident = Synthetic.Shop(1);
        var other = incident with { Observed = new MetricTable(incident.Observed.Times, incident.Observed.Metrics, [.. incident.Observed.Columns.Reverse()]) };

        new TopologyOnly().Score(other, other.Onset).Services.ShouldBe(new TopologyOnly().Score(incident, incident.Onset).Services);
    }

    [Fact]
    public void The_scale_of_the_shift_prior_is_the_largest_of_its_four()
    {
        ShiftPrior.Scale([1, 2, 3, 4, 5]).ShouldBe(2 / 1.349, 1e-9);
        ShiftPrior.Scale([100, 100, 100, 100, 100]).ShouldBe(2, 1e-9);
        ShiftPrior.Scale([0, 0, 0]).ShouldBe(1e-9);
        ShiftPrior.Scale([.. Enumerable.Repeat(0.0, 90), .. Enumerable.Repeat(392.0, 10)]).ShouldBe(50, 1e-9);
    }
}
