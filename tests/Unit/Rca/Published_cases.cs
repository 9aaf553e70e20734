using Ops.Rca.Reading;

namespace Ops.Rca.Tests;

/// <summary>The public data sets as published; skipped where they are not beside the checkout.</summary>
public sealed class Published_cases
{
    [Fact]
    public void PetShop_has_sixteen_cases_with_graph_normal_period_symptom_and_onset()
    {
        var cases = CaseReader.ReadCases(DataSets.PetShop);

        cases.Count.ShouldBe(16);
        foreach (var labelled in cases)
        {
            labelled.Service.ShouldBe("PetSearch_AWS::ECS::Fargate");
            labelled.Incident.Symptom.ShouldBe("PetSite");
            labelled.Incident.Observed.Rows.ShouldBeInRange(4, 6);
            labelled.Incident.Normal!.Rows.ShouldBeGreaterThan(500);
            labelled.Incident.Calls.ShouldContain(new CallEdge("PetSite", "PetSearch_AWS::ECS::Fargate"));
        }
    }

    [Fact]
    public void A_day_of_Nezha_has_24_faults_whose_windows_do_not_reach_into_each_other()
    {
        var cases = CaseReader.ReadCases(DataSets.Nezha);

        cases.Count.ShouldBe(24);
        for (var i = 0; i < cases.Count; i++)
        {
            cases[i].Incident.Observed.Metrics.ShouldContain(metric => metric.Kind == MetricKind.EdgeGap);
            cases[i].Incident.Calls.Count.ShouldBe(14);
            if (i > 0)
                cases[i].Incident.Observed.Times[0].ShouldBeGreaterThan(cases[i - 1].Incident.Onset!.Value + 300);
            if (i + 1 < cases.Count)
                cases[i].Incident.Observed.Times[^1].ShouldBeLessThan(cases[i + 1].Incident.Onset!.Value);
        }
    }

    [Fact]
    public void A_pod_whose_clock_column_is_wrong_is_read_by_its_other_one()
    {
        var incident = CaseReader.ReadCases(DataSets.Nezha)[5].Incident;

        incident.Notes.ShouldContain(note => note.StartsWith("adservice") && note.Contains("TimeStamp contradicts Time"));
        var ad = Enumerable.Range(0, incident.Observed.Metrics.Count).First(m => incident.Observed.Metrics[m].Service == "adservice");
        incident.Observed.Columns[ad].ShouldAllBe(value => double.IsFinite(value));
    }

    [Theory]
    [InlineData(true, 0.9)]
    [InlineData(false, 0.9)]
    public void The_default_is_better_than_n_sigma_and_baro(bool petShop, double floor)
    {
        var cases = CaseReader.ReadCases(petShop ? DataSets.PetShop : DataSets.Nezha);

        var own = Evaluation.Of(new ShiftWalk(), cases).Service.Average5;

        own.ShouldBeGreaterThan(floor);
        own.ShouldBeGreaterThan(Evaluation.Of(new NSigma(), cases).Service.Average5);
        own.ShouldBeGreaterThan(Evaluation.Of(new Baro(), cases).Service.Average5);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_onset_told_a_minute_wrong_or_not_at_all_costs_little(bool petShop)
    {
        var cases = CaseReader.ReadCases(petShop ? DataSets.PetShop : DataSets.Nezha);
        double With(Func<double?, double?> onset) => Evaluation.Of(new ShiftWalk(),
            [.. cases.Select(labelled => labelled with { Incident = labelled.Incident with { Onset = onset(labelled.Incident.Onset) } })]).Service.Average5;

        var told = With(onset => onset);

        With(onset => onset + 60).ShouldBeGreaterThan(told - 0.05);
        With(onset => onset - 60).ShouldBeGreaterThan(told - 0.05);
        With(_ => null).ShouldBeGreaterThan(told - 0.05);
    }

    [Fact]
    public void A_placebo_has_the_shape_of_its_case_and_lies_in_the_normal_period()
    {
        var cases = CaseReader.ReadCases(DataSets.Nezha);

        var placebos = Placebo.From(cases, 24, seed: 1);

        placebos.Count.ShouldBe(24);
        for (var i = 0; i < placebos.Count; i++)
        {
            placebos[i].Incident.Observed.Rows.ShouldBe(cases[i].Incident.Observed.Rows);
            cases.ShouldAllBe(real => placebos[i].Incident.Observed.Times.All(time => time < real.Incident.Onset || time > real.Incident.Onset + 600));
        }
    }
}
