using System.Collections.Immutable;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Ops.Api;
using Ops.Operator.Stores;
using Ops.Planning.Stores;
using Ops.Storage.Cluster;
using Ops.Storage.Load;
using Ops.Storage.Planning;
using Ops.Storage.Slots;

namespace Ops.Operator.Tests;

/// <summary>A store's schema, its objects, its goal and its status.</summary>
public sealed class StoreTests
{
    private const string Small = """{"apiVersion":"ops.autonomic.dev/v1alpha1","kind":"ShardedStore","metadata":{"name":"s","namespace":"default"},"spec":{}}""";
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Defaults_of_a_store_are_filled_in()
    {
        var store = Parse(Small);
        Definitions.Refusals(store).ShouldBeEmpty();
        var expected = Parse("""
            {"suspend":false,"engine":{"type":"valkey"},"shards":3,"replicasPerShard":1,"storage":{"size":"1Gi"},
             "durability":{"minReplicasToWrite":0,"fsync":"everysec"},
             "rebalancing":{"mode":"load","targetSkew":1.15,"maxMovesPerHour":2000,"cooldown":"30s","replicaMigration":{"mode":"off","barrier":1,"after":"5m"}},"failover":{"after":"2s"}}
            """);
        JsonNode.DeepEquals(store["spec"], expected).ShouldBeTrue(store.ToJsonString());
    }

    [Theory]
    [InlineData("""{"metadata":{"name":"8b"}}""", "metadata.name must start with a letter")]
    [InlineData("""{"spec":{"engine":{"type":"mongo"}}}""", "spec.engine.type")]
    [InlineData("""{"spec":{"shards":2}}""", "spec.shards must be at least 3")]
    [InlineData("""{"spec":{"shards":0}}""", "spec.shards")]
    [InlineData("""{"spec":{"replicasPerShard":6}}""", "spec.replicasPerShard")]
    [InlineData("""{"spec":{"durability":{"minReplicasToWrite":2}}}""", "minReplicasToWrite must not be above spec.replicasPerShard")]
    [InlineData("""{"spec":{"durability":{"fsync":"sometimes"}}}""", "spec.durability.fsync")]
    [InlineData("""{"spec":{"engine":{"type":"garnet"},"durability":{"minReplicasToWrite":1}}}""", "minReplicasToWrite needs the engine valkey or redis")]
    [InlineData("""{"spec":{"engine":{"type":"garnet","memoryMiB":63}}}""", "spec.engine.memoryMiB")]
    [InlineData("""{"spec":{"engine":{"type":"redis","memoryMiB":64}}}""", "spec.engine.memoryMiB needs the engine garnet")]
    [InlineData("""{"spec":{"engine":{"type":"garnet"},"auth":{"secretRef":{"name":"a"}}}}""", "spec.auth needs the engine valkey or redis")]
    [InlineData("""{"spec":{"engine":{"type":"garnet"},"backup":{"claimName":"b"}}}""", "spec.backup and spec.restoreFrom need the engine valkey or redis")]
    [InlineData("""{"spec":{"auth":{}}}""", "spec.auth.secretRef")]
    [InlineData("""{"spec":{"auth":{"secretRef":{"name":""}}}}""", "spec.auth.secretRef.name")]
    [InlineData("""{"spec":{"auth":{"secretRef":{"name":"a"}},"users":[{"name":"default","passwordSecretRef":{"name":"p"},"commands":["read"]}]}}""", "spec.users must not have the name default")]
    [InlineData("""{"spec":{"users":[]}}""", "spec.users needs spec.auth")]
    [InlineData("""{"spec":{"users":[{"name":"a b","passwordSecretRef":{"name":"p"},"commands":["read"]}]}}""", "spec.users[0].name")]
    [InlineData("""{"spec":{"users":[{"name":"a","commands":["read"]}]}}""", "spec.users[0].passwordSecretRef")]
    [InlineData("""{"spec":{"users":[{"name":"a","passwordSecretRef":{"name":"p"},"commands":[]}]}}""", "spec.users[0].commands")]
    [InlineData("""{"spec":{"users":[{"name":"a","passwordSecretRef":{"name":"p"},"commands":["nopass"]}]}}""", "spec.users[0].commands[0]")]
    [InlineData("""{"spec":{"users":[{"name":"a","passwordSecretRef":{"name":"p"},"commands":["read",">word"]}]}}""", "spec.users[0].commands[1]")]
    [InlineData("""{"spec":{"users":[{"name":"a","passwordSecretRef":{"name":"p"},"commands":["read"],"keys":["a +@all"]}]}}""", "spec.users[0].keys[0]")]
    [InlineData("""{"spec":{"users":[{"name":"a","passwordSecretRef":{"name":"p"},"commands":["read"]},{"name":"a","passwordSecretRef":{"name":"p"},"commands":["read"]}]}}""", "spec.users[1]")]
    [InlineData("""{"spec":{"tls":{}}}""", "spec.tls.secretName")]
    [InlineData("""{"spec":{"tls":{"secretName":""}}}""", "spec.tls.secretName")]
    [InlineData("""{"spec":{"backup":{"claimName":"b","every":"daily"}}}""", "spec.backup.every")]
    [InlineData("""{"spec":{"backup":{"keep":3}}}""", "spec.backup.claimName")]
    [InlineData("""{"spec":{"restoreFrom":{"claimName":"b","store":"a","backup":"../../etc-3"}}}""", "spec.restoreFrom.backup")]
    [InlineData("""{"spec":{"restoreFrom":{"claimName":"b","store":"../a","backup":"20260101120000-3"}}}""", "spec.restoreFrom.store")]
    [InlineData("""{"spec":{"storage":{"size":"much"}}}""", "spec.storage.size")]
    [InlineData("""{"spec":{"rebalancing":{"mode":"random"}}}""", "spec.rebalancing.mode")]
    [InlineData("""{"spec":{"rebalancing":{"targetSkew":1}}}""", "spec.rebalancing.targetSkew")]
    [InlineData("""{"spec":{"rebalancing":{"replicaMigration":{"mode":"on"}}}}""", "spec.rebalancing.replicaMigration.mode")]
    [InlineData("""{"spec":{"rebalancing":{"replicaMigration":{"barrier":0}}}}""", "spec.rebalancing.replicaMigration.barrier")]
    [InlineData("""{"spec":{"rebalancing":{"replicaMigration":{"after":"5s"}}}}""", "spec.rebalancing.replicaMigration.after must be at least 10s")]
    [InlineData("""{"spec":{"rebalancing":{"replicaMigration":{"mode":"reads"}}}}""", "needs spec.replicasPerShard above its barrier")]
    [InlineData("""{"spec":{"engine":{"type":"garnet"},"replicasPerShard":2,"rebalancing":{"replicaMigration":{"mode":"reads"}}}}""", "a replica of garnet cannot change its primary")]
    [InlineData("""{"spec":{"failover":{"after":"10ms"}}}""", "spec.failover.after must be at least 500ms")]
    [InlineData("""{"spec":{"failover":{"after":"soon"}}}""", "spec.failover.after")]
    public void A_wrong_store_is_refused_by_its_field(string change, string named)
    {
        var store = (JsonObject)Sandbox.Objects.MergePatch.Apply(Parse(Small), Parse(change))!;
        Definitions.Refusals(store).ShouldContain(refusal => refusal.Contains(named));
    }

    [Theory]
    [InlineData("""{"spec":{"shards":2,"engine":{"type":"redis"}}}""")]
    [InlineData("""{"spec":{"replicasPerShard":1,"durability":{"minReplicasToWrite":2}}}""")]
    [InlineData("""{"spec":{"failover":{"after":"499ms"}}}""")]
    [InlineData("""{"spec":{"failover":{"after":"500ms"}}}""")]
    [InlineData("""{"metadata":{"name":"9"}}""")]
    [InlineData("""{"spec":{"shards":1,"engine":{"type":"garnet","memoryMiB":64}}}""")]
    [InlineData("""{"spec":{"engine":{"type":"garnet"},"durability":{"minReplicasToWrite":1}}}""")]
    [InlineData("""{"spec":{"engine":{"memoryMiB":64}}}""")]
    [InlineData("""{"spec":{"engine":{"type":"garnet"},"auth":{"secretRef":{"name":"a"}}}}""")]
    [InlineData("""{"spec":{"engine":{"type":"garnet"},"backup":{"claimName":"b"}}}""")]
    [InlineData("""{"spec":{"users":[{"name":"a","passwordSecretRef":{"name":"p"},"commands":["read"]}]}}""")]
    [InlineData("""{"spec":{"auth":{"secretRef":{"name":"a"}},"users":[{"name":"default","passwordSecretRef":{"name":"p"},"commands":["read"]}]}}""")]
    [InlineData("""{"spec":{"auth":{"secretRef":{"name":"a"}},"users":[{"name":"b","passwordSecretRef":{"name":"p"},"commands":["read","+@hash","-flushall","+cluster|slots"],"keys":["b:*"],"channels":["é*"]}]}}""")]
    [InlineData("""{"spec":{"engine":{"type":"garnet"},"users":[]}}""")]
    [InlineData("""{"spec":{"replicasPerShard":2,"rebalancing":{"replicaMigration":{"mode":"reads","after":"10s"}}}}""")]
    [InlineData("""{"spec":{"replicasPerShard":2,"rebalancing":{"replicaMigration":{"mode":"reads","barrier":2,"after":"9s"}}}}""")]
    [InlineData("""{"spec":{"replicasPerShard":2,"durability":{"minReplicasToWrite":2},"rebalancing":{"replicaMigration":{"mode":"reads"}}}}""")]
    [InlineData("""{"spec":{"replicasPerShard":0,"rebalancing":{"replicaMigration":{"mode":"off","barrier":5}}}}""")]
    [InlineData("""{"spec":{"engine":{"type":"garnet"},"replicasPerShard":2,"rebalancing":{"replicaMigration":{"mode":"reads"}}}}""")]
    [InlineData("""{"spec":{"tls":{"secretName":"s-tls"}}}""")]
    [InlineData("""{"spec":{"engine":{"type":"garnet"},"tls":{"secretName":"s-tls"}}}""")]
    public void Rules_for_stores_are_the_same_in_cel_and_in_code(string change)
    {
        var store = (JsonObject)Sandbox.Objects.MergePatch.Apply(Parse(Small), Parse(change))!;
        var broken = ShardedStoreRules.Broken(KubernetesJson.Deserialize<ShardedStore>(store.ToJsonString())).ToList();
        var refusals = Definitions.Refusals(store);
        refusals.Count.ShouldBe(broken.Count, string.Join('\n', refusals));
        broken.ShouldAllBe(sentence => refusals.Any(refusal => refusal.Contains(sentence)));
    }

    [Fact]
    public void A_shard_that_shall_go_keeps_its_set_until_it_is_empty_and_leaves_in_the_goal()
    {
        var store = Store(shards: 3);
        var present = StoreObjects.Plan(Store(shards: 4), [], []).Sets;

        var plan = StoreObjects.Plan(store, present, []);
        plan.Problem.ShouldBeNull();
        plan.Sets.Select(set => set.Metadata.Name).ShouldBe(["s-s0", "s-s1", "s-s2", "s-s3"]);
        StoreGoals.Goal(store, 4, Now).Shards.Select(shard => shard.Leaving).ShouldBe([false, false, false, true]);
    }

    [Fact]
    public void Objects_of_an_earlier_store_of_the_same_name_are_not_taken_over()
    {
        var earlier = Store(shards: 3);
        earlier.Metadata.Uid = "earlier";
        StoreObjects.Plan(Store(shards: 3), StoreObjects.Plan(earlier, [], []).Sets, []).Problem!.Reason.ShouldBe("NameConflict");
    }

    [Fact]
    public void Of_two_stores_with_one_service_name_the_second_is_refused_with_the_reason()
    {
        // Store s has the Services s and s-nodes; a store that is named s-nodes would want the second one for its clients.
        var first = StoreObjects.Plan(Store(shards: 3), [], []).Services;
        var second = Store(shards: 3);
        (second.Metadata.Name, second.Metadata.Uid) = ("s-nodes", "other");

        var plan = StoreObjects.Plan(second, [], [.. first.Where(service => service.Metadata.Name == StoreObjects.Name(second))]);

        plan.Problem!.Reason.ShouldBe("NameConflict");
        plan.Problem.Message.ShouldBe("Service s-nodes exists and does not belong to this store; delete it or rename the store");
        (plan.Services.Count, plan.Sets.Count).ShouldBe((0, 0));
    }

    [Fact]
    public void A_member_without_a_pod_has_no_address_and_a_finished_pod_is_none()
    {
        var goal = StoreGoals.Goal(Store(shards: 3), 3, Now);
        var members = StoreGoals.Members(goal, [Pod("s-s0-0", "10.0.0.1", "Running"), Pod("s-s1-0", "10.0.0.2", "Failed")]);
        members["s-s0-0"].ShouldBe(new StoreAddress("10.0.0.1", 6379));
        members["s-s1-0"].ShouldBe(default);
        members.Count.ShouldBe(6);
    }

    [Fact]
    public void A_pod_is_outdated_by_what_its_set_wants_now_and_down_by_what_the_kubelet_says()
    {
        var sets = StoreObjects.Plan(Store(shards: 3), [], []).Sets;
        sets.ShouldAllBe(set => set.Spec.UpdateStrategy.Type == "OnDelete");
        foreach (var set in sets)
            (set.Metadata.Generation, set.Status) = (2, new() { ObservedGeneration = 2, UpdateRevision = "new" });
        V1Pod[] pods = [Pod("s-s0-0", "old", runs: true), Pod("s-s0-1", "new", runs: true), Pod("s-s1-0", "old", runs: false), Pod("s-s1-1", "new", runs: false)];

        var goal = StoreGoals.Renewing(StoreGoals.Goal(Store(shards: 3), 3, Now), sets, pods);
        goal.Outdated.Order().ShouldBe(["s-s0-0", "s-s1-0"]);
        goal.Down.Order().ShouldBe(["s-s1-0", "s-s1-1"]);

        // Its controller has not looked at it since: which revision is wanted is not known.
        sets[0].Metadata.Generation = 3;
        StoreGoals.Renewing(goal, sets, pods).Outdated.ShouldHaveSingleItem().ShouldBe("s-s1-0");

        static V1Pod Pod(string name, string revision, bool runs) => new()
        {
            Metadata = new()
            {
                Name = name,
                Labels = new Dictionary<string, string> { ["controller-revision-hash"] = revision },
                OwnerReferences = [new() { Name = name[..^2], Controller = true }],
            },
            Status = new() { ContainerStatuses = [new() { State = runs ? new() { Running = new() } : new() { Waiting = new() { Reason = "ImagePullBackOff" } } }] },
        };
    }

    [Fact]
    public void The_status_is_stable_and_says_whether_the_guarantee_holds()
    {
        var store = Store(shards: 3, durable: 1);
        var whole = Observe(store, silent: null);
        store.Status = StoreStatusPlanner.Plan(whole);
        Conditions.IsTrue(store.Status.Conditions, "Ready").ShouldBeTrue();
        Conditions.IsTrue(store.Status.Conditions, "Durable").ShouldBeTrue();
        store.Status.ReplicasInSync.ShouldBe("3/3");
        KubernetesJson.Serialize(StoreStatusPlanner.Plan(Observe(store, silent: null) with { Now = Now.AddMinutes(5) })).ShouldBe(KubernetesJson.Serialize(store.Status));

        var broken = StoreStatusPlanner.Plan(Observe(store, silent: "s-s1-1"));
        Conditions.Find(broken.Conditions, "Durable")!.Message.ShouldContain("shard s1 has 0 of 1");
        Conditions.IsTrue(broken.Conditions, "Ready").ShouldBeTrue();
        broken.Shards![1].Members![1].Role.ShouldBe("silent");
        broken.Shards[1].Members![1].NodeId.ShouldBe("id-s-s1-1");

        var uncovered = StoreStatusPlanner.Plan(Observe(store, silent: "s-s2-0"));
        Conditions.Find(uncovered.Conditions, "Ready")!.Reason.ShouldBe("SlotsUncovered");
        uncovered.SlotsCovered.ShouldBe(10_922);

        var refused = StoreStatusPlanner.Plan(whole with { View = whole.View with { Nodes = whole.View.Nodes.SetItem("s-s2-0", whole.View.Nodes["s-s2-0"] with { Serves = false }) } });
        Conditions.Find(refused.Conditions, "Ready")!.Reason.ShouldBe("SlotsUncovered");
        refused.SlotsCovered.ShouldBe(10_922);
    }

    [Fact]
    public void A_member_that_is_not_believed_is_shown_as_doubted_and_its_claims_are_not_counted()
    {
        var seen = Observe(Store(shards: 3), silent: null);
        var liar = seen.View.Nodes["s-s1-1"] with { Slots = SlotSet.All, Epoch = 99 };

        var status = StoreStatusPlanner.Plan(seen with { View = seen.View with { Nodes = seen.View.Nodes.SetItem(liar.Member, liar) } });

        status.Shards![1].Members![1].Role.ShouldBe("doubted");
        status.Shards.Select(row => row.Primary).ShouldBe(["s-s0-0", "s-s1-0", "s-s2-0"]);
        status.SlotsCovered.ShouldBe(16_384);
    }

    [Fact]
    public void Slots_are_shown_by_shard_as_runs_that_cover_the_ring()
    {
        var rows = StoreStatusPlanner.Plan(Observe(Store(shards: 3), silent: null)).Shards!;
        rows.Select(row => row.SlotRanges).ShouldBe(["0-5460", "5461-10921", "10922-16383"]);
        // The longest text that there can be is every second slot, in two shards.
        SlotSet.Of(Enumerable.Range(0, 8_192).Select(slot => slot * 2)).ToString().Length.ShouldBeLessThan(98_304 / 2);
    }

    [Fact]
    public void Failovers_and_moves_are_remembered_and_bounded()
    {
        var store = Store(shards: 3);
        store.Status = StoreStatusPlanner.Plan(Observe(store, silent: null));
        store.Status.History.ShouldBeNull();
        store.Status = StoreStatusPlanner.Plan(Observe(store, silent: "s-s1-0"));
        (store.Status.Shards![1].Primary, store.Status.Shards[1].LastPrimary).ShouldBe((null, "s-s1-0"));
        var promoted = Observe(store, silent: "s-s1-0");
        var taken = promoted.View.Nodes["s-s1-1"] with { PrimaryId = null, Slots = SlotSet.Range(5_461, 10_921), Epoch = 9 };
        var after = promoted with { View = promoted.View with { Nodes = promoted.View.Nodes.SetItem(taken.Member, taken) } };
        store.Status = StoreStatusPlanner.Plan(after);
        var failover = store.Status.History!.ShouldHaveSingleItem();
        (failover.Kind, failover.Shard, failover.Message).ShouldBe(("Failover", "s1", "s-s1-1 took the place of s-s1-0"));

        for (var minute = 0; minute < 60; minute++)
        {
            store.Status = StoreStatusPlanner.Plan(Moving(store, after, Now.AddMinutes(minute)));
            store.Status = StoreStatusPlanner.Plan(Moving(store, after, Now.AddMinutes(minute).AddSeconds(1)));
        }

        store.Status.History!.Count.ShouldBe(2);
        store.Status.History[0].Count.ShouldBe(240, "moves that follow each other within a minute are one entry");
        store.Status.Migrations!.ShouldHaveSingleItem().ShouldBe(new() { From = "s0", To = "s1", Slots = "3-4" });
        for (var hour = 1; hour < 30; hour++)
            store.Status = StoreStatusPlanner.Plan(Moving(store, after, Now.AddHours(hour)));
        store.Status.History!.Count.ShouldBe(20);
        store.Status.History[0].Count.ShouldBe(2);
    }

    [Fact]
    public void The_load_is_shown_with_its_skew_and_its_hottest_slots()
    {
        var level = new double[SlotSet.Slots];
        (level[3], level[6_000], level[11_000]) = (60, 30, 10);
        var seen = Observe(Store(shards: 3), silent: null) with { Load = new(LoadSource.Commands, [.. level], SlotHeat.Of([.. level])) };

        var status = StoreStatusPlanner.Plan(seen);

        status.Load!.Source.ShouldBe("commands");
        status.Load.Skew.ShouldBe(1.8);
        status.Load.HotSlots!.ShouldHaveSingleItem().ShouldBe(new() { Slot = 3, Shard = "s0", Share = 0.6 });
        status.Shards![1].Heat.ShouldBe(new() { Hot = 0, Warm = 1, Cold = 5_460 });
        StoreStatusPlanner.Plan(seen with { FreshNumbers = false, Store = Shown(seen.Store, status), Load = null }).Load.ShouldBe(status.Load);
    }

    [Fact]
    public void The_hourly_bound_holds_balancing_back_but_not_the_filling_of_new_shards()
    {
        var store = Store(shards: 3);
        store.Status = new() { BalancedShards = 3, Moves = 1_990, MovesSince = Now.UtcDateTime.AddMinutes(-10) };
        StoreGoals.Goal(store, 3, Now).MovesLeft.ShouldBe(10);
        StoreGoals.Goal(store, 3, Now.AddMinutes(51)).MovesLeft.ShouldBe(2_000);
        store.Status = store.Status with { BalancedShards = 2 };
        StoreGoals.Goal(store, 3, Now).MovesLeft.ShouldBe(int.MaxValue);
    }

    [Fact]
    public void An_approval_counts_for_the_state_that_it_was_given_for_only()
    {
        var store = Store(shards: 3);
        var seen = Observe(store, silent: "s-s0-0");
        store.Spec = store.Spec with { Failover = new() { ApproveTakeover = StoreGoals.TakeoverToken(seen.Goal, seen.View) } };
        StoreGoals.With(seen.Goal, seen.Memory, store, seen.View).TakeoverApproved.ShouldBeTrue();
        StoreGoals.With(seen.Goal, seen.Memory, store, Observe(store, silent: "s-s1-0").View).TakeoverApproved.ShouldBeFalse();
    }

    [Fact]
    public void A_write_that_one_of_two_replicas_confirmed_is_not_called_durable()
    {
        var store = Store(shards: 3, durable: 1, replicas: 2);

        var whole = Conditions.Find(StoreStatusPlanner.Plan(Observe(store, silent: null)).Conditions, "Durable")!;
        (whole.Status, whole.Reason).ShouldBe(("True", "Held"));
        whole.Message.ShouldContain("WAIT returned 2");

        var missing = Conditions.Find(StoreStatusPlanner.Plan(Observe(store, silent: "s-s1-2")).Conditions, "Durable")!;
        (missing.Status, missing.Reason).ShouldBe(("False", "ReplicaMissing"));
        missing.Message.ShouldContain("shard s1 takes writes with 1 of 2 replicas in step");
    }

    [Fact]
    public void A_drained_shard_stays_a_moment_for_the_clients_that_still_know_it()
    {
        var sets = new[] { "s4", "s3" }.Select(name => new V1StatefulSet { Metadata = new() { Name = name, Uid = name } }).ToList();
        var drained = new DrainedShards();

        drained.Due([sets[0]], Now).ShouldBeEmpty();
        drained.Due(sets, Now.AddSeconds(3)).ShouldBeEmpty();
        drained.Due(sets, Now.Add(DrainedShards.Grace)).ShouldBe([sets[0]]);
        // One that got slots again in between begins anew.
        drained.Due([sets[0]], Now.AddSeconds(6));
        drained.Due(sets, Now.AddSeconds(9)).ShouldBe([sets[0]]);
        drained.Due(sets, Now.AddSeconds(9).Add(DrainedShards.Grace)).ShouldBe(sets);
    }

    private static StoreObservation Observe(ShardedStore store, string? silent)
    {
        var goal = StoreGoals.Goal(store, 3, Now);
        var nodes = goal.Shards.SelectMany((shard, index) => shard.Members.Select((member, ordinal) => new NodeView
        {
            Member = member,
            Id = $"id-{member}",
            Address = new StoreAddress("10.0.0.1", 6379),
            PrimaryId = ordinal == 0 ? null : $"id-{shard.Members[0]}",
            LinkUp = ordinal > 0,
            Slots = ordinal == 0 ? SlotSet.Range(16_384 * index / 3, (16_384 * (index + 1) / 3) - 1) : SlotSet.Empty,
            Keys = 100,
            Epoch = index + 1,
        })).ToList();
        var memory = new StoreMemory(true, nodes.ToImmutableDictionary(node => node.Member, node => node.Id), ImmutableDictionary<string, StoreCopy>.Empty);
        var view = new StoreView { Nodes = nodes.Where(node => node.Member != silent).ToImmutableSortedDictionary(node => node.Member, node => node) };
        var plan = new StorePlan(StorePhase.Steady, "as it should be", []);
        return new(store, goal, view, plan, memory, null, null, FreshNumbers: true, null, Now);
    }

    private static StoreObservation Moving(ShardedStore store, StoreObservation seen, DateTimeOffset now) => seen with
    {
        Store = store,
        Plan = new(StorePhase.Rebalancing, "busy", [.. new[] { 3, 4 }.Select(slot => new StoreStep.MoveSlot(slot, seen.View.Nodes["s-s0-0"], seen.View.Nodes["s-s1-1"]))]),
        Now = now,
    };

    private static ShardedStore Shown(ShardedStore store, ShardedStoreStatus status) => new() { Metadata = store.Metadata, Spec = store.Spec, Status = status };

    private static ShardedStore Store(int shards, int durable = 0, int? replicas = null) => new()
    {
        Metadata = new() { Name = "s", NamespaceProperty = "default", Uid = "u", Generation = 1 },
        Spec = new() { Shards = shards, ReplicasPerShard = replicas, Engine = new() { Type = "redis" }, Durability = new() { MinReplicasToWrite = durable } },
    };

    private static V1Pod Pod(string name, string ip, string phase) => new() { Metadata = new() { Name = name }, Status = new() { PodIP = ip, Phase = phase } };

    private static JsonObject Parse(string json) => JsonNode.Parse(json)!.AsObject();
}
