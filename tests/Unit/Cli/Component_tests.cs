using System.Text.Json.Nodes;
using Ops.Cli.Kustomize;
using Ops.Cli.Up;

namespace Ops.Cli.Tests;

/// <summary>When ./ops up believes that something serves.</summary>
public sealed class Component_tests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly Component Pool = Component.Of(new Manifest(
        Json("""{"apiVersion":"ops.autonomic.dev/v1alpha1","kind":"ModelPool","metadata":{"name":"p","namespace":"default"}}"""), "p.yaml"))!;

    [Fact]
    public void A_pool_is_ready_when_its_condition_holds_for_this_generation_and_all_pods_serve()
    {
        var standing = Pool.Judge(Body(generation: 2, observed: 2), [Pod("12:00:01"), Pod("12:00:02")], Start);

        standing.ShouldBe(new Standing(true, "2 of 2 pods ready", "2/2"));
    }

    [Fact]
    public void An_older_generation_is_not_ready() =>
        Pool.Judge(Body(generation: 3, observed: 2), [Pod("12:00:01"), Pod("12:00:02")], Start).Ready.ShouldBeFalse();

    [Fact]
    public void Pods_of_an_earlier_run_do_not_count() =>
        Pool.Judge(Body(generation: 2, observed: 2), [Pod("12:00:01"), Pod("11:59:59")], Start).ShouldBe(new Standing(false, "1 of 2 pods ready", "1/2"));

    [Fact]
    public void Pods_of_others_and_pods_that_end_do_not_count()
    {
        var other = Pod("12:00:01");
        other["metadata"]!["labels"]!["ops.autonomic.dev/pool"] = "q";
        var ending = Pod("12:00:01");
        ending["metadata"]!["deletionTimestamp"] = "2026-01-01T12:00:03Z";

        Pool.Judge(Body(generation: 2, observed: 2), [Pod("12:00:01"), other, ending], Start).Ready.ShouldBeFalse();
    }

    [Fact]
    public void Absent_objects_are_awaited_and_unknown_kinds_are_not()
    {
        Pool.Judge(null, [], Start).ShouldBe(new Standing(false, "not created yet", "-"));
        Component.Of(new Manifest(Json("""{"apiVersion":"v1","kind":"Service","metadata":{"name":"s"}}"""), "s.yaml")).ShouldBeNull();
    }

    private static JsonObject Body(int generation, int observed) => Json($$$"""
        {"kind":"ModelPool","metadata":{"generation":{{{generation}}}},"spec":{"replicas":2},
         "status":{"observedGeneration":{{{observed}}},"conditions":[{"type":"Ready","status":"True"}]}}
        """);

    private static JsonObject Pod(string startedAt) => Json($$$"""
        {"metadata":{"namespace":"default","labels":{"ops.autonomic.dev/pool":"p"}},
         "status":{"conditions":[{"type":"Ready","status":"True"}],
                   "containerStatuses":[{"state":{"running":{"startedAt":"2026-01-01T{{{startedAt}}}Z"} } }]} }
        """);

    private static JsonObject Json(string text) => JsonNode.Parse(text)!.AsObject();
}
