using k8s;
using k8s.Models;
using Ops.Api;
using Ops.OperatorScenario;
using Ops.Testing;

namespace Ops.ShardedStoreScenario;

/// <summary>A backup of a store with TLS and a password, restored into one with another number of shards: every key is looked at.</summary>
public sealed class StoreBackupTests(Fleet fleet) : IDisposable
{
    private const string Ns = "storebackup";
    private const string Missing = "storebackupgone";
    private const string Password = "backup-5d1f";
    private const int Keys = 1_500;

    private readonly TestCertificates _root = new(TimeProvider.System.GetUtcNow());

    public void Dispose() => _root.Dispose();

    [Fact]
    public async Task A_backup_is_restored_into_a_store_with_another_number_of_shards_key_by_key()
    {
        fleet.RequireRedis();
        await fleet.NamespaceAsync(Ns);
        await fleet.KubectlAsync(["-n", Ns, "apply", "-f", "-"], Around());
        await fleet.KubectlAsync(["-n", Ns, "apply", "-f", "-"], Store("carts", 3, "backup: {claimName: backups, keep: 1}"));
        await UntilAsync("carts", "Restored", null, store => store.Status is { Phase: "Steady", ReplicasInSync: "3/3" });
        using (var client = await ClientAsync("carts"))
        {
            for (var key = 0; key < Keys; key++)
                (await client.CallAsync($"SET key:{key} value-{key}")).ShouldBe("OK");
            (await client.CallAsync("SET leaving soon EX 5000")).ShouldBe("OK");
            (await client.CallAsync("HSET cart:1 apples 3 pears 4")).ShouldBe("2");
        }

        // Two are taken, and only the newest is kept.
        var first = await BackUpAsync("one");
        using (var client = await ClientAsync("carts"))
            (await client.CallAsync("SET key:0 later")).ShouldBe("OK");
        var second = await BackUpAsync("two");
        second.ShouldNotBe(first);
        second.ShouldEndWith("-3");
        using (var client = await ClientAsync("carts"))
            (await client.CallAsync("SET key:1 after-the-backup")).ShouldBe("OK");

        await fleet.KubectlAsync(["-n", Ns, "apply", "-f", "-"], Store("copy", 4, $"restoreFrom: {{claimName: backups, store: carts, backup: {second} }}"));
        var copy = await UntilAsync("copy", "Restored", "True", _ => true);
        copy.Status!.Restore.ShouldBe(new() { Backup = second, ShardsDone = 3, Keys = Keys + 2 });
        using (var client = await ClientAsync("copy"))
        {
            (await client.CallAsync("GET key:0")).ShouldBe("later");
            for (var key = 1; key < Keys; key++)
                (await client.CallAsync($"GET key:{key}")).ShouldBe($"value-{key}");
            long.Parse(await client.CallAsync("TTL leaving")).ShouldBeInRange(1, 5_000);
            (await client.CallAsync("TTL key:1")).ShouldBe("-1");
            (await client.CallAsync("HGET cart:1 pears")).ShouldBe("4");
            var sizes = await Task.WhenAll(copy.Status.Shards!.Select(shard => client.AskAsync(Address(shard.Primary!), "DBSIZE")));
            sizes.Sum(long.Parse).ShouldBe(Keys + 2);
        }

        await fleet.UntilAsync("the loader is gone", () => Task.FromResult(fleet.List<V1StatefulSet>(Ns).All(set => set.Metadata.Name != "copy-restore")));

        // A store that holds keys is left as it is.
        await fleet.KubectlAsync(["-n", Ns, "patch", "sstore", "carts", "--type=merge", "-p", $$"""{"spec": {"restoreFrom": {"claimName": "backups", "store": "carts", "backup": "{{second}}"} } }"""]);
        var refused = await UntilAsync("carts", "Restored", "False", store => Conditions.Find(store.Status!.Conditions, "Restored")!.Reason == "HoldsKeys");
        refused.Status!.Restore.ShouldBeNull();
        await fleet.DropAsync(Ns);
    }

    [Fact]
    public async Task A_backup_that_is_not_there_is_not_taken_for_an_empty_one()
    {
        fleet.RequireRedis();
        await fleet.NamespaceAsync(Missing);
        await fleet.KubectlAsync(["-n", Missing, "apply", "-f", "-"], Around());
        await fleet.KubectlAsync(["-n", Missing, "apply", "-f", "-"], Store("gone", 3, "restoreFrom: {claimName: backups, store: carts, backup: 20260101000000-3}"));

        await UntilAsync("gone", "Degraded", "True", store => Conditions.Find(store.Status!.Conditions, "Degraded")!.Reason == "CrashLoopBackOff");
        (await fleet.KubectlAsync(["-n", Missing, "logs", "gone-restore-0"])).ShouldContain("the claim has no file carts/20260101000000-3/s0.rdb");
        (await StoreAsync("gone")).Status!.Restore!.ShardsDone.ShouldBe(0);
        await fleet.DropAsync(Missing);
    }

    private async Task<string> BackUpAsync(string request)
    {
        await fleet.KubectlAsync(["-n", Ns, "patch", "sstore", "carts", "--type=merge", "-p", $$"""{"spec": {"backup": {"request": "{{request}}"} } }"""]);
        var done = await UntilAsync("carts", "BackedUp", "True", store => store.Status!.Backup is { Running: null } backup && backup.Request == request);
        return done.Status!.Backup!.Last!;
    }

    private string Around()
    {
        var (certificate, key) = _root.Issue(TimeSpan.FromDays(1));
        return $"""
        apiVersion: v1
        kind: Secret
        metadata: {Braced("name: store-auth")}
        stringData: {Braced($"password: {Password}")}
        ---
        {KubernetesJson.Serialize(new V1Secret
        {
            ApiVersion = "v1",
            Kind = "Secret",
            Metadata = new() { Name = "store-tls" },
            StringData = new Dictionary<string, string> { ["tls.crt"] = certificate, ["tls.key"] = key, ["ca.crt"] = _root.Root },
        })}
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {Braced("name: backups")}
        spec:
          accessModes: [ReadWriteOnce]
          resources: {Braced("requests: {storage: 1Gi}")}
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {Braced("name: store-auth")}
        rules:
        - {Braced("""apiGroups: [""], resources: [secrets], resourceNames: [store-auth, store-tls], verbs: [get]""")}
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {Braced("name: store-auth")}
        roleRef: {Braced("apiGroup: rbac.authorization.k8s.io, kind: Role, name: store-auth")}
        subjects:
        - {Braced("kind: ServiceAccount, name: operator, namespace: ops-system")}
        """;
    }

    private static string Braced(string inside) => $"{{{inside}}}";

    private static string Store(string name, int shards, string more) => $"""
        apiVersion: ops.autonomic.dev/v1alpha1
        kind: ShardedStore
        metadata: {Braced($"name: {name}")}
        spec:
          engine: {Braced("type: redis")}
          shards: {shards}
          replicasPerShard: {(name == "carts" ? 1 : 0)}
          auth: {Braced("secretRef: {name: store-auth}")}
          tls: {Braced("secretName: store-tls")}
          {more}
        """;

    private string Address(string pod) => fleet.Get<V1Pod>(Ns, pod)!.Status.PodIP;

    private async Task<StoreClient> ClientAsync(string store) => new(Address((await StoreAsync(store)).Status!.Shards![0].Primary!), Password, _root.Root);

    private async Task<ShardedStore> StoreAsync(string name) => KubernetesJson.Deserialize<ShardedStore>(await fleet.KubectlAsync(["-n", name == "gone" ? Missing : Ns, "get", "sstore", name, "-o", "json"]));

    private async Task<ShardedStore> UntilAsync(string name, string condition, string? status, Func<ShardedStore, bool> holds)
    {
        ShardedStore? found = null;
        await fleet.UntilAsync($"{condition} of {name} is {status ?? "absent"}, and more", async () =>
            (found = await StoreAsync(name)).Status is not null && Conditions.Find(found.Status.Conditions, condition)?.Status == status && holds(found));
        return found!;
    }
}
