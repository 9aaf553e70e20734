using Ops.Api;
using Ops.Dashboard.Health;

namespace Ops.Dashboard.Tests;

/// <summary>What a person is asked to look at, and in which order.</summary>
public sealed class Attention_rules
{
    [Fact]
    public void A_fleet_that_is_as_its_spec_asks_needs_nobody() =>
        Attention.Of(Objects.Cluster([Objects.WellPool("small")], [Objects.Route("chat", Objects.Condition(ConditionTypes.Ready, true, "Serving"))], [Objects.Incident("old", IncidentPhases.Resolved)]))
            .ShouldBeEmpty();

    [Fact]
    public void The_worst_comes_first_and_each_row_says_why()
    {
        var rows = Attention.Of(Objects.Cluster(
            [Objects.Pool("slow", 1, Objects.Condition(ConditionTypes.Ready, false, "NotAllReady", "1 of 2 replicas is ready."))],
            [Objects.Route("chat", Objects.Condition(ConditionTypes.Ready, true, "Serving"), Objects.Condition(ConditionTypes.Degraded, true, "PoolNotReady", "slow has no replica."))],
            [Objects.Incident("i1", IncidentPhases.Open)]));

        rows.Select(row => (row.Kind, row.Urgency)).ShouldBe([("Incident", Urgency.Critical), ("Route", Urgency.Warning), ("Pool", Urgency.Warning)], ignoreOrder: true);
        rows[0].Reason.ShouldBe("shop/web: request mean. Most suspect: shop/catalog.");
        rows.Single(row => row.Kind == "Pool").Reason.ShouldBe("NotAllReady: 1 of 2 replicas is ready.");
    }

    [Fact]
    public void A_pool_that_needs_a_person_matters_more_when_nothing_of_it_serves()
    {
        var broken = Objects.Condition(ConditionTypes.Degraded, true, "ImagePullBackOff", "no such image");
        Attention.OfPoolState(Objects.Pool("p", ready: 1, broken)).ShouldBe(Urgency.Warning);
        Attention.OfPoolState(Objects.Pool("p", ready: 0, broken)).ShouldBe(Urgency.Critical);
    }

    [Fact]
    public void A_pool_under_a_budget_is_a_note_that_names_the_budget()
    {
        var pool = Objects.WellPool("p");
        pool.Status = pool.Status! with { Plan = new() { Replicas = 1, Reason = PlanReasons.BudgetLimit, Message = "500 W are left for it.", Budget = "rack-1" } };

        var row = Attention.Of(Objects.Cluster([pool])).ShouldHaveSingleItem();

        row.Urgency.ShouldBe(Urgency.Note);
        row.Reason.ShouldContain("rack-1");
        row.Doing.ShouldBe("Runs 1 of 2 replicas.");
    }

    [Fact]
    public void Without_a_root_cause_service_silence_is_no_good_news()
    {
        var cluster = Objects.Cluster() with
        {
            Deployments = [new() { Metadata = new() { Name = "rca", NamespaceProperty = "ops-system" }, Spec = new() { Replicas = 1 }, Status = new() }],
        };

        var row = Attention.Of(cluster).ShouldHaveSingleItem();

        row.Urgency.ShouldBe(Urgency.Critical);
        row.Reason.ShouldContain("no new incident can appear");
    }

    [Fact]
    public void A_store_that_lost_slots_matters_more_than_one_that_is_being_formed()
    {
        ShardedStore Store(bool formed) => new()
        {
            Metadata = new() { Name = "cache", NamespaceProperty = "default" },
            Status = new() { Formed = formed, Phase = "FailingOver", Reason = "s0 has no primary.", Conditions = [Objects.Condition(ConditionTypes.Ready, false, "SlotsLost")] },
        };

        Attention.OfStoreState(Store(formed: false)).ShouldBe(Urgency.Warning);
        var row = Attention.Of(Objects.Cluster() with { Stores = [Store(formed: true)] }).ShouldHaveSingleItem();
        (row.Urgency, row.Reason).ShouldBe((Urgency.Critical, "FailingOver: s0 has no primary."));
    }
}
