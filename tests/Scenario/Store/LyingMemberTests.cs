using Ops.Storage.Planning;
using Ops.Storage.Slots;
using StackExchange.Redis;

namespace Ops.StoreScenario;

/// <summary>A real member that claims what nobody gave it.</summary>
public sealed class LyingMemberTests
{
    private const string Liar = "s1-1";

    // Were it introduced, the engine itself would believe its epoch, and the three primaries would drop all that they have.
    [Fact]
    public async Task A_member_that_claims_every_slot_with_a_future_epoch_is_left_out_until_it_has_an_empty_volume()
    {
        await using var store = await RedisStore.StartAsync(3);
        await store.SettleAsync();
        await using var writes = await AcknowledgedWrites.StartAsync(store);
        while (writes.Acknowledged < 200)
            await Task.Delay(20, TestContext.Current.CancellationToken);
        await store.Nodes.EmptyAsync(Liar);
        await store.Nodes.StartAsync(Liar, TestContext.Current.CancellationToken);
        await LieAsync(store);

        for (var round = 0; round < 100; round++)
        {
            var plan = await store.ReconcileAsync();
            plan.Steps.ShouldBeEmpty(plan.Reason);
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        var lie = store.View.Nodes[Liar];
        lie.Slots.ShouldBe(SlotSet.All);
        var told = StorePlanner.Next(store.View, store.Goal).Problems.ShouldHaveSingleItem();
        told.Reason.ShouldBe("NotBelieved");
        told.Message.ShouldStartWith("s1-1 claims 16384 slots (from 0-16383) although the others do not know it");
        store.View.Nodes.Values.Where(node => node.Member != Liar).ShouldAllBe(node => node.Peers.All(peer => peer.Id != lie.Id));

        await store.Nodes.EmptyAsync(Liar);
        await store.Nodes.StartAsync(Liar, TestContext.Current.CancellationToken);
        // It becomes a replica once it has heard of its primary.
        for (var round = 0; round == 0 || store.View.Nodes[Liar].IsPrimary; round++)
        {
            round.ShouldBeLessThan(600, "the member is no replica again");
            await store.SettleAsync();
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        store.ExpectWhole(3);
        (await writes.FindLostAsync()).ShouldBeEmpty();
    }

    private static async Task LieAsync(RedisStore store)
    {
        var address = store.Nodes.Members[Liar];
        await using var client = await ConnectionMultiplexer.ConnectAsync($"{address},allowAdmin=true");
        var server = client.GetServer(address.Host, address.Port);
        await server.ExecuteAsync("CLUSTER", "SET-CONFIG-EPOCH", 1_000);
        await server.ExecuteAsync("CLUSTER", "ADDSLOTSRANGE", 0, SlotSet.Slots - 1);
    }
}
