using System.Diagnostics;
using System.Net.Sockets;
using k8s;
using k8s.Models;
using Ops.Api;
using Ops.OperatorScenario;

namespace Ops.ShardedStoreScenario;

/// <summary>Sharded stores of a real engine, through the operator's executable and pods of the sandbox.</summary>
public sealed class StoreTests(Fleet fleet)
{
    [Fact]
    public async Task A_store_forms_survives_a_killed_primary_and_new_addresses_of_all_pods()
    {
        const string Ns = "stores";
        fleet.RequireRedis();
        await fleet.NamespaceAsync(Ns);
        await fleet.KubectlAsync(["-n", Ns, "apply", "-f", "-"], Store("carts"));
        await WholeAsync(Ns, "carts");
        var formed = await StoreAsync(Ns, "carts");
        formed.Status!.Formed.ShouldBeTrue();
        formed.Status.Shards!.Select(shard => shard.SlotRanges).ShouldBe(["0-5460", "5461-10921", "10922-16383"]);
        await ConditionAsync(Ns, "carts", "Durable", "True", "Held");

        // kill -9 of a primary: its pod comes again, and whoever is primary then, every slot has one and every replica follows.
        var primary = formed.Status.Shards![1].Primary!;
        var restarts = Restarts(Ns, primary);
        await KillAsync(Ns, primary);
        await fleet.UntilAsync($"{primary} was restarted", () => Task.FromResult(Restarts(Ns, primary) > restarts));
        await WholeAsync(Ns, "carts");
        Ids(await StoreAsync(Ns, "carts")).ShouldBe(Ids(formed));

        // All pods at once: new processes, new addresses, the same nodes.
        var addresses = Addresses(Ns);
        await fleet.KubectlAsync(["-n", Ns, "delete", "pods", "--all", "--wait=false"]);
        await fleet.UntilAsync("every pod has a new address", () => Task.FromResult(Addresses(Ns) is { Count: 6 } now && now.All(pod => addresses[pod.Key] != pod.Value)));
        await WholeAsync(Ns, "carts");
        Ids(await StoreAsync(Ns, "carts")).ShouldBe(Ids(formed));
        await fleet.DropAsync(Ns);
    }

    [Fact]
    public async Task A_store_grows_and_shrinks_by_a_shard()
    {
        const string Ns = "storescale";
        fleet.RequireRedis();
        await fleet.NamespaceAsync(Ns);
        await fleet.KubectlAsync(["-n", Ns, "apply", "-f", "-"], Store("carts", replicas: 0));
        await WholeAsync(Ns, "carts");

        await fleet.KubectlAsync(["-n", Ns, "patch", "sstore", "carts", "--type=merge", "-p", """{"spec":{"shards":4}}"""]);
        await WholeAsync(Ns, "carts", shards: 4);
        var grown = (await StoreAsync(Ns, "carts")).Status!;
        grown.Shards![3].Slots.ShouldBeGreaterThan(3_000);
        grown.History!.Where(entry => entry.Kind == StoreEventKinds.Moves).Sum(entry => entry.Count ?? 0).ShouldBeGreaterThanOrEqualTo(grown.Shards[3].Slots);
        await fleet.KubectlAsync(["-n", Ns, "patch", "sstore", "carts", "--type=merge", "-p", """{"spec":{"shards":3}}"""]);
        await WholeAsync(Ns, "carts");
        await fleet.UntilAsync("the emptied shard is gone", () => Task.FromResult(fleet.List<V1StatefulSet>(Ns).Count == 3 && fleet.List<V1Pod>(Ns).Count == 3));
        await fleet.DropAsync(Ns);
    }

    [Fact]
    public async Task An_upgrade_that_does_not_come_up_stops_and_a_changed_spec_rolls_through_every_node()
    {
        const string Ns = "storeupgrade";
        fleet.RequireRedis();
        await fleet.NamespaceAsync(Ns);
        await fleet.KubectlAsync(["-n", Ns, "apply", "-f", "-"], Store("carts"));
        await WholeAsync(Ns, "carts");
        var formed = await StoreAsync(Ns, "carts");

        // An image that nobody has stops at the first replica; all others go on as they are.
        var before = Pods(Ns);
        await fleet.KubectlAsync(["-n", Ns, "patch", "sstore", "carts", "--type=merge", "-p", """{"spec":{"engine":{"image":"nowhere:1"}}}"""]);
        await ConditionAsync(Ns, "carts", "Degraded", "True", "ErrImagePull", "ImagePullBackOff");
        (await ConditionAsync(Ns, "carts", "Progressing", "True", "Upgrading")).Message.ShouldContain("does not answer; nothing else is restarted before");
        Pods(Ns).Count(pod => before[pod.Key] != pod.Value).ShouldBe(1);
        await fleet.KubectlAsync(["-n", Ns, "patch", "sstore", "carts", "--type=merge", "-p", """{"spec":{"engine":{"image":"redis:7.0"}}}"""]);
        await WholeAsync(Ns, "carts");

        // Other arguments: every pod is made anew, each primary after a replica took over from it.
        before = Pods(Ns);
        await fleet.KubectlAsync(["-n", Ns, "patch", "sstore", "carts", "--type=merge", "-p", """{"spec":{"failover":{"after":"3s"}}}"""]);
        await fleet.UntilAsync("every pod was made anew", () => Task.FromResult(Pods(Ns) is { Count: 6 } now && now.All(pod => before[pod.Key] != pod.Value)));
        await WholeAsync(Ns, "carts");
        var after = await StoreAsync(Ns, "carts");
        Ids(after).ShouldBe(Ids(formed));
        after.Status!.History!.Count(entry => entry.Kind == StoreEventKinds.Failover).ShouldBeGreaterThanOrEqualTo(3);
        await fleet.DropAsync(Ns);
    }

    [Fact]
    public async Task Bad_stores_are_refused_in_words_and_names_are_not_taken_over()
    {
        const string Ns = "badstores";
        await fleet.NamespaceAsync(Ns);
        (await fleet.RefusalAsync(["-n", Ns, "apply", "-f", "-"], Store("two", shards: 2))).ShouldContain("spec.shards must be at least 3");
        (await fleet.RefusalAsync(["-n", Ns, "apply", "-f", "-"], Store("none", replicas: 0, durable: 1))).ShouldContain("minReplicasToWrite must not be above");

        await fleet.KubectlAsync(["-n", Ns, "create", "service", "clusterip", "taken", "--tcp=80"]);
        await fleet.KubectlAsync(["-n", Ns, "apply", "-f", "-"], Store("taken"));
        (await ConditionAsync(Ns, "taken", "Degraded", "True", "NameConflict")).Message.ShouldStartWith("Service taken exists");
        fleet.List<V1StatefulSet>(Ns).ShouldBeEmpty();
        (await fleet.RefusalAsync(["-n", Ns, "patch", "sstore", "taken", "--type=merge", "-p", """{"spec":{"engine":{"type":"valkey"}}}"""])).ShouldContain("spec.engine.type cannot change");
        (await fleet.RefusalAsync(["-n", Ns, "patch", "sstore", "taken", "--type=merge", "-p", """{"spec":{"storage":{"size":"1Mi"}}}"""])).ShouldContain("spec.storage cannot change");
        await fleet.DropAsync(Ns);
    }

    private static string Store(string name, int shards = 3, int replicas = 1, int? durable = null) => $$"""
        apiVersion: ops.autonomic.dev/v1alpha1
        kind: ShardedStore
        metadata: {name: {{name}} }
        spec:
          engine: {type: redis}
          shards: {{shards}}
          replicasPerShard: {{replicas}}
          durability: {minReplicasToWrite: {{durable ?? replicas}} }
        """;

    private async Task<ShardedStore> StoreAsync(string ns, string name) =>
        KubernetesJson.Deserialize<ShardedStore>(await fleet.KubectlAsync(["-n", ns, "get", "sstore", name, "-o", "json"]));

    private Task WholeAsync(string ns, string name, int shards = 3) => fleet.UntilAsync($"{name} is whole and steady", async () =>
    {
        var store = await StoreAsync(ns, name);
        return store.Status is { Phase: "Steady", SlotsCovered: 16_384 } status
            && status.ObservedGeneration == store.Metadata.Generation
            && status.Shards!.Count == shards
            && status.Shards.All(shard => shard.Slots > 0 && shard.Members!.All(member => member.Role == "primary" || member.InSync == true))
            && Conditions.Find(status.Conditions, "Ready")?.Status == "True";
    });

    private async Task<V1Condition> ConditionAsync(string ns, string name, string type, string status, params string[] reasons)
    {
        V1Condition? found = null;
        await fleet.UntilAsync($"{type} of {name} is {status}, {string.Join(" or ", reasons)}", async () =>
            (found = Conditions.Find((await StoreAsync(ns, name)).Status?.Conditions, type)) is { } now && now.Status == status && reasons.Contains(now.Reason));
        return found!;
    }

    private static IEnumerable<string?> Ids(ShardedStore store) => store.Status!.Shards!.SelectMany(shard => shard.Members!).Select(member => member.NodeId);

    // kill -9 of a pod's engine, whose process says its own id.
    private async Task KillAsync(string ns, string pod)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(fleet.Get<V1Pod>(ns, pod)!.Status.PodIP, WellKnown.StorePort, TestContext.Current.CancellationToken);
        await using var stream = client.GetStream();
        await stream.WriteAsync("INFO server\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream);
        while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            if (!line.StartsWith("process_id:", StringComparison.Ordinal))
                continue;
            using var process = Process.GetProcessById(int.Parse(line.AsSpan("process_id:".Length)));
            process.Kill();
            return;
        }

        Assert.Fail($"{pod} does not say its process id");
    }

    private int Restarts(string ns, string pod) => fleet.Get<V1Pod>(ns, pod)?.Status?.ContainerStatuses?[0].RestartCount ?? 0;

    private Dictionary<string, string> Pods(string ns) => fleet.List<V1Pod>(ns).ToDictionary(pod => pod.Metadata.Name, pod => pod.Metadata.Uid);

    private Dictionary<string, string> Addresses(string ns) => fleet.List<V1Pod>(ns)
        .Where(pod => pod.Metadata.DeletionTimestamp is null && !string.IsNullOrEmpty(pod.Status?.PodIP))
        .ToDictionary(pod => pod.Metadata.Name, pod => pod.Status.PodIP);
}
