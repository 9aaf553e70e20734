using System.Net;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Time.Testing;

namespace Ops.Kube.Tests;

public sealed class ProtocolTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pages_are_read_to_the_end_and_compressed_answers_understood()
    {
        await using var server = await ScriptedServer.StartAsync((r, c) => ScriptedServer.GzipAsync(
            c, r.Query.Contains("continue=next", StringComparison.Ordinal) ? List("8", "", "b") : List("8", "next", "a")));
        using var client = server.Client();
        var maps = await client.ListAsync<V1ConfigMap>("n", "x=y", "metadata.name=z", Token);
        maps.Select(m => m.Metadata.Name).ShouldBe(["a", "b"]);
        maps[0].Kind.ShouldBe("ConfigMap", "items of built-in lists come without their kind");
        server.Requests.Select(r => r.Query).ShouldBe(
            ["?limit=500&labelSelector=x=y&fieldSelector=metadata.name=z", "?limit=500&labelSelector=x=y&fieldSelector=metadata.name=z&continue=next"]);
    }

    [Fact]
    public async Task A_list_whose_next_page_expired_is_read_again_in_one_piece()
    {
        await using var server = await ScriptedServer.StartAsync((r, c) =>
            r.Query.Contains("continue", StringComparison.Ordinal) ? ScriptedServer.StatusAsync(c, 410, "Expired", "too old")
            : r.Query.Contains("limit=0", StringComparison.Ordinal) ? ScriptedServer.JsonAsync(c, List("9", "", "a", "b"))
            : ScriptedServer.JsonAsync(c, List("8", "next", "a")));
        using var client = server.Client();
        (await client.ListAsync<V1ConfigMap>(null, cancellationToken: Token)).Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_refused_token_is_read_again_and_the_request_repeated()
    {
        var token = "old";
        await using var server = await ScriptedServer.StartAsync((r, c) => r.Authorization == "Bearer new"
            ? ScriptedServer.JsonAsync(c, List("1", "", "a"))
            : ScriptedServer.StatusAsync(c, 401, "Unauthorized", "Unauthorized"));
        using var client = new KubeClient(() => new KubernetesClientConfiguration { Host = server.Url, AccessToken = token });
        token = "new";
        (await client.ListAsync<V1ConfigMap>(null, cancellationToken: Token)).Count.ShouldBe(1);
        server.Requests.Select(r => r.Authorization).ShouldBe(["Bearer old", "Bearer new"]);
        (await client.ListAsync<V1ConfigMap>(null, cancellationToken: Token)).Count.ShouldBe(1);
        server.Requests.Count.ShouldBe(3, "the new token is kept");
    }

    [Fact]
    public async Task A_token_that_stays_refused_is_an_error_after_one_attempt()
    {
        await using var server = await ScriptedServer.StartAsync((_, c) => ScriptedServer.StatusAsync(c, 401, "Unauthorized", "Unauthorized"));
        using var client = new KubeClient(() => new KubernetesClientConfiguration { Host = server.Url, AccessToken = "same" });
        (await Should.ThrowAsync<KubeApiException>(client.ListAsync<V1ConfigMap>(null, cancellationToken: Token))).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        server.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task An_unanswered_request_ends_at_its_time_limit()
    {
        var time = new FakeTimeProvider();
        await using var server = await ScriptedServer.StartAsync((_, c) => ScriptedServer.SilenceAsync(c));
        using var client = server.Client(new KubeClientOptions { Time = time, RequestTimeout = TimeSpan.FromSeconds(5) });
        var request = client.ListAsync<V1ConfigMap>(null, cancellationToken: Token);
        await ExpectAsync(() => !server.Requests.IsEmpty);
        time.Advance(TimeSpan.FromSeconds(5));
        (await Should.ThrowAsync<TimeoutException>(request)).Message.ShouldContain("no answer within 5 s");
    }

    [Fact]
    public async Task Missing_rights_are_named_with_the_way_out()
    {
        await using var server = await ScriptedServer.StartAsync((_, c) => ScriptedServer.StatusAsync(c, 403, "Forbidden", "configmaps is forbidden: User x cannot list"));
        using var client = server.Client();
        await using var cache = Run(client);
        await ExpectAsync(() => cache.Cache.Trouble?.Contains("grant it the verbs list and watch", StringComparison.Ordinal) == true);
        cache.Cache.Trouble!.ShouldContain("configmaps");
        cache.Cache.Trouble!.ShouldContain("User x cannot list");
        cache.Cache.HasSynced.ShouldBeFalse();
    }

    [Fact]
    public async Task A_server_that_asks_for_time_gets_it()
    {
        var time = new FakeTimeProvider();
        await using var server = await ScriptedServer.StartAsync(async (_, c) =>
        {
            c.Response.Headers.RetryAfter = "7";
            c.Response.StatusCode = 429;
            await ScriptedServer.SendAsync(c, "Too many requests, please try again later.\n");
        });
        using var client = server.Client(new KubeClientOptions { Time = time, RequestTimeout = TimeSpan.FromHours(1) });
        await using var cache = Run(client);
        await ExpectAsync(() => cache.Cache.Trouble?.Contains("Too many requests", StringComparison.Ordinal) == true);
        time.Advance(TimeSpan.FromSeconds(6.9));
        server.Requests.Count.ShouldBe(1);
        time.Advance(TimeSpan.FromSeconds(0.2));
        await ExpectAsync(() => server.Requests.Count == 2);
    }

    [Fact]
    public async Task A_watch_that_falls_silent_is_replaced_from_its_last_position()
    {
        var time = new FakeTimeProvider();
        await using var server = await ScriptedServer.StartAsync(async (r, c) =>
        {
            if (!r.Query.Contains("watch=true", StringComparison.Ordinal))
                await ScriptedServer.JsonAsync(c, List("8", "", "a"));
            else if (r.Query.Contains("resourceVersion=8&", StringComparison.Ordinal) || r.Query.EndsWith("resourceVersion=8", StringComparison.Ordinal))
            {
                await ScriptedServer.SendAsync(c, Event("ADDED", "b", "12") + "\n");
                await ScriptedServer.SilenceAsync(c);
            }
            else
            {
                await ScriptedServer.SendAsync(c, Event("ADDED", "c", "13") + "\n");
                await ScriptedServer.SilenceAsync(c);
            }
        });
        using var client = server.Client(new KubeClientOptions { Time = time });
        await using var cache = Run(client);
        await ExpectAsync(() => cache.Cache.Count == 2);
        time.Advance(new ResourceCacheOptions().SilenceLimit);
        await ExpectAsync(() => cache.Cache.Count == 3);
        server.Requests.Last().Query.ShouldEndWith("resourceVersion=12");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_expired_position_leads_to_a_list_that_finds_the_deletion(bool asEvent)
    {
        var lists = 0;
        var changes = new List<string>();
        await using var server = await ScriptedServer.StartAsync(async (r, c) =>
        {
            if (!r.Query.Contains("watch=true", StringComparison.Ordinal))
                await ScriptedServer.JsonAsync(c, Interlocked.Increment(ref lists) == 1 ? List("8", "", "a", "b") : List("20", "", "a"));
            else if (r.Query.EndsWith("resourceVersion=20", StringComparison.Ordinal))
                await ScriptedServer.SilenceAsync(c);
            else if (asEvent)
                await ScriptedServer.SendAsync(c, """{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"too old","reason":"Expired","code":410}}""" + "\n");
            else
                await ScriptedServer.StatusAsync(c, 410, "Expired", "too old");
        });
        using var client = server.Client();
        await using var cache = Run(client, change =>
        {
            lock (changes)
                changes.Add($"{change.Kind} {change.Key.Name}");
        });
        await ExpectAsync(() => cache.Cache.Count == 1);
        lock (changes)
            changes.ShouldContain("Deleted b");
    }

    [Fact]
    public async Task One_object_that_does_not_fit_hides_no_other()
    {
        await using var server = await ScriptedServer.StartAsync((r, c) => r.Query.Contains("watch=true", StringComparison.Ordinal)
            ? ScriptedServer.SilenceAsync(c)
            : ScriptedServer.JsonAsync(c, """{"metadata":{"resourceVersion":"5"},"items":[{"metadata":{"name":"odd","namespace":"n","resourceVersion":"1"},"data":7},""" + Item("fine", "2") + "]}"));
        using var client = server.Client();
        await using var cache = Run(client);
        await cache.Cache.WaitForSyncAsync(Token);
        cache.Cache.List().ShouldHaveSingleItem().Metadata.Name.ShouldBe("fine");
    }

    [Fact]
    public async Task A_handler_that_throws_does_not_stop_the_cache()
    {
        await using var server = await ScriptedServer.StartAsync((r, c) => r.Query.Contains("watch=true", StringComparison.Ordinal)
            ? ScriptedServer.SilenceAsync(c)
            : ScriptedServer.JsonAsync(c, List("8", "", "a", "b")));
        using var client = server.Client();
        await using var cache = Run(client, _ => throw new InvalidOperationException("a handler's fault"));
        await cache.Cache.WaitForSyncAsync(Token);
        cache.Cache.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Nothing_is_written_once_leadership_is_gone()
    {
        await using var server = await ScriptedServer.StartAsync((_, c) => ScriptedServer.JsonAsync(c, Item("a", "1")));
        using var client = server.Client();
        var writer = new ApplyWriter(client, new Deposed());
        var map = new V1ConfigMap { Metadata = new V1ObjectMeta { Name = "a", NamespaceProperty = "n", Uid = "u" } };
        await Should.ThrowAsync<NotLeaderException>(writer.ApplyAsync(map, null, Token));
        await Should.ThrowAsync<NotLeaderException>(writer.ApplyStatusAsync(map, map, Token));
        await Should.ThrowAsync<NotLeaderException>(writer.DeleteAsync(map, cancellationToken: Token));
        server.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_intent_that_the_server_spells_differently_is_still_sent_only_once()
    {
        // The server stores another value than was sent and records no fields: nothing to compare by.
        await using var server = await ScriptedServer.StartAsync((_, c) => ScriptedServer.JsonAsync(c, Item("a", "7")));
        using var client = server.Client();
        var writer = new ApplyWriter(client);
        var intent = new V1ConfigMap { Metadata = new V1ObjectMeta { Name = "a", NamespaceProperty = "n" }, Data = new Dictionary<string, string> { ["cpu"] = "1000m" } };
        var observed = new V1ConfigMap { Metadata = new V1ObjectMeta { Name = "a", NamespaceProperty = "n", Uid = "u-a", ResourceVersion = "6" } };
        (await writer.ApplyAsync(intent, observed, Token)).Outcome.ShouldBe(WriteOutcome.Updated);
        (await writer.ApplyAsync(intent, observed, Token)).Outcome.ShouldBe(WriteOutcome.Unchanged, "the cache lags behind our own write");
        observed.Metadata.ResourceVersion = "7";
        (await writer.ApplyAsync(intent, observed, Token)).Outcome.ShouldBe(WriteOutcome.Unchanged);
        observed.Metadata.ResourceVersion = "9";
        (await writer.ApplyAsync(intent, observed, Token)).Outcome.ShouldBe(WriteOutcome.Updated, "somebody changed it");
        var request = server.Requests.First();
        (request.Method, request.Path, request.Query, request.ContentType).ShouldBe(
            ("PATCH", "/api/v1/namespaces/n/configmaps/a", "?fieldManager=ops&force=true", "application/apply-patch+yaml"));
    }

    private static string List(string version, string next, params string[] names) =>
        $$"""{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"{{version}}","continue":"{{next}}"},"items":[{{string.Join(',', names.Select(n => Item(n, "1")))}}]}""";

    private static string Item(string name, string version) =>
        $$$"""{"metadata":{"name":"{{{name}}}","namespace":"n","uid":"u-{{{name}}}","resourceVersion":"{{{version}}}"}}""";

    private static string Event(string type, string name, string version) => $$"""{"type":"{{type}}","object":{{Item(name, version)}}}""";

    private static Running Run(KubeClient client, Action<CacheChange<V1ConfigMap>>? handler = null)
    {
        var cache = new ResourceCache<V1ConfigMap>(client, new ResourceCacheOptions { FirstDelay = TimeSpan.FromMilliseconds(5), Seed = 3 });
        cache.Changed += handler;
        return new Running(cache);
    }

    private static async Task ExpectAsync(Func<bool> condition)
    {
        for (var i = 0; i < 10_000 && !condition(); i++)
            await Task.Delay(1, Token);
        condition().ShouldBeTrue();
    }

    private sealed class Deposed : ILeadership
    {
        public bool IsLeader => false;
    }

    private sealed class Running : IAsyncDisposable
    {
        private readonly CancellationTokenSource stop = new();
        private readonly Task run;

        public Running(ResourceCache<V1ConfigMap> cache)
        {
            Cache = cache;
            run = cache.RunAsync(stop.Token);
        }

        public ResourceCache<V1ConfigMap> Cache { get; }

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            await run;
            stop.Dispose();
        }
    }
}
