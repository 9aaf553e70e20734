using System.Net;
using static Ops.Router.Tests.RouterHost;
using static Ops.Router.Tests.TableSource;

namespace Ops.Router.Tests;

/// <summary>Every promise of streaming, for HTTP/1.1 and HTTP/2 on both sides and TLS to the replica.</summary>
public sealed class ProtocolTests : IDisposable
{
    private readonly CertificateAuthority _authority = new();

    public static TheoryData<string, string> Sides => new MatrixTheoryData<string, string>(["1.1", "2.0"], [nameof(UpstreamProtocol.Http1), nameof(UpstreamProtocol.H2c), nameof(UpstreamProtocol.Https)]);

    public void Dispose() => _authority.Dispose();

    [Theory]
    [MemberData(nameof(Sides))]
    public async Task Each_event_passes_before_the_next_one_is_made(string client, string replica)
    {
        var seen = new SemaphoreSlim(0);
        await using var upstream = await StartUpstreamAsync(replica, async context =>
        {
            await Upstream.BeginStreamAsync(context);
            for (var i = 0; i < 20; i++)
            {
                await Upstream.SendEventAsync(context, Upstream.Chunk($"{i}"));
                await seen.WaitAsync(context.RequestAborted);
            }

            await Upstream.SendEventAsync(context, "[DONE]");
        });
        await using var router = await StartRouterAsync(client, upstream);

        using var response = await StreamAsync(router, client);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        var lines = new List<string>();
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line.Length > 0)
                lines.Add(line);
            if (line.Contains("delta", StringComparison.Ordinal))
                seen.Release();
        }

        lines.ShouldBe([.. Enumerable.Range(0, 20).Select(i => $"data: {Upstream.Chunk($"{i}")}"), "data: [DONE]"]);
        response.Version.ToString().ShouldBe(client);
        upstream.Spoken.ShouldBe(upstream.Protocol == UpstreamProtocol.Http1 ? "HTTP/1.1" : "HTTP/2");
        await router.ExpectNothingLeftAsync();
    }

    [Theory]
    [MemberData(nameof(Sides))]
    public async Task A_client_that_leaves_cancels_the_replica(string client, string replica)
    {
        var cancelled = new TaskCompletionSource();
        await using var upstream = await StartUpstreamAsync(replica, async context =>
        {
            await Upstream.BeginStreamAsync(context);
            await Upstream.SendEventAsync(context, Upstream.Chunk("one"));
            context.RequestAborted.Register(cancelled.SetResult);
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        await using var router = await StartRouterAsync(client, upstream);

        using (var response = await StreamAsync(router, client))
            await response.Content.ReadAsStream().ReadExactlyAsync(new byte[5]);

        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(20));
        await router.ExpectNothingLeftAsync();
    }

    [Theory]
    [MemberData(nameof(Sides))]
    public async Task A_replica_that_dies_mid_stream_ends_it_with_an_error_event(string client, string replica)
    {
        await using var upstream = await StartUpstreamAsync(replica, async context =>
        {
            await Upstream.BeginStreamAsync(context);
            await Upstream.SendEventAsync(context, Upstream.Chunk("one"));
            await Task.Delay(50);
            context.Abort();
        });
        await using var router = await StartRouterAsync(client, upstream);

        using var response = await StreamAsync(router, client);
        var events = (await response.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);

        events.Length.ShouldBe(2);
        events[1].ShouldStartWith("data: {\"error\":");
        events[1].ShouldContain("upstream_died");
        await router.ExpectNothingLeftAsync();
    }

    [Fact]
    public async Task A_replica_with_another_name_or_a_foreign_root_is_not_believed()
    {
        using var foreign = new CertificateAuthority();
        using var otherName = _authority.Issue("small.default.svc");
        using var otherRoot = foreign.Issue(Upstream.TlsName);
        await using var a = await Upstream.StartAsync("a", protocol: UpstreamProtocol.Https, certificate: otherName);
        await using var b = await Upstream.StartAsync("b", protocol: UpstreamProtocol.Https, certificate: otherRoot);
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, a, b)), $"--Router:UpstreamCaFile={_authority.RootFile}");

        using var response = await router.ChatAsync();

        await ExpectErrorAsync(response, HttpStatusCode.BadGateway, "upstream_tls_failed");
        a.Received.ShouldBeEmpty();
        b.Received.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_replaced_root_counts_from_the_next_handshake_on()
    {
        using var next = new CertificateAuthority();
        using var certificate = next.Issue(Upstream.TlsName);
        await using var upstream = await Upstream.StartAsync(protocol: UpstreamProtocol.Https, certificate: certificate);
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream)), $"--Router:UpstreamCaFile={_authority.RootFile}");
        using (var refused = await router.ChatAsync())
            await ExpectErrorAsync(refused, HttpStatusCode.BadGateway, "upstream_tls_failed");

        File.Copy(next.RootFile, _authority.RootFile, overwrite: true);

        using var response = await router.ChatAsync();
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    private async Task<Upstream> StartUpstreamAsync(string protocol, Func<Microsoft.AspNetCore.Http.HttpContext, Task> onRequest) =>
        await Upstream.StartAsync("replica-0", onRequest, Enum.Parse<UpstreamProtocol>(protocol), _authority.Issue(Upstream.TlsName));

    private Task<RouterHost> StartRouterAsync(string client, Upstream upstream) => RouterHost.StartAsync(
        Route(Variant("large", 0.9, upstream)), $"--Router:UpstreamCaFile={_authority.RootFile}", $"--Kestrel:EndpointDefaults:Protocols={(client == "2.0" ? "Http2" : "Http1")}");

    private static async Task<HttpResponseMessage> StreamAsync(RouterHost router, string version)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Version = Version.Parse(version),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new StringContent("""{"model":"chat","stream":true,"messages":[{"role":"user","content":"Hello"}]}"""),
        };
        router.Client.DefaultRequestVersion = request.Version;
        router.Client.DefaultVersionPolicy = request.VersionPolicy;
        return await router.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }
}
