using CsCheck;
using Ops.Storage.Cluster;
using Ops.Storage.Engines;
using Ops.Storage.Slots;

namespace Ops.Storage.Tests;

public sealed class SlotTests
{
    private static readonly Gen<SlotSet> Sets = Gen.Int[0, SlotSet.Slots - 1].List[0, 200].Select(SlotSet.Of);

    [Fact]
    public void A_set_behaves_as_a_set() => Gen.Select(Sets, Sets).Sample((a, b) =>
    {
        var (left, right) = (a.Enumerate().ToHashSet(), b.Enumerate().ToHashSet());
        a.Union(b).Enumerate().ShouldBe(left.Union(right).Order());
        a.Except(b).Enumerate().ShouldBe(left.Except(right).Order());
        a.Intersect(b).Count.ShouldBe(left.Intersect(right).Count());
        SlotSet.Of(a.Ranges().SelectMany(run => Enumerable.Range(run.First, run.Last - run.First + 1))).ShouldBe(a);
    });

    [Fact]
    public void Balancing_stops_at_the_target_and_never_moves_a_slot_twice() =>
        Gen.Select(Gen.Int[2, 8], Gen.Double[0, 1].Array[SlotSet.Slots], Gen.Double[1.05, 1.5]).Sample(
            (count, weights, target) =>
            {
                // All on the first shard, the rest empty.
                var shards = Enumerable.Range(0, count).Select(shard => new ShardLoad(false, shard == 0 ? SlotSet.All : SlotSet.Empty));
                var balance = SlotBalancer.Plan([.. shards], [.. weights], target, SlotSet.Slots, SlotSet.Slots);
                balance.Moves.Select(move => move.Slot).ShouldBeUnique();
                var by = new double[count];
                by[0] = weights.Sum();
                foreach (var (slot, from, to) in balance.Moves)
                    (by[from], by[to]) = (by[from] - weights[slot], by[to] + weights[slot]);
                by.Max().ShouldBeLessThanOrEqualTo(target * by.Average() + 1e-9);
            },
            iter: 20);

    [Fact]
    public void A_slot_that_outweighs_a_shard_is_named_and_not_shuffled_around()
    {
        var weights = Enumerable.Repeat(0.0001, SlotSet.Slots).ToArray();
        weights[77] = 100;
        ShardLoad[] shards = [new(false, SlotSet.Of([77])), new(false, SlotSet.Range(0, 16_383).Except(SlotSet.Of([77])))];

        var balance = SlotBalancer.Plan([.. shards], [.. weights], 1.15, 16, 16);

        balance.HotSlot.ShouldBe(77);
        balance.Moves.ShouldBeEmpty();
    }

    [Fact]
    public void Cluster_nodes_is_read_with_open_slots_and_failures()
    {
        const string Text = """
            07c3 127.0.0.1:30004@31004,host.example slave e7d1 0 1426238317239 4 connected
            67ed 127.0.0.1:30002@31002 master,fail - 0 1426238316232 2 disconnected 5461-10922
            aaaa :0@0 handshake - 0 0 0 connected
            e7d1 127.0.0.1:30001@31001 myself,master - 0 0 1 connected 0-5460 6000 [93->-292f] [77-<-67ed]
            """;

        var node = NodesText.Read("s0-0", new StoreAddress("127.0.0.1", 30001), Text);

        node.Id.ShouldBe("e7d1");
        node.Slots.ToString().ShouldBe("0-5460 6000");
        node.Migrating.ShouldHaveSingleItem().ShouldBe(KeyValuePair.Create(93, "292f"));
        node.Importing.ShouldHaveSingleItem().ShouldBe(KeyValuePair.Create(77, "67ed"));
        node.Peers.Select(peer => (peer.Id, peer.Failed, peer.PrimaryId, peer.Address.Port)).ShouldBe([("07c3", false, "e7d1", 30004), ("67ed", true, null, 30002)]);
    }

    [Theory]
    [InlineData("", "does not say which node it is")]
    [InlineData("e7d1 127.0.0.1:1@2 myself,master - 0 0", "no line of CLUSTER NODES")]
    [InlineData("e7d1 127.0.0.1:1@2 myself,master - 0 0 1 connected 5-99999", "claims the slots \"5-99999\"")]
    [InlineData("e7d1 127.0.0.1:1@2 myself,master - 0 0 -1 connected", "no line of CLUSTER NODES")]
    public void A_node_that_speaks_nonsense_is_named(string text, string words) =>
        Should.Throw<FormatException>(() => NodesText.Read("s0-0", default, text)).Message.ShouldContain(words);
}
