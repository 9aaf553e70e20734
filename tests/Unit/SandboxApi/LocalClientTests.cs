using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using k8s;
using k8s.Models;
using Ops.Sandbox.Api;

namespace Ops.SandboxApi.Tests;

public sealed class LocalClientTests : ApiTest
{
    [Fact]
    public async Task It_is_the_same_server_as_over_http()
    {
        Server.Local.Create(Map("a"));
        (await ExpectAsync(200, "GET", $"{ConfigMaps}/a"))["data"]!["k"]!.GetValue<string>().ShouldBe("v");
        var conflict = Should.Throw<ApiException>(() => Server.Local.Create(Map("a")));
        conflict.IsConflict.ShouldBeTrue();
        conflict.Status.Reason.ShouldBe("AlreadyExists");
        Should.Throw<ApiException>(() => Server.Local.Create(Map("Bad_Name"))).Code.ShouldBe(422);
        Should.Throw<ApiException>(() => Server.Local.Delete<V1ConfigMap>("default", "nope")).IsNotFound.ShouldBeTrue();
    }

    [Fact]
    public void Stale_objects_are_refused_and_unchanged_ones_keep_their_revision()
    {
        var first = Server.Local.Create(Map("a"));
        var second = Server.Local.Patch<V1ConfigMap>("default", "a", new JsonObject { ["data"] = new JsonObject { ["k"] = "w" } });
        first.Data["k"] = "x";
        Should.Throw<ApiException>(() => Server.Local.Update(first)).Code.ShouldBe(409);
        Server.Local.Update(second).Metadata.ResourceVersion.ShouldBe(second.Metadata.ResourceVersion);
    }

    [Fact]
    public void Status_goes_through_its_own_door()
    {
        var pod = Server.Local.Create(new V1Pod
        {
            Metadata = new V1ObjectMeta { Name = "p", NamespaceProperty = "default" },
            Spec = new V1PodSpec { Containers = [new V1Container { Name = "c", Image = "x" }], NodeName = "n1" },
        });
        pod.Status.Phase = "Running";
        Server.Local.Update(pod).Status.Phase.ShouldBe("Pending");
        Server.Local.UpdateStatus(pod).Status.Phase.ShouldBe("Running");
        Server.Local.Delete<V1Pod>("default", "p");
        Server.Local.Get<V1Pod>("default", "p")!.Metadata.DeletionTimestamp.ShouldNotBeNull();
        Server.Local.Delete<V1Pod>("default", "p", gracePeriodSeconds: 0);
        Server.Local.Get<V1Pod>("default", "p").ShouldBeNull();
    }

    [Fact]
    public void Lists_select_by_namespace_and_label()
    {
        Server.Local.Create(Map("a"));
        var labelled = Map("b");
        labelled.Metadata.Labels = new Dictionary<string, string>(StringComparer.Ordinal) { ["app"] = "web" };
        Server.Local.Create(labelled);
        Server.Local.List<V1ConfigMap>("default").Select(m => m.Metadata.Name).ShouldBe(["a", "b"]);
        Server.Local.List<V1ConfigMap>(labelSelector: "app=web").Select(m => m.Metadata.Name).ShouldBe(["b"]);
        Server.Local.List<V1ConfigMap>("kube-system").ShouldBeEmpty();
    }

    [Fact]
    public async Task A_watch_replays_then_follows_in_order()
    {
        Server.Local.Create(Map("a"));
        var seen = Channel.CreateUnbounded<string>();
        using var watch = Server.Local.Watch<V1ConfigMap>((type, map) => seen.Writer.TryWrite($"{type} {map.Metadata.Name}"));
        (await seen.Reader.ReadAsync(Cancel)).ShouldBe("Added a");
        Server.Local.Create(Map("b"));
        Server.Local.Delete<V1ConfigMap>("default", "a");
        (await seen.Reader.ReadAsync(Cancel)).ShouldBe("Added b");
        (await seen.Reader.ReadAsync(Cancel)).ShouldBe("Deleted a");
    }

    /// <summary>The history is forgotten while the subscriber is busy; it must still end with the truth, deletions included.</summary>
    [Fact]
    public async Task A_watch_that_fell_behind_catches_up_by_comparison()
    {
        var world = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);
        using var busy = new SemaphoreSlim(0);
        var first = true;
        using var watch = Server.Local.Watch<V1ConfigMap>((type, map) =>
        {
            if (first) busy.Wait(Cancel);
            first = false;
            if (type == WatchEventType.Deleted) world.TryRemove(map.Metadata.Name, out _);
            else world[map.Metadata.Name] = map.Metadata.ResourceVersion;
        });
        for (var i = 0; i < 10; i++) Server.Local.Create(Map($"m{i}"));
        for (var i = 0; i < 5; i++) Server.Local.Delete<V1ConfigMap>("default", $"m{i}");
        Server.Compact();
        busy.Release();
        await EventuallyAsync(() => Task.FromResult(Expected().SequenceEqual(world.OrderBy(w => w.Key, StringComparer.Ordinal).Select(w => $"{w.Key}@{w.Value}"))));

        IEnumerable<string> Expected() => Server.Local.List<V1ConfigMap>("default").Select(m => $"{m.Metadata.Name}@{m.Metadata.ResourceVersion}");
    }

    [Fact]
    public async Task Custom_kinds_are_reached_by_definition()
    {
        await CreateWidgetKindAsync();
        var kind = Server.Local.FindKind("example.test/v1", "Widget")!;
        Server.Local.Create(kind, Widget("w"));
        Server.Local.Get(kind, "default", "w")!["spec"]!["mode"]!.GetValue<string>().ShouldBe("Fast");
        Server.Local.Patch(kind, "default", "w", new JsonObject { ["status"] = new JsonObject { ["replicas"] = 2 } }, "status");
        Server.Local.List(kind).Single()["status"]!["replicas"]!.GetValue<int>().ShouldBe(2);
        Server.Local.Kinds.ShouldContain(k => k.Kind == "Widget");
        Server.Local.Delete(kind, "default", "w");
        Server.Local.List(kind).ShouldBeEmpty();
    }

    private static V1ConfigMap Map(string name) => new()
    {
        Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = "default" },
        Data = new Dictionary<string, string>(StringComparer.Ordinal) { ["k"] = "v" },
    };
}
