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

    [Theory]
    [InlineData("123456789", 0x31C3)]
    [InlineData("foo", 12_182)]
    [InlineData("cart{foo}:1", 12_182)]
    [InlineData("cart{foo}{bar}", 12_182)]
    [InlineData("foo{}{bar}", 8_363)]
    public void The_slot_of_a_key_is_the_engines(string key, int slot) => HashSlot.Of(key).ShouldBe(slot);

    [Fact]
    public void Cluster_nodes_is_read_with_open_slots_and_failures()
    {
        const string Text = """
            07c3 127.0.0.1:30004@31004,host.example slave e7d1 0 1426238317239 4 connected
            67ed 127.0.0.1:30002@31002 master,fail - 0 1426238316232 2 disconnected 5461-10922
            292f 127.0.0.1:30003@31003 master,fail? - 1426238317000 1426238310232 3 connected
            aaaa :0@0 handshake - 0 0 0 connected
            e7d1 127.0.0.1:30001@31001 myself,master - 0 0 1 connected 0-5460 6000 [93->-292f] [77-<-67ed]
            """;

        var node = NodesText.Read("s0-0", new StoreAddress("127.0.0.1", 30001), Text);

        node.Id.ShouldBe("e7d1");
        node.Slots.ToString().ShouldBe("0-5460 6000");
        node.Migrating.ShouldHaveSingleItem().ShouldBe(KeyValuePair.Create(93, "292f"));
        node.Importing.ShouldHaveSingleItem().ShouldBe(KeyValuePair.Create(77, "67ed"));
        node.Peers.Select(peer => (peer.Id, peer.Failed, peer.Unheard, peer.PrimaryId, peer.Address.Port)).ShouldBe([("07c3", false, false, "e7d1", 30004), ("67ed", true, false, null, 30002), ("292f", false, true, null, 30003)]);
    }

    [Theory]
    [InlineData("", "does not say which node it is")]
    [InlineData("e7d1 127.0.0.1:1@2 myself,master - 0 0", "no line of CLUSTER NODES")]
    [InlineData("e7d1 127.0.0.1:1@2 myself,master - 0 0 1 connected 5-99999", "claims the slots \"5-99999\"")]
    [InlineData("e7d1 127.0.0.1:1@2 myself,master - 0 0 -1 connected", "no line of CLUSTER NODES")]
    [InlineData("e7d1;FLUSHALL 127.0.0.1:1@2 myself,master - 0 0 1 connected", "at most 64 letters and digits")]
    [InlineData("e7d1 127.0.0.1:1@2 myself,master - 0 0 1 connected \u001b[31m", "claims the slots \"?[31m\"")]
    public void A_node_that_speaks_nonsense_is_named(string text, string words) =>
        Should.Throw<FormatException>(() => NodesText.Read("s0-0", default, text)).Message.ShouldContain(words);
}
