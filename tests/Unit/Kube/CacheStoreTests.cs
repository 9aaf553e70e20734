using k8s.Models;

namespace Ops.Kube.Tests;

public sealed class CacheStoreTests
{
    private readonly CacheStore<V1ConfigMap> store = new(new RelistDifference<V1ConfigMap>());

    [Fact]
    public void A_deletion_missed_in_a_gap_is_delivered_with_the_last_known_object()
    {
        List("10", Map("a", "1", "u1"), Map("b", "2", "u2"));
        var change = List("20", Map("b", "2", "u2")).ShouldHaveSingleItem();
        change.Kind.ShouldBe(ChangeKind.Deleted);
        change.Object.Metadata.Uid.ShouldBe("u1");
        store.Objects.ShouldNotContainKey(new ObjectKey("n", "a"));
    }

    [Fact]
    public void A_name_taken_by_another_object_in_a_gap_is_a_deletion_and_an_addition()
    {
        List("10", Map("a", "1", "u1"));
        List("20", Map("a", "15", "u2")).Select(c => (c.Kind, c.Object.Metadata.Uid))
            .ShouldBe([(ChangeKind.Deleted, "u1"), (ChangeKind.Added, "u2")]);
    }

    [Fact]
    public void A_list_of_what_is_known_changes_nothing()
    {
        List("10", Map("a", "1", "u1"));
        List("20", Map("a", "1", "u1")).ShouldBeEmpty();
    }

    [Fact]
    public void An_object_that_no_longer_fits_its_type_keeps_its_last_readable_state()
    {
        List("10", Map("a", "1", "u1"));
        store.Replace(new Listing<V1ConfigMap>([], new HashSet<ObjectKey> { new("n", "a") }, "20")).ShouldBeEmpty();
        store.Objects.ShouldContainKey(new ObjectKey("n", "a"));
    }

    [Fact]
    public void Duplicated_and_late_events_of_an_object_are_ignored()
    {
        Upsert(Map("a", "10", "u1")).ShouldHaveSingleItem().Kind.ShouldBe(ChangeKind.Added);
        Upsert(Map("a", "12", "u1")).ShouldHaveSingleItem().Kind.ShouldBe(ChangeKind.Modified);
        Upsert(Map("a", "12", "u1")).ShouldBeEmpty();
        Upsert(Map("a", "11", "u1")).ShouldBeEmpty();
        Delete(Map("a", "9", "u1")).ShouldBeEmpty("a deletion older than what is held was of an earlier object");
        Delete(Map("a", "13", "u1")).ShouldHaveSingleItem().Kind.ShouldBe(ChangeKind.Deleted);
        Delete(Map("a", "13", "u1")).ShouldBeEmpty();
        Upsert(Map("a", "12", "u1")).ShouldBeEmpty("a late event must not raise the dead");
        Upsert(Map("a", "14", "u2")).ShouldHaveSingleItem().Kind.ShouldBe(ChangeKind.Added);
    }

    [Fact]
    public void A_deletion_that_overtakes_its_creation_tells_of_both()
    {
        Delete(Map("a", "11", "u1")).Select(c => c.Kind).ShouldBe([ChangeKind.Added, ChangeKind.Deleted]);
        Upsert(Map("a", "10", "u1")).ShouldBeEmpty("a late event must not raise the dead");
        Delete(Map("a", "11", "u1")).ShouldBeEmpty();
        store.Objects.ShouldBeEmpty();
    }

    [Fact]
    public void A_late_event_of_one_object_is_not_judged_by_another()
    {
        Upsert(Map("a", "8", "u1"));
        Upsert(Map("b", "11", "u2"));
        Upsert(Map("a", "10", "u1")).ShouldHaveSingleItem().Kind.ShouldBe(ChangeKind.Modified);
    }

    [Fact]
    public void Opaque_versions_are_only_compared_for_equality()
    {
        Upsert(Map("a", "zz", "u1"));
        Upsert(Map("a", "zz", "u1")).ShouldBeEmpty();
        Upsert(Map("a", "aa", "u1")).ShouldHaveSingleItem().Kind.ShouldBe(ChangeKind.Modified);
    }

    [Fact]
    public void An_index_follows_additions_moves_and_deletions()
    {
        var index = store.AddIndex(m => m.Metadata.Labels is { } labels && labels.TryGetValue("pool", out var pool) ? [pool] : []);
        Upsert(Map("a", "1", "u1", "x"));
        Upsert(Map("b", "2", "u2", "x"));
        index["x"].Select(m => m.Metadata.Name).Order().ShouldBe(["a", "b"]);
        Upsert(Map("a", "3", "u1", "y"));
        index["x"].Count.ShouldBe(1);
        index["y"].ShouldHaveSingleItem().Metadata.Name.ShouldBe("a");
        List("9", Map("a", "3", "u1", "y"));
        index["x"].ShouldBeEmpty();
        Delete(Map("a", "10", "u1", "y"));
        index["y"].ShouldBeEmpty();
    }

    private static V1ConfigMap Map(string name, string version, string uid, string? pool = null) => new()
    {
        Metadata = new V1ObjectMeta
        {
            Name = name,
            NamespaceProperty = "n",
            ResourceVersion = version,
            Uid = uid,
            Labels = pool is null ? null : new Dictionary<string, string> { ["pool"] = pool },
        },
    };

    private IReadOnlyList<CacheChange<V1ConfigMap>> List(string version, params V1ConfigMap[] maps) =>
        store.Replace(new Listing<V1ConfigMap>(maps, new HashSet<ObjectKey>(), version));

    private IReadOnlyList<CacheChange<V1ConfigMap>> Upsert(V1ConfigMap map) => Take(WatchEventKind.Upsert, map);

    private IReadOnlyList<CacheChange<V1ConfigMap>> Delete(V1ConfigMap map) => Take(WatchEventKind.Delete, map);

    private IReadOnlyList<CacheChange<V1ConfigMap>> Take(WatchEventKind kind, V1ConfigMap map) =>
        store.Take(new WatchEvent<V1ConfigMap>(kind, map.Metadata.ResourceVersion, map, ObjectKey.Of(map), null));
}
