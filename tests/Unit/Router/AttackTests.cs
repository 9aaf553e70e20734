using System.Net;
using System.Text;
using static Ops.Router.Tests.TableSource;

namespace Ops.Router.Tests;

/// <summary>Clients that mean harm: what they send is answered or cut off, and nothing of it reaches an engine or another tenant.</summary>
public sealed class AttackTests : IAsyncLifetime
{
    private const string Body = """{"model":"chat"}""";
    private const string Good = "POST /v1/chat/completions HTTP/1.1\r\nHost: r\r\nConnection: close\r\nAuthorization: Bearer " + Key + "\r\n";

    private Upstream _upstream = null!;
    private RouterHost _router = null!;

    public async ValueTask InitializeAsync()
    {
        _upstream = await Upstream.StartAsync();
        _router = await RouterHost.StartAsync(Route(Variant("large", 0.9, _upstream)), "--Router:RequestHeadersTimeout=00:00:01");
    }

    public async ValueTask DisposeAsync()
    {
        // Still up, and nothing is left behind.
        using (var alive = await _router.ChatAsync())
            alive.StatusCode.ShouldBe(HttpStatusCode.OK);
        await _router.ExpectNothingLeftAsync();
        await _router.DisposeAsync();
        await _upstream.DisposeAsync();
    }

    [Theory]
    [InlineData("Content-Length: 16\r\nContent-Length: 17\r\n\r\n" + Body)]
    [InlineData("Content-Length: 16, 17\r\n\r\n" + Body)]
    [InlineData("Content-Length: -1\r\n\r\n" + Body)]
    [InlineData("Content-Length : 16\r\n\r\n" + Body)]
    [InlineData("Content-Length: 16\r\nX: a\r\n folded\r\n\r\n" + Body)]
    [InlineData("Transfer-Encoding: chunked, identity\r\n\r\n10\r\n" + Body + "\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: xchunked\r\n\r\n10\r\n" + Body + "\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding : chunked\r\n\r\n10\r\n" + Body + "\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n0x10\r\n" + Body + "\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n+10\r\n" + Body + "\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n10\r\n" + Body + "XX0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n" + Body + "\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n10\n" + Body + "\n0\n\n")]
    [InlineData("X\0Y: 1\r\nContent-Length: 16\r\n\r\n" + Body)]
    [InlineData("X: a\rb\r\nContent-Length: 16\r\n\r\n" + Body)]
    public async Task A_request_that_two_servers_could_read_differently_is_refused(string rest)
    {
        var response = await RawClient.ExchangeAsync(_router, Good + rest);

        RawClient.Status(response).ShouldBeOneOf(0, 400, 501);
        _upstream.Received.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_length_that_the_server_reads_leniently_goes_on_as_a_plain_one()
    {
        var response = await RawClient.ExchangeAsync(_router, Good + "Content-Length: +16\r\n\r\n" + Body);

        RawClient.Status(response).ShouldBe(200);
        _upstream.Received.Single().Headers["Content-Length"].ToString().ShouldBe("24");
    }

    [Fact]
    public async Task With_both_framings_the_chunks_count_and_what_follows_them_is_no_request()
    {
        const string Smuggled = "POST /v1/embeddings HTTP/1.1\r\nHost: r\r\nContent-Length: 16\r\n\r\n" + Body;
        var response = await RawClient.ExchangeAsync(
            _router, Good + $"Content-Length: {10 + Body.Length + Smuggled.Length}\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{Body}\r\n0\r\n\r\n{Smuggled}");

        RawClient.Status(response).ShouldBeOneOf(200, 400);
        response.Split("HTTP/1.1 ").Length.ShouldBe(2);
        _upstream.Received.Count.ShouldBeLessThanOrEqualTo(1);
        foreach (var (body, headers) in _upstream.Received)
        {
            Encoding.UTF8.GetString(body).ShouldBe("""{"model":"vendor/large"}""");
            headers.ContainsKey("Transfer-Encoding").ShouldBeFalse();
            headers.ContentLength.ShouldBe(body.Length);
        }
    }

    [Theory]
    [InlineData(200, 20, 431)]
    [InlineData(4, 20_000, 431)]
    [InlineData(1, 100_000, 431)]
    public async Task A_flood_of_headers_is_refused(int count, int length, int status)
    {
        var headers = string.Concat(Enumerable.Range(0, count).Select(i => $"X-{i}: {new string('a', length)}\r\n"));
        var response = await RawClient.ExchangeAsync(_router, $"{Good}{headers}Content-Length: 16\r\n\r\n{Body}");

        // The router may close while the flood is still coming, and the client then sees a reset.
        RawClient.Status(response).ShouldBeOneOf(status, 0);
        _upstream.Received.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_endless_request_line_is_refused()
    {
        var response = await RawClient.ExchangeAsync(_router, $"GET /{new string('a', 100_000)} HTTP/1.1\r\nHost: r\r\n\r\n");
        RawClient.Status(response).ShouldBeOneOf(414, 0);
    }

    [Fact]
    public async Task A_client_that_never_ends_its_headers_is_cut_off()
    {
        using var client = await RawClient.ConnectAsync(_router);
        await client.SendAsync(Good);
        using var drip = new CancellationTokenSource();
        var dripping = Task.Run(async () =>
        {
            for (var i = 0; !drip.IsCancellationRequested; i++)
            {
                await client.SendAsync($"X-{i}: a\r\n");
                await Task.Delay(50);
            }
        });

        RawClient.Status(await client.ReadToEndAsync()).ShouldBeOneOf(408, 0);

        await drip.CancelAsync();
        await dripping.ContinueWith(static _ => { }, TaskScheduler.Default);
        _upstream.Received.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_client_that_never_ends_its_body_is_cut_off()
    {
        using var client = await RawClient.ConnectAsync(_router);
        await client.SendAsync(Good + "Content-Length: 1000\r\n\r\n{");

        RawClient.Status(await client.ReadToEndAsync()).ShouldBe(408);
        _upstream.Received.ShouldBeEmpty();
    }

    [Fact]
    public async Task Two_thousand_idle_connections_stand_in_nobodys_way()
    {
        var idle = new List<RawClient>();
        for (var i = 0; i < 2_000; i++)
            idle.Add(await RawClient.ConnectAsync(_router));

        for (var i = 0; i < 20; i++)
        {
            using var response = await _router.ChatAsync();
            response.StatusCode.ShouldBe(HttpStatusCode.OK);
        }

        idle.ForEach(c => c.Dispose());
    }

    [Fact]
    public async Task Connections_beyond_the_bound_are_closed_at_once_and_the_others_served()
    {
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, _upstream)), "--Router:MaxConnections=3");
        (await router.ChatAsync()).StatusCode.ShouldBe(HttpStatusCode.OK);
        using var a = await RawClient.ConnectAsync(router);
        using var b = await RawClient.ConnectAsync(router);
        // Until the server has counted these two it would take a further one.
        await a.SendAsync("GET /healthz HTTP/1.1\r\nHost: r\r\n\r\n");
        await b.SendAsync("GET /healthz HTTP/1.1\r\nHost: r\r\n\r\n");
        (await a.Stream.ReadAsync(new byte[64])).ShouldBeGreaterThan(0);
        (await b.Stream.ReadAsync(new byte[64])).ShouldBeGreaterThan(0);

        using var beyond = await RawClient.ConnectAsync(router);
        (await beyond.ReadToEndAsync()).ShouldBeEmpty();
        (await router.ChatAsync()).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("/v1/../v1/chat/completions", true)]
    [InlineData("/v1/./chat/completions", true)]
    [InlineData("/v1/%2e%2e/v1/chat/completions", true)]
    [InlineData("/v1/chat/completions?x=1", true)]
    [InlineData("http://elsewhere/v1/chat/completions", false)]
    [InlineData("/v1/chat%2Fcompletions", false)]
    [InlineData("/v1//chat/completions", false)]
    [InlineData("//v1/chat/completions", false)]
    [InlineData("/v1/chat/completions/", false)]
    [InlineData("/V1/chat/completions", false)]
    [InlineData("/v1/chat/completions;x=1", false)]
    [InlineData("/v1/chat/completions/../../../metrics/x", false)]
    [InlineData("/v1/chat/completions%00", false)]
    [InlineData("/v1\\chat\\completions", false)]
    [InlineData("*", false)]
    [InlineData("elsewhere:443", false)]
    public async Task However_a_path_is_written_engines_see_only_the_paths_that_are_served(string path, bool served)
    {
        var response = await RawClient.ExchangeAsync(_router, Good.Replace("/v1/chat/completions", path, StringComparison.Ordinal) + $"Content-Length: 16\r\n\r\n{Body}");

        if (served)
            RawClient.Status(response).ShouldBe(200);
        else
            RawClient.Status(response).ShouldBeInRange(400, 499);
        string[] seen = served ? ["/v1/chat/completions"] : [];
        _upstream.Paths.ShouldBe(seen);
    }

    [Theory]
    [InlineData("/v1/../v1/chat/completions")]
    [InlineData("/v1/%2e%2e/v1/chat/completions")]
    public async Task No_way_of_writing_a_path_leads_past_the_key(string path)
    {
        var response = await RawClient.ExchangeAsync(_router, $"POST {path} HTTP/1.1\r\nHost: r\r\nConnection: close\r\nContent-Length: 16\r\n\r\n{Body}");
        RawClient.Status(response).ShouldBe(401);
    }

    [Theory]
    [InlineData("Authorization: Bearer wrong\r\nAuthorization: Bearer " + Key + "\r\n")]
    [InlineData("Authorization: Bearer " + Key + "\r\nAuthorization: Bearer wrong\r\n")]
    [InlineData("Authorization: Bearer wrong, Bearer " + Key + "\r\n")]
    public async Task Two_keys_are_no_key(string headers)
    {
        var response = await RawClient.ExchangeAsync(_router, $"POST /v1/chat/completions HTTP/1.1\r\nHost: r\r\n{headers}Connection: close\r\nContent-Length: 16\r\n\r\n{Body}");
        RawClient.Status(response).ShouldBe(401);
        _upstream.Received.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_key_written_with_escapes_is_that_key()
    {
        using var response = await _router.ChatAsync("""{"mod\u0065l":"chat","Model":"other","model ":"other"}""");
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        Encoding.UTF8.GetString(_upstream.Received.Single().Body).ShouldBe("""{"mod\u0065l":"vendor/large","Model":"other","model ":"other"}""");
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("gzip, gzip")]
    public async Task A_compressed_body_is_refused_without_unpacking_it(string encoding)
    {
        var response = await RawClient.ExchangeAsync(_router, Good + $"Content-Encoding: {encoding}\r\nContent-Length: 16\r\n\r\n{Body}");
        RawClient.Status(response).ShouldBe(415);
        _upstream.Received.ShouldBeEmpty();
    }
}
