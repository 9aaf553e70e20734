using Ops.Api;
using Ops.Dashboard.Health;

namespace Ops.Dashboard.Tests;

/// <summary>A store's slots as areas of a picture.</summary>
public sealed class Slot_rules
{
    [Fact]
    public void Every_slot_has_its_owner_and_whole_lines_are_one_rectangle()
    {
        // 300 slots: a whole line of 256, and 44 of the next; then the rest of that line, and whole lines.
        var areas = SlotMap.Of(Status(Shard("s0", "0-299", 300), Shard("s1", "300-16383", 16_084)), byLoad: false);

        areas.Select(area => (area.Css, area.Slots)).ShouldBe([("s0", 300), ("s1", 16_084)]);
        areas[0].Path.ShouldBe("M0 0h256v1h-256zM0 1h44v1h-44z");
        areas[1].Path.ShouldBe("M44 1h212v1h-212zM0 2h256v62h-256z");
        areas[0].Text.ShouldBe("s0: 300 slots on s0-0, 30.0 commands/s");
    }

    [Fact]
    public void What_nobody_serves_and_what_is_on_its_way_lies_on_top()
    {
        var status = Status(Shard("s0", "0-99 200", 101), Shard("s1", "300-16383", 16_084) with { Primary = null, LastPrimary = "s1-0" });
        var areas = SlotMap.Of(status with { Migrations = [new() { From = "s0", To = "s1", Slots = "5-6" }] }, byLoad: false);

        areas.Select(area => (area.Css, area.Slots)).ShouldBe([("s0", 101), ("lost", 16_084), ("lost", 199), ("moving", 2)]);
        areas[1].Text.ShouldContain("nobody, last on s1-0");
        areas[3].Path.ShouldBe("M5 0h2v1h-2z");
    }

    [Fact]
    public void By_load_a_shard_is_as_dark_as_its_slots_are_busy()
    {
        var quiet = Shard("s0", "0-8191", 8192) with { OperationsPerSecond = 10 };
        var busy = Shard("s1", "8192-16383", 8192) with { OperationsPerSecond = 990 };

        SlotMap.Of(Status(quiet, busy), byLoad: true).Select(area => area.Css).ShouldBe(["l0", "l3"]);
    }

    [Fact]
    public void A_store_that_tells_no_places_has_no_picture_and_bad_ranges_are_left_out()
    {
        SlotMap.Of(Status(Shard("s0", null, 16_384)), byLoad: false).ShouldBeEmpty();
        SlotMap.Ranges("7 9-8 16384 -3 x 1-2-3 10-12").ShouldBe([(7, 7), (10, 12)]);
    }

    [Fact]
    public void A_lent_replica_stands_in_its_own_shard_and_in_the_one_that_it_serves()
    {
        var lender = Shard("s1", "300-16383", 16_084) with { Members = [new() { Name = "s1-0" }, new() { Name = "s1-1", LentTo = "s0" }], Heat = new() { Hot = 1, Warm = 2_000, Cold = 3 } };

        var rows = ShardRow.Of([Shard("s0", "0-299", 300), lender]);

        rows.Select(row => row.Others.Select(member => (member.Name, row.Place(member))).ToArray()).ShouldBe([[("s1-1", "borrowed")], [("s1-1", "lent to s0")]]);
        rows.Select(row => row.Temperature).ShouldBe(["", "1 / 2,000 / 3"]);
    }

    private static ShardedStoreStatus Status(params StoreShardStatus[] shards) => new() { Shards = shards };

    private static StoreShardStatus Shard(string name, string? ranges, int slots) =>
        new() { Name = name, Primary = name + "-0", Slots = slots, SlotRanges = ranges, OperationsPerSecond = 30 };
}
