namespace Ops.Rca.Tests;

/// <summary>How accuracy is counted.</summary>
public sealed class Accuracy_rules
{
    [Fact]
    public void Places_one_two_and_six_give_the_shares_that_one_counts_by_hand()
    {
        var accuracy = Accuracy.From([(1, 1), (2, 2), (6, 6)]);

        accuracy.At1.ShouldBe(1 / 3.0, 1e-12);
        accuracy.At3.ShouldBe(2 / 3.0, 1e-12);
        accuracy.At5.ShouldBe(2 / 3.0, 1e-12);
        accuracy.Average5.ShouldBe((1 + 0.8 + 0) / 3, 1e-12);
        accuracy.Low.ShouldBeLessThan(accuracy.Average5);
        accuracy.High.ShouldBeGreaterThan(accuracy.Average5);
    }

    [Fact]
    public void A_tie_counts_as_a_fair_draw_would()
    {
        var accuracy = Accuracy.From([(1, 10)]);

        accuracy.At1.ShouldBe(0.1, 1e-12);
        accuracy.At5.ShouldBe(0.5, 1e-12);
    }

    [Fact]
    public void The_random_control_has_the_accuracy_of_chance()
    {
        var evaluation = Evaluation.Of(new Indifferent(), [new LabelledIncident(Synthetic.Shop(1), "db")]);

        evaluation.Service.At1.ShouldBe(0.2, 1e-12);
        evaluation.Service.At5.ShouldBe(1, 1e-12);
    }

    [Fact]
    public void A_cause_that_is_no_candidate_is_never_found()
    {
        var evaluation = Evaluation.Of(new ShiftWalk(), [new LabelledIncident(Synthetic.Shop(1), "somebody else")]);

        evaluation.Service.At5.ShouldBe(0);
    }

    [Fact]
    public void At_metric_level_the_metric_at_fault_must_be_named()
    {
        LabelledIncident[] cases = [new(Synthetic.Shop(1), "db", "cpu"), new(Synthetic.Shop(2), "db", "workload")];

        var evaluation = Evaluation.Of(new ShiftWalk(), cases);

        evaluation.Service.At1.ShouldBe(1);
        evaluation.Metric.At1.ShouldBe(0.5);
    }
}
