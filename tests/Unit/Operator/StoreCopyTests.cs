using System.Collections.Immutable;
using k8s.Models;
using Ops.Api;
using Ops.Operator.Stores;
using Ops.Planning.Stores;
using Ops.Storage.Cluster;
using Ops.Storage.Planning;
using Ops.Storage.Slots;

namespace Ops.Operator.Tests;

/// <summary>When a backup is taken and of whom, and when a restore begins.</summary>
public sealed class StoreCopyTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_backup_is_begun_when_asked_for_or_due_and_only_while_the_store_is_steady()
    {
        var store = Store(new() { ClaimName = "backups" });
        BackupPlanner.Next(store, null, steady: true, Now).ShouldBeNull();
        store.Spec = store.Spec with { Backup = store.Spec.Backup! with { Request = "now" } };
        BackupPlanner.Next(store, null, steady: false, Now).ShouldBeNull();
        Advance(store, null, Now)!.ShouldBe(new() { Running = "20260101120000-3", Begun = Now.UtcDateTime, Request = "now" });

        // While it runs, and once it is done, the same request asks for nothing.
        Advance(store, new V1Job(), Now.AddSeconds(5))!.Running.ShouldBe("20260101120000-3");
        Advance(store, Job("Complete"), Now.AddSeconds(9)).ShouldBe(new() { Last = "20260101120000-3", Begun = Now.UtcDateTime, Request = "now" });
        Advance(store, null, Now.AddHours(2))!.Running.ShouldBeNull();

        store.Spec = store.Spec with { Backup = store.Spec.Backup! with { Every = "1h" } };
        Advance(store, null, Now.AddMinutes(59))!.Running.ShouldBeNull();
        Advance(store, null, Now.AddMinutes(60))!.Running.ShouldBe("20260101130000-3");
        Advance(store, Job("Failed"), Now.AddMinutes(61))!.Failure.ShouldBe("backup 20260101130000-3 failed: see kubectl logs job/s-20260101130000");
        store.Status!.Backup!.Last.ShouldBe("20260101120000-3");
        // The next one is the next try.
        Advance(store, null, Now.AddMinutes(119))!.Running.ShouldBeNull();
        Advance(store, null, Now.AddMinutes(120))!.Running.ShouldBe("20260101140000-3");
        Advance(store, null, Now.AddMinutes(149))!.Running.ShouldNotBeNull("an operator that died before it made the Job makes it now");
        Advance(store, null, Now.AddMinutes(150))!.Failure!.ShouldContain("is gone");
    }

    [Fact]
    public void Slots_stay_where_they_are_while_a_copy_is_made()
    {
        var store = Store(new() { ClaimName = "backups" });
        StoreGoals.Goal(store, 3, Now).MovesHeld.ShouldBeNull();
        store.Status = new() { Backup = new() { Running = "20260101120000-3" } };
        StoreGoals.Goal(store, 3, Now).MovesHeld.ShouldNotBeNull();
    }

    [Fact]
    public void A_shard_is_copied_from_the_replica_that_is_furthest_on()
    {
        var goal = new StoreGoal { Shards = [new("s0", ["a", "b", "c", "d"])], Formed = true };
        var view = new StoreView
        {
            Nodes = new[] { Node("a", null, 0, SlotSet.All), Node("b", "a", 7), Node("c", "a", 9), Node("d", "a", 99, linked: false) }.ToImmutableSortedDictionary(node => node.Member, node => node),
        };
        BackupPlanner.Sources(goal, view).ShouldHaveSingleItem().ShouldBe(new("s0", "c", "10.0.0.1", "0-16383"));
        BackupPlanner.Sources(goal, view with { Nodes = view.Nodes.RemoveRange(["b", "c"]) }).ShouldHaveSingleItem().Member.ShouldBe("a");
        BackupPlanner.Sources(goal, view with { Nodes = view.Nodes.Remove("a") }).ShouldBeEmpty();

        static NodeView Node(string member, string? primary, long offset, SlotSet? slots = null, bool linked = true) => new()
        {
            Member = member, Id = member, Address = new("10.0.0.1", 6379), PrimaryId = primary, Offset = offset, LinkUp = linked, Slots = slots ?? SlotSet.Empty,
        };
    }

    [Fact]
    public void The_job_names_no_password_and_its_name_fits()
    {
        var store = Store(new() { ClaimName = "backups" });
        store.Metadata.Name = new string('s', 45);
        store.Spec = store.Spec with { Auth = new() { SecretRef = new() { Name = "s-auth" } } };
        var job = StoreBackupJob.Plan(store, "20260101120000-3", [new("s0", "s-s0-1", "10.0.0.2", "0-16383")]);
        job.Metadata.Name.Length.ShouldBe(60);
        var container = job.Spec.Template.Spec.Containers[0];
        container.Env.Select(variable => variable.Name).ShouldBe(["STORE", "BACKUP", "KEEP", "PORT", "SOURCES", "MANIFEST"]);
        container.Env.Single(variable => variable.Name == "MANIFEST").Value.ShouldContain("""{"name":"s0","slots":"0-16383","node":"s-s0-1"}""");
        job.Spec.Template.Spec.Volumes.Single(volume => volume.Secret is not null).Secret.SecretName.ShouldBe("s-auth");
        job.Spec.Template.Metadata.Labels.ShouldNotContainKey(Labels.Store, "the store's Service would send clients there");
    }

    [Fact]
    public void A_restore_begins_in_an_empty_store_only_and_clients_are_not_sent_to_its_loader()
    {
        var store = Store(null);
        store.Spec = store.Spec with { RestoreFrom = new() { ClaimName = "backups", Store = "old", Backup = "20260101120000-12" } };
        store.Spec.RestoreFrom.Shards.ShouldBe(12);
        RestorePlanner.Begin(store, View(keys: 0), steady: false).ShouldBe((null, null));
        var (refusal, problem) = RestorePlanner.Begin(store, View(keys: 1), steady: true);
        (refusal, problem!.Reason).ShouldBe((null, "HoldsKeys"));
        store.Status = new() { Restore = RestorePlanner.Begin(store, View(keys: 0), steady: true).Status };
        store.Status.Restore.ShouldBe(new() { Backup = "20260101120000-12" });
        RestorePlanner.IsUnderWay(store).ShouldBeTrue();
        // Its own keys are no reason to refuse what has begun.
        RestorePlanner.Begin(store, View(keys: 5), steady: true).ShouldBe((store.Status.Restore, null));
        store.Status = store.Status with { Restore = store.Status.Restore! with { ShardsDone = 12 } };
        RestorePlanner.IsUnderWay(store).ShouldBeFalse();

        var loader = StoreLoader.Plan(store, 3).Spec.Template.Metadata.Labels;
        foreach (var service in StoreObjects.Plan(store, [], []).Services)
            service.Spec.Selector.All(wanted => loader.TryGetValue(wanted.Key, out var value) && value == wanted.Value).ShouldBeFalse();

        static StoreView View(long keys) => new()
        {
            Nodes = ImmutableSortedDictionary<string, NodeView>.Empty.Add("a", new() { Member = "a", Id = "a", Address = default, Keys = keys }),
        };
    }

    private static StoreBackupStatus? Advance(ShardedStore store, V1Job? job, DateTimeOffset now)
    {
        store.Status = new() { Backup = BackupPlanner.Next(store, job, steady: true, now) };
        return store.Status.Backup;
    }

    private static V1Job Job(string condition) => new() { Status = new() { Conditions = [new() { Type = condition, Status = "True" }] } };

    private static ShardedStore Store(StoreBackupSpec? backup) => new()
    {
        Metadata = new() { Name = "s", NamespaceProperty = "default", Uid = "u", Generation = 1 },
        Spec = new() { Shards = 3, Engine = new() { Type = "redis" }, Backup = backup },
    };
}
