using System.Diagnostics;
using k8s.Models;
using Ops.Api;
using Ops.OperatorScenario;
using Ops.Testing;

namespace Ops.ShardedStoreScenario;

/// <summary>A small store of Garnet, whose primaries nobody elects but the operator, and whose slots it moves.</summary>
public sealed class StoreGarnetTests(Fleet fleet)
{
    private const string Ns = "storegarnet";
    private const int Keys = 400;

    // Each holds a thread of the node's while its write waits for the log: many times as many as there are cores.
    private const int Writers = 40;

    private const string Store = """
        apiVersion: ops.autonomic.dev/v1alpha1
        kind: ShardedStore
        metadata: {name: carts}
        spec:
          engine: {type: garnet, memoryMiB: 64}
          shards: 1
          replicasPerShard: 1
          durability: {fsync: always}
          failover: {after: 1s}
        """;

    [Fact]
    public async Task Its_replica_takes_over_from_a_silent_primary_which_starts_anew_when_it_stays_silent_and_slots_go_to_a_new_shard_and_back_with_every_key()
    {
        fleet.RequireGarnet();
        await fleet.NamespaceAsync(Ns);
        await fleet.KubectlAsync(["-n", Ns, "apply", "-f", "-"], Store);
        var shard = await WholeAsync();
        var old = shard.Primary!;
        var replica = shard.Members!.Single(member => member.Name != old).Name;
        using (var client = new StoreClient(Address(old), password: null))
        {
            await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => WriteAsync(Address(old), writer)));
            // An acknowledged write that no replica has goes with its primary; this test is of the others.
            await fleet.UntilAsync("the replica has every key", async () => await client.AskAsync(Address(replica), "DBSIZE") == $"{Keys}");
        }

        // A process that is stopped takes connections and says nothing, as one that hangs.
        var process = RunningProcess.With("--cluster-announce-ip", Address(old)).ShouldNotBeNull();
        await SignalAsync("STOP", process);
        await fleet.UntilAsync($"{replica} is the primary", async () => (await fleet.CartsAsync(Ns)).Status!.Shards![0].Primary == replica);
        await ExpectKeysAsync(replica);
        await fleet.UntilAsync($"{old} has started anew", async () => (await fleet.CartsAsync(Ns)).Status!.History!.Any(entry => entry.Kind == StoreEventKinds.Restart && entry.Message == $"{old} hung and started anew"));
        shard = await WholeAsync();
        shard.Primary.ShouldBe(replica);
        (await fleet.CartsAsync(Ns)).Status!.History!.ShouldContain(entry => entry.Kind == StoreEventKinds.Failover && entry.Message == $"{replica} took the place of {old}");
        RunningProcess.With("--cluster-announce-ip", Address(old)).ShouldNotBe(process);

        // Not all slots of its share, which would take minutes: enough that keys lie on both sides, and then back.
        await ScaleAsync(2);
        await fleet.UntilAsync("the new shard has slots with keys", async () =>
        {
            if ((await fleet.CartsAsync(Ns)).Status!.Shards is not [_, { Slots: > 0, Primary: { } newcomer }])
                return false;
            using var client = new StoreClient(Address(newcomer), password: null);
            return long.Parse(await client.AskAsync(Address(newcomer), "DBSIZE")) > 0;
        });
        await ScaleAsync(1);
        await WholeAsync();
        await fleet.UntilAsync("the emptied shard is gone", () => Task.FromResult(fleet.List<V1StatefulSet>(Ns).Count == 1 && fleet.List<V1Pod>(Ns).Count == 2));
        await ExpectKeysAsync((await fleet.CartsAsync(Ns)).Status!.Shards![0].Primary!);
        await fleet.DropAsync(Ns);
    }

    // The replica's link is up before it has copied anything; what counts is that the operator has recorded a whole copy.
    private async Task<StoreShardStatus> WholeAsync()
    {
        StoreShardStatus? found = null;
        await fleet.UntilAsync("carts has one shard, is steady, and its replica has a whole copy", async () =>
        {
            var store = await fleet.CartsAsync(Ns);
            if (store.Status is not { Phase: "Steady", SlotsCovered: 16_384, ReplicasInSync: "1/1", Shards: [var shard] } || store.Status.ObservedGeneration != store.Metadata.Generation)
                return false;
            found = shard;
            var primary = shard.Members!.Single(member => member.Name == shard.Primary);
            return shard.Members!.Where(member => member != primary).All(member => member.CopyOf == primary.NodeId);
        });
        return found!;
    }

    private static async Task WriteAsync(string address, int writer)
    {
        using var client = new StoreClient(address, password: null);
        for (var key = writer; key < Keys; key += Writers)
            (await client.CallAsync($"SET key:{key} value-{key}")).ShouldBe("OK");
    }

    private async Task ExpectKeysAsync(string member)
    {
        using var client = new StoreClient(Address(member), password: null);
        for (var key = 0; key < Keys; key++)
            (await client.CallAsync($"GET key:{key}")).ShouldBe($"value-{key}");
    }

    private Task ScaleAsync(int shards) => fleet.KubectlAsync(["-n", Ns, "patch", "sstore", "carts", "--type=merge", "-p", $$"""{"spec": {"shards": {{shards}} } }"""]);

    private string Address(string pod) => fleet.Get<V1Pod>(Ns, pod)!.Status.PodIP;

    private static async Task SignalAsync(string signal, int process)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{process}"]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }
}
