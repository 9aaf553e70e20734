using System.Text.Json.Nodes;
using CsCheck;
using Ops.Sandbox.Api.Store;

namespace Ops.SandboxApi.Tests;

public sealed class StoreTests
{
    private static readonly ResourceId Things = new("example.test", "things");

    /// <summary>Random writes; then every revision of the past is asked for again and must be what it was.</summary>
    [Fact]
    public void The_past_can_be_read_at_every_kept_revision() => Gen.Select(Gen.Int[0, 7], Gen.Bool).Array[1, 60].Sample(steps =>
    {
        using var store = new ObjectStore(null);
        var past = new List<(long Revision, string State)> { (0, "") };
        foreach (var (key, delete) in steps)
        {
            store.Write(tx =>
            {
                var live = tx.Find(Things, new ObjectId("ns", $"n{key}"));
                if (delete && live is not null) tx.Remove(Things, live);
                else tx.Put(Things, Thing($"n{key}"));
            });
            past.Add((store.Snapshot.Revision, Describe(store.Snapshot.Of(Things).Values)));
        }

        foreach (var (revision, state) in past) Describe(store.At(Things, revision)!.Values).ShouldBe(state);
    });

    [Fact]
    public void A_writer_that_throws_leaves_nothing_behind()
    {
        using var store = new ObjectStore(null);
        Should.Throw<InvalidOperationException>(() => store.Write(tx =>
        {
            tx.Put(Things, Thing("a"));
            throw new InvalidOperationException();
        }));
        store.Snapshot.Revision.ShouldBe(0);
        store.Snapshot.Of(Things).ShouldBeEmpty();
        store.History(Things).After(0, 10)!.ShouldBeEmpty();
    }

    [Fact]
    public void The_history_is_bounded_and_says_what_it_forgot()
    {
        using var store = new ObjectStore(null);
        for (var i = 0; i < EventHistory.MaxEvents + 10; i++) store.Write(tx => { tx.Put(Things, Thing("a")); });
        var history = store.History(Things);
        history.CompactedRevision.ShouldBe(10);
        history.After(9, 1).ShouldBeNull();
        history.After(10, int.MaxValue)!.Count.ShouldBe(EventHistory.MaxEvents);
        history.After(10, int.MaxValue)![0].Revision.ShouldBe(11);
    }

    [Fact]
    public async Task Parallel_writers_get_revisions_of_their_own()
    {
        using var store = new ObjectStore(null);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(() =>
        {
            for (var i = 0; i < 200; i++) store.Write(tx => { tx.Put(Things, Thing($"w{worker}-{i}")); });
        })));
        var revisions = store.Snapshot.Of(Things).Values.Select(o => o.Revision).Order().ToList();
        revisions.ShouldBe(Enumerable.Range(1, 1600).Select(i => (long)i).ToList());
    }

    private static JsonObject Thing(string name) => new()
    {
        ["kind"] = "Thing",
        ["apiVersion"] = "example.test/v1",
        ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "ns" },
    };

    private static string Describe(IEnumerable<StoredObject> objects) => string.Join(' ', objects.Select(o => $"{o.Id.Name}@{o.Revision}"));
}
