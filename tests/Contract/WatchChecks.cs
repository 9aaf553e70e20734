using System.Text.Json.Nodes;

namespace Ops.Contract.Tests;

/// <summary>Checks 41 to 47.</summary>
public abstract class WatchChecks(IServer server) : ContractTest(server)
{
    [Fact]
    public async Task Without_a_version_a_watch_begins_with_everything()
    {
        await Create(Widget("w1"));
        await Create(Widget("w2"));
        using var watch = await Api.Watch(WidgetsPath + "?watch=true");
        new[] { await watch.NextName(), await watch.NextName() }.Order().ShouldBe(["ADDED w1", "ADDED w2"]);
        await Create(Widget("w3"));
        (await watch.NextName()).ShouldBe("ADDED w3");
    }

    [Fact]
    public async Task From_a_list_version_come_exactly_the_later_events_in_order()
    {
        await Create(Widget("w1"));
        var version = Rv(await Api.Get(WidgetsPath));
        await Create(Widget("w2"));
        await Api.Patch(WidgetsPath + "/w1", """{"spec":{"replicas":3}}""");
        await Api.Delete(WidgetsPath + "/w2");
        using var watch = await Api.Watch($"{WidgetsPath}?watch=true&resourceVersion={version}");
        var events = new[] { await watch.Next(), await watch.Next(), await watch.Next() };
        events.Select(e => $"{e["type"]} {e["object"]!["metadata"]!["name"]}").ShouldBe(["ADDED w2", "MODIFIED w1", "DELETED w2"]);
        events.Select(e => long.Parse(e["object"]!["metadata"]!["resourceVersion"]!.ToString())).ShouldBeInOrder();
    }

    [Fact]
    public async Task A_watch_with_a_timeout_ends_cleanly()
    {
        using var watch = await Api.Watch(WidgetsPath + "?watch=true&timeoutSeconds=2");
        (await watch.NextOrEnd(skipBookmarks: true, TimeSpan.FromSeconds(30))).ShouldBeNull();
    }

    [Fact]
    public async Task An_idle_watch_gets_a_bookmark_before_it_ends()
    {
        // The real server sends one about every minute, and one two seconds before the timeout: five seconds show the second.
        using var watch = await Api.Watch(WidgetsPath + "?watch=true&allowWatchBookmarks=true&timeoutSeconds=5&resourceVersion=" + Rv(await Api.Get(WidgetsPath)));
        var bookmark = await watch.NextOrEnd(skipBookmarks: false, TimeSpan.FromSeconds(30));
        Needs(25, "The bookmark before a timeout");
        bookmark.ShouldNotBeNull()["type"]!.ToString().ShouldBe("BOOKMARK");
        bookmark["object"]!["kind"]!.ToString().ShouldBe("Widget");
        bookmark["object"]!["metadata"]!["resourceVersion"]!.ToString().ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public async Task Initial_events_can_be_asked_for_and_end_with_a_marked_bookmark()
    {
        Needs(32, "sendInitialEvents");
        await Create(Widget("w1"));
        using var watch = await Api.Watch(WidgetsPath + "?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true");
        (await watch.NextOrEnd(false, TimeSpan.FromSeconds(10)))!["type"]!.ToString().ShouldBe("ADDED");
        var end = (await watch.NextOrEnd(false, TimeSpan.FromSeconds(10)))!;
        end["type"]!.ToString().ShouldBe("BOOKMARK");
        end["object"]!["metadata"]!["annotations"]!["k8s.io/initial-events-end"]!.ToString().ShouldBe("true");
    }

    [Fact]
    public async Task A_selector_watch_adds_what_begins_to_match_and_deletes_what_ends()
    {
        var created = await Create(Widget("w1"));
        using var watch = await Api.Watch($"{WidgetsPath}?watch=true&labelSelector=app%3Dweb&resourceVersion={Rv(created)}");
        await Api.Patch(WidgetsPath + "/w1", """{"metadata":{"labels":{"app":"web"}}}""");
        (await watch.NextName()).ShouldBe("ADDED w1");
        await Api.Patch(WidgetsPath + "/w1", """{"spec":{"replicas":2}}""");
        (await watch.NextName()).ShouldBe("MODIFIED w1");
        await Api.Patch(WidgetsPath + "/w1", """{"metadata":{"labels":{"app":null}}}""");
        (await watch.NextName()).ShouldBe("DELETED w1");
    }

    [Fact]
    public async Task Tables_have_the_declared_columns()
    {
        await Create(Widget("w1", """{"replicas":3,"image":"x"}"""));
        var table = (await Api.Get(WidgetsPath, Api.Table)).Expect(200);
        table.TextAt("kind").ShouldBe("Table");
        table.At("columnDefinitions")!.AsArray().Select(c => $"{c!["name"]}/{c["type"]}/{c["priority"]}")
            .ShouldBe(["Name/string/0", "Replicas/integer/0", "Image/string/1", "Age/date/0"]);
        table.At("rows.0.cells")!.AsArray().Take(3).Select(c => c!.ToString()).ShouldBe(["w1", "3", "x"]);
        table.TextAt("rows.0.object.kind").ShouldBe("PartialObjectMetadata");
        var pods = (await Api.Get(Core + "/pods", Api.Table)).Expect(200);
        pods.At("columnDefinitions")!.AsArray().Select(c => c!["name"]!.ToString())
            .ShouldBe(["Name", "Ready", "Status", "Restarts", "Age", "IP", "Node", "Nominated Node", "Readiness Gates"]);
    }

    [Fact]
    public async Task Table_watches_name_their_columns_once()
    {
        using var watch = await Api.Watch(WidgetsPath + "?watch=true", Api.Table);
        await Create(Widget("w1"));
        await Create(Widget("w2"));
        var (first, second) = (await watch.Next(), await watch.Next());
        first["object"]!["columnDefinitions"].ShouldBeOfType<JsonArray>().Count.ShouldBe(4);
        second["object"]!["columnDefinitions"].ShouldBeNull();
        second["object"]!["rows"]![0]!["cells"]![0]!.ToString().ShouldBe("w2");
    }
}

public sealed class WatchesOnSandbox(SandboxServer server) : WatchChecks(server);

public sealed class WatchesOnRealServer(RealServer server) : WatchChecks(server);
