using CsCheck;
using Ops.Api;
using Ops.Dashboard.Drawing;
using Ops.Dashboard.Health;

namespace Ops.Dashboard.Tests;

/// <summary>Where boxes and arrows go.</summary>
public sealed class Graph_rules
{
    [Fact]
    public void Arrows_run_to_the_right_unless_they_close_a_circle_and_no_two_boxes_share_a_place() =>
        Gen.Select(Gen.Int[1, 14], Gen.Select(Gen.Int[0, 13], Gen.Int[0, 13]).List[0, 30]).Sample((count, pairs) =>
        {
            string[] ids = [.. Enumerable.Range(0, count).Select(i => $"n{i}")];
            var graph = LayeredGraph.Of(ids, [.. pairs.Select(pair => ($"n{pair.Item1}", $"n{pair.Item2}"))], most: 20);

            graph.Nodes.Select(node => node.Id).ShouldBe(ids);
            graph.Nodes.Select(node => (node.Column, node.Row)).Distinct().Count().ShouldBe(count);
            graph.Nodes.Max(node => node.Row).ShouldBeLessThan(graph.Rows);
            foreach (var link in graph.Links.Where(link => link.IsBack))
                Reaches(graph, link.To, link.From).ShouldBeTrue();
        });

    [Fact]
    public void A_replay_shows_what_had_moved_by_then()
    {
        IncidentTarget Of(string name) => new() { Namespace = "shop", Name = name };
        var status = new IncidentStatus
        {
            Onset = Objects.Noon,
            Causes = [new() { Rank = 1, Target = Of("catalog"), Score = 0.6, LagSeconds = 0 }],
            Symptoms = [new() { Target = Of("web"), Metric = "mean", Since = Objects.Noon.AddSeconds(20) }],
            Edges = [new() { From = Of("catalog"), To = Of("web"), Kind = IncidentEdgeKinds.Granger, LagSeconds = 20 }],
        };

        var after10 = IncidentGraph.Of(status, 10);

        after10.Spread.ShouldBe(20);
        after10.Boxes.Select(box => (box.Title, box.Css)).ShouldBe([("catalog", ""), ("web", "faint")]);
        after10.Edges.ShouldHaveSingleItem().Css.ShouldContain("faint");
        IncidentGraph.Of(status, null).Boxes.ShouldAllBe(box => box.Css == "");
        IncidentGraph.Of(status, null).Edges.Single().Label.ShouldBe("+20.0 s");
    }

    private static bool Reaches(LayeredGraph graph, GraphNode from, GraphNode to)
    {
        var (seen, waiting) = (new HashSet<GraphNode>(), new Stack<GraphNode>([from]));
        while (waiting.TryPop(out var node))
        {
            if (node == to)
                return true;
            if (seen.Add(node))
                foreach (var link in graph.Links.Where(link => link.From == node))
                    waiting.Push(link.To);
        }

        return false;
    }
}
