using System.Collections.Immutable;
using Ops.Storage.Cluster;
using Ops.Storage.Engines;

namespace Ops.Storage.Tests;

/// <summary>What a replica of Garnet says of its link, and what is made of it.</summary>
public sealed class GarnetTests
{
    [Theory]
    [InlineData(false, 500, null, false)] // by its own word
    [InlineData(true, 500, null, true)]
    [InlineData(true, 64, null, false)] // knows its primary and has nothing
    [InlineData(true, 400, 400L, true)] // what came since is on its way
    [InlineData(true, 399, 400L, false)]
    [InlineData(true, 500, 900L, true)] // the primary lost the end of its log when it was killed
    public void It_follows_once_it_has_what_its_primary_had_one_observation_ago(bool says, long offset, long? before, bool follows)
    {
        var view = View(Node("a", null, 500, false), Node("b", "a", offset, says));

        var seen = GarnetEngine.Following(view, before is { } known ? new Dictionary<string, long> { ["a"] = known } : []);

        seen.Nodes["b"].LinkUp.ShouldBe(follows);
        seen.Nodes["a"].LinkUp.ShouldBeFalse();
        GarnetEngine.Following(view with { Nodes = view.Nodes.SetItem("b", view.Nodes["b"] with { Copying = true }) }, ImmutableDictionary<string, long>.Empty).Nodes["b"].LinkUp.ShouldBeFalse();
    }

    [Fact]
    public void It_follows_nobody_who_does_not_answer() =>
        GarnetEngine.Following(View(Node("b", "a", 500, true)), new Dictionary<string, long> { ["a"] = 500 }).Nodes["b"].LinkUp.ShouldBeFalse();

    [Theory]
    [InlineData(true)]
    [InlineData(false)] // nobody is ever called failed there
    public void Members_that_left_are_forgotten(bool engineElects)
    {
        var store = new ModelStore(4, 1, engineElects);
        store.Settle();
        store.Scale(3);
        store.Settle();
        store.DropDrained();
        store.Settle();

        store.ExpectWhole();
        store.Cluster.Nodes.ShouldAllBe(node => node.Known.Count == 5);
    }

    private static StoreView View(params NodeView[] nodes) => new() { Nodes = nodes.ToImmutableSortedDictionary(node => node.Member, node => node) };

    private static NodeView Node(string id, string? primary, long offset, bool linked) =>
        new() { Member = id, Id = id, Address = new StoreAddress("127.0.0.1", 6379), PrimaryId = primary, Offset = offset, LinkUp = linked };
}
