using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Detection;
using Ops.Healing.Guarding;
using Ops.Healing.Planning;

namespace Ops.Healing.Tests;

/// <summary>An incident of the root-cause service moves something only where its cause is clear.</summary>
public sealed class RootCause_rules
{
    [Theory]
    [InlineData("process_cpu_seconds_total", Causes.ProcessorSaturated)]
    [InlineData("http_server_request_duration_seconds", Causes.ServiceDegraded)]
    public void The_workload_that_is_clearly_the_cause_is_restarted_by_its_own_strategy(string metric, string cause)
    {
        var snapshot = With(Shop.Well(), Incident(Cause(metric: metric), Cause(name: "web", rank: 2, score: 0.2)));
        var finding = Diagnosis.Of(snapshot, Shop.Memory()).ShouldHaveSingleItem();
        (finding.Kind, finding.Name, finding.Cause).ShouldBe(("Deployment", "cart", cause));
        var action = RulePlanner.Plan(finding, snapshot, Shop.Memory())!.Actions.ShouldHaveSingleItem();
        (action.Type, action.Target.Name, action.Parameters!["at"]).ShouldBe(("RestartRollout", "cart", "2026-01-01T12:00:00Z"));
        Guard.Check(Shop.Input(Shop.Plan(action), snapshot: snapshot)).Kind.ShouldBe(GuardVerdictKind.Go);
    }

    [Fact]
    public void What_only_fluctuates_does_not_make_a_cause_less_clear() => Diagnosis.Of(
        With(Shop.Well(), Incident(Cause(score: 0.22), Cause(name: "web", rank: 2, score: 0.2, lag: null), Cause(name: "database", rank: 3, score: 0.1))), Shop.Memory()).ShouldHaveSingleItem().Name.ShouldBe("cart");

    [Fact]
    public void A_change_of_the_template_before_it_goes_back_instead()
    {
        var snapshot = Shop.Of([Shop.Deployment("web"), Shop.Deployment("cart", one => one.Spec.Template.Spec.Containers[0].Image = "shop:2")], [Shop.Service("web"), Shop.Service("cart")]);
        var ill = With(snapshot, Incident(Cause()));
        RulePlanner.Plan(Diagnosis.Of(ill, Shop.Memory()).ShouldHaveSingleItem(), ill, Shop.Memory())!.Actions.ShouldHaveSingleItem().Type.ShouldBe("RestoreTemplate");
    }

    [Fact]
    public void No_cause_low_confidence_equals_strangers_and_what_is_over_or_suspended_move_nothing()
    {
        foreach (var incident in (Incident[])
                 [
                     Incident(), Incident(Cause(score: 0.1)), Incident(Cause(score: null)), Incident(Cause(score: 0.3), Cause(name: "web", rank: 2, score: 0.25)), Incident(Cause(lag: null)),
                     Altered(one => one.Status = one.Status! with { Symptoms = [new() { Target = new() { Namespace = "shop", Name = "web" }, Metric = "p99" }] }), Incident(Cause(rank: 1.5), Cause(name: "web", rank: 1.5)), Incident(Cause(metric: null)), Incident(Cause(reason: null)),
                     Incident(Cause(name: "database")), Incident(Cause(ns: "elsewhere")), Incident(Cause(score: double.NaN)),
                     Altered(one => one.Status = one.Status! with { Phase = IncidentPhases.Resolved }), Altered(one => one.Spec = one.Spec with { Suspend = true }), Altered(one => one.Spec = one.Spec with { Type = IncidentTypes.Security }),
                 ])
        {
            Diagnosis.Of(With(Shop.Well(), incident), Shop.Memory()).ShouldBeEmpty(incident.Status?.Causes is { Count: > 0 } causes ? causes[0].ToString() : "no cause");
        }
    }

    [Fact]
    public void What_was_begun_for_an_incident_is_what_it_is_about_until_that_has_ended()
    {
        // Meanwhile it suspects another, by another metric, or nobody clearly: the repair is neither verified by that nor joined by a second one.
        foreach (var later in (Incident[])[Incident(Cause(name: "web", metric: "process_cpu_seconds_total"), Cause(rank: 2, score: 0.2)), Incident(Cause(score: 0.1)), Incident()])
        {
            var during = With(Shop.Well(), later) with { Repairs = [new("cart", Causes.ServiceDegraded, null, RootCause: "i1")] };
            var finding = Diagnosis.Of(during, Shop.Memory()).ShouldHaveSingleItem();
            (finding.Name, finding.Cause, finding.RootCause).ShouldBe(("cart", Causes.ServiceDegraded, "i1"));
        }
    }

    [Fact]
    public void Of_what_hangs_together_one_workload_is_repaired_at_a_time()
    {
        var first = Incident(Cause(score: 0.5), Cause(name: "web", rank: 2, score: 0.2));
        var second = Incident(Cause(name: "web"));
        second.Metadata.Name = "i2";
        second.Status = second.Status! with { Symptoms = [new() { Target = new() { Namespace = "shop", Name = "web" }, Metric = "p99" }] };
        var both = Shop.Well() with { RootCauses = [second, first] };
        // The first incident's graph has web in it, though the second one's does not have cart.
        Diagnosis.Of(both, Shop.Memory()).ShouldHaveSingleItem().Name.ShouldBe("cart");
        Diagnosis.Of(both with { Repairs = [new("cart", Causes.ServiceDegraded, null, RootCause: "i1")] }, Shop.Memory()).ShouldHaveSingleItem().Name.ShouldBe("cart");

        // Two that have nothing in common are two faults.
        first.Status = first.Status! with { Causes = [Cause(score: 0.5)], Symptoms = [new() { Target = new() { Namespace = "shop", Name = "cart" }, Metric = "p99" }] };
        Diagnosis.Of(both, Shop.Memory()).Select(finding => finding.Name).ShouldBe(["cart", "web"], ignoreOrder: true);
    }

    [Theory]
    [InlineData(140, -10, false)] // it had begun before the repair ended, and may be its shadow
    [InlineData(160, -10, true)]
    [InlineData(140, 10, true)] // it began afterwards
    public void What_a_repair_has_touched_rests_before_another_is_suspected(int secondsAgo, int onsetAfter, bool acts)
    {
        var ended = Shop.Now.UtcDateTime.AddSeconds(-secondsAgo);
        var incident = Incident(Cause(name: "web"));
        incident.Status = incident.Status! with { Onset = ended.AddSeconds(onsetAfter) };
        Diagnosis.Of(With(Shop.Well(), incident) with { Repairs = [new("cart", Causes.ServiceDegraded, ended, RootCause: "i0")] }, Shop.Memory()).Any().ShouldBe(acts);
    }

    private static NamespaceSnapshot With(NamespaceSnapshot snapshot, Incident incident) => snapshot with { RootCauses = [incident] };

    private static Incident Altered(Action<Incident> alter)
    {
        var incident = Incident(Cause());
        alter(incident);
        return incident;
    }

    private static Incident Incident(params IReadOnlyList<IncidentCause> causes) => new()
    {
        Metadata = new() { Name = "i1", NamespaceProperty = "shop" },
        Status = new() { Phase = IncidentPhases.Open, Symptom = "shop/web: request mean", Causes = causes, Symptoms = [.. ((string[])["web", "cart", "database"]).Select(name => new IncidentSymptom { Target = new() { Namespace = "shop", Name = name }, Metric = "request mean" })] },
    };

    private static IncidentCause Cause(string name = "cart", string? metric = "http_server_request_duration_seconds", double rank = 1, double? score = 0.7, string? ns = "shop", string? reason = "it moved first", double? lag = 0) =>
        new() { Rank = rank, Target = new() { Namespace = ns, Name = name }, Metric = metric, Score = score, LagSeconds = lag, Reasons = reason is null ? [] : [reason] };
}
