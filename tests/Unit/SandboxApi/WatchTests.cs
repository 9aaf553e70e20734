using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using Ops.Sandbox.Api;
using Ops.Sandbox.Api.Store;

namespace Ops.SandboxApi.Tests;

public sealed class WatchTests : ApiTest
{
    private readonly FakeTimeProvider _time = new();

    protected override ApiServerOptions Options() => new() { TimeProvider = _time };

    [Fact]
    public async Task Without_a_revision_a_watch_replays_all_objects_then_follows()
    {
        await CreateConfigMapAsync("a");
        await CreateConfigMapAsync("b");
        using var watch = await WatchAsync(ConfigMaps);
        (await watch.NextNameAsync()).ShouldBe("ADDED a");
        (await watch.NextNameAsync()).ShouldBe("ADDED b");
        await CreateConfigMapAsync("c");
        (await watch.NextNameAsync()).ShouldBe("ADDED c");
        await ExpectAsync(200, "DELETE", $"{ConfigMaps}/a");
        (await watch.NextNameAsync()).ShouldBe("DELETED a");
    }

    [Fact]
    public async Task From_a_list_revision_exactly_the_later_events_come_in_order()
    {
        await CreateConfigMapAsync("before");
        var revision = Revision(await ExpectAsync(200, "GET", ConfigMaps));
        for (var i = 0; i < 20; i++) await CreateConfigMapAsync($"n{i}");
        using var watch = await WatchAsync(ConfigMaps, $"resourceVersion={revision}");
        var last = long.Parse(revision);
        for (var i = 0; i < 20; i++)
        {
            var change = await watch.NextAsync();
            change!["object"]!["metadata"]!["name"]!.GetValue<string>().ShouldBe($"n{i}");
            var now = long.Parse(Revision((JsonObject)change["object"]!));
            now.ShouldBeGreaterThan(last);
            last = now;
        }
    }

    [Fact]
    public async Task A_deletion_carries_a_revision_of_its_own()
    {
        var created = await CreateConfigMapAsync("a");
        using var watch = await WatchAsync(ConfigMaps, $"resourceVersion={Revision(created)}");
        await ExpectAsync(200, "DELETE", $"{ConfigMaps}/a");
        var deleted = await watch.NextAsync();
        long.Parse(Revision((JsonObject)deleted!["object"]!)).ShouldBeGreaterThan(long.Parse(Revision(created)));
    }

    [Fact]
    public async Task A_revision_that_is_gone_ends_with_one_410_event()
    {
        using var watch = await WatchAsync(ConfigMaps, "resourceVersion=1");
        var change = await watch.NextAsync();
        change!["type"]!.GetValue<string>().ShouldBe("ERROR");
        change["object"]!["code"]!.GetValue<int>().ShouldBe(410);
        change["object"]!["reason"]!.GetValue<string>().ShouldBe("Expired");
        (await watch.NextAsync()).ShouldBeNull();
    }

    [Fact]
    public async Task An_object_that_starts_or_stops_matching_a_selector_is_added_or_deleted()
    {
        await CreateConfigMapAsync("a", ("app", "other"));
        using var watch = await WatchAsync(ConfigMaps, "labelSelector=app%3Dweb");
        await PatchLabelAsync("a", "web");
        (await watch.NextNameAsync()).ShouldBe("ADDED a");
        await PatchLabelAsync("a", "other");
        var deleted = await watch.NextAsync();
        deleted!["type"]!.GetValue<string>().ShouldBe("DELETED");
        deleted["object"]!["metadata"]!["labels"]!["app"]!.GetValue<string>().ShouldBe("web");
    }

    [Fact]
    public async Task A_write_that_changes_nothing_wakes_no_watcher()
    {
        var created = await CreateConfigMapAsync("a");
        using var watch = await WatchAsync(ConfigMaps, $"resourceVersion={Revision(created)}");
        var same = await ExpectAsync(200, "PATCH", $"{ConfigMaps}/a", new JsonObject { ["data"] = new JsonObject { ["a"] = "1" } }, "application/merge-patch+json");
        Revision(same).ShouldBe(Revision(created));
        await CreateConfigMapAsync("b");
        (await watch.NextNameAsync()).ShouldBe("ADDED b");
    }

    [Fact]
    public async Task The_body_ends_after_timeoutSeconds()
    {
        using var watch = await WatchAsync(ConfigMaps, "timeoutSeconds=2");
        var end = watch.NextAsync();
        await AdvanceUntilAsync(end, TimeSpan.FromSeconds(1));
        (await end).ShouldBeNull();
    }

    [Fact]
    public async Task Bookmarks_come_while_nothing_happens()
    {
        await CreateConfigMapAsync("a");
        var revision = Revision(await ExpectAsync(200, "GET", ConfigMaps));
        using var watch = await WatchAsync(ConfigMaps, $"resourceVersion={revision}&allowWatchBookmarks=true&timeoutSeconds=300");
        var next = watch.NextAsync();
        await AdvanceUntilAsync(next, TimeSpan.FromSeconds(20));
        var bookmark = await next;
        bookmark!["type"]!.GetValue<string>().ShouldBe("BOOKMARK");
        Revision((JsonObject)bookmark["object"]!).ShouldBe(revision);
    }

    [Fact]
    public async Task Initial_events_end_with_an_annotated_bookmark()
    {
        await CreateConfigMapAsync("a");
        using var watch = await WatchAsync(ConfigMaps, "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true");
        (await watch.NextNameAsync()).ShouldBe("ADDED a");
        var bookmark = await watch.NextAsync();
        bookmark!["object"]!["metadata"]!["annotations"]!["k8s.io/initial-events-end"]!.GetValue<string>().ShouldBe("true");
        await ExpectAsync(422, "GET", $"{ConfigMaps}?watch=true&sendInitialEvents=true");
    }

    [Fact]
    public async Task A_table_watch_sends_one_row_an_event_and_its_columns_once()
    {
        await CreateConfigMapAsync("a");
        await CreateConfigMapAsync("b");
        using var watch = await WatchAsync(ConfigMaps, accept: "application/json;as=Table;v=v1;g=meta.k8s.io");
        var first = await watch.NextAsync();
        first!["object"]!["columnDefinitions"]!.AsArray().Count.ShouldBe(3);
        first["object"]!["rows"]!.AsArray().Count.ShouldBe(1);
        var second = await watch.NextAsync();
        second!["object"]!["columnDefinitions"].ShouldBeNull();
        second["object"]!["rows"]![0]!["cells"]![0]!.GetValue<string>().ShouldBe("b");
    }

    [Fact]
    public async Task A_watcher_that_does_not_read_holds_up_nobody_and_is_told_to_list_again()
    {
        var revision = Revision(await ExpectAsync(200, "GET", ConfigMaps));
        using var slow = await WatchAsync(ConfigMaps, $"resourceVersion={revision}");

        // 64 KiB a change: the history holds 16 MiB of them, and the sockets' buffers a few more.
        var created = await CreateConfigMapAsync("big");
        var filler = new string('x', 64 * 1024);
        var writes = (int)(EventHistory.MaxBytes / filler.Length) + 600;
        for (var i = 0; i < writes; i++)
            Server.Local.Patch<k8s.Models.V1ConfigMap>("default", "big", new JsonObject { ["data"] = new JsonObject { ["a"] = $"{i}{filler}" } });
        using var fast = await WatchAsync(ConfigMaps, $"resourceVersion={Revision(await ExpectAsync(200, "GET", ConfigMaps))}");
        await CreateConfigMapAsync("after");
        (await fast.NextNameAsync()).ShouldBe("ADDED after");
        JsonObject? last = null;
        while (await slow.NextAsync() is { } change) last = change;
        last!["type"]!.GetValue<string>().ShouldBe("ERROR");
        last["object"]!["code"]!.GetValue<int>().ShouldBe(410);
        created.ShouldNotBeNull();
    }

    private async Task AdvanceUntilAsync(Task task, TimeSpan step)
    {
        while (!task.IsCompleted)
        {
            _time.Advance(step);
            await Task.Delay(10, Cancel);
        }
    }

    private Task<JsonObject> PatchLabelAsync(string name, string app) => ExpectAsync(
        200,
        "PATCH",
        $"{ConfigMaps}/{name}",
        new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["app"] = app } } },
        "application/merge-patch+json");
}
