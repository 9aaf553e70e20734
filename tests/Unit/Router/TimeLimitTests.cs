using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using static Ops.Router.Tests.RouterHost;
using static Ops.Router.Tests.TableSource;

namespace Ops.Router.Tests;

/// <summary>Each limit on an upstream's time, and that none ends what flows.</summary>
public sealed class TimeLimitTests
{
    // Only the limit that a test is about is short: a busy machine must not run into another one.
    private static readonly TimeSpan Brief = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);
    private static readonly UpstreamTimeouts BriefConnect = new(Brief, Long, Long);
    private static readonly UpstreamTimeouts BriefFirstByte = new(Long, Brief, Long);
    private static readonly UpstreamTimeouts BriefIdle = new(Long, Long, Brief);

    private static Task Hang(Microsoft.AspNetCore.Http.HttpContext context) => Task.Delay(Timeout.Infinite, context.RequestAborted);

    [Fact]
    public async Task A_stream_that_stops_flowing_ends_with_an_error_event()
    {
        await using var upstream = await Upstream.StartAsync(onRequest: async context =>
        {
            await Upstream.BeginStreamAsync(context);
            await Upstream.SendEventAsync(context, Upstream.Chunk("one"));
            await Hang(context);
        });
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream)) with { Timeouts = BriefIdle });

        FailureTests.ExpectErrorEvent(await (await router.StreamAsync()).Content.ReadAsStringAsync(), "upstream_idle_timeout");
        await router.ExpectNothingLeftAsync();
        await Eventually.TrueAsync(() => upstream.Active == 0, "the engine is still busy");
    }

    [Fact]
    public async Task A_stream_that_flows_slowly_for_longer_than_the_limits_is_left_alone()
    {
        await using var upstream = await Upstream.StartAsync(onRequest: async context =>
        {
            await Upstream.BeginStreamAsync(context);
            for (var i = 0; i < 35; i++)
            {
                await Upstream.SendEventAsync(context, Upstream.Chunk("x"));
                await Task.Delay(100);
            }

            await Upstream.SendEventAsync(context, "[DONE]");
        });
        var limits = new UpstreamTimeouts(Long, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(3));
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream)) with { Timeouts = limits });

        (await (await router.StreamAsync()).Content.ReadAsStringAsync()).ShouldEndWith("data: [DONE]\n\n");
    }

    [Fact]
    public async Task A_replica_that_sends_nothing_in_time_is_a_gateway_timeout_and_not_asked_elsewhere()
    {
        await using var upstream = await Upstream.StartAsync("slow", Hang);
        await using var other = await Upstream.StartAsync("other");
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream), Variant("small", 0.5, other)) with { Timeouts = BriefFirstByte });

        using var response = await router.ChatAsync();

        await ExpectErrorAsync(response, HttpStatusCode.GatewayTimeout, "upstream_first_byte_timeout");
        other.Received.ShouldBeEmpty();
        await Eventually.TrueAsync(() => upstream.Active == 0, "the engine is still busy");
        await router.ExpectNothingLeftAsync();
    }

    [Fact]
    public async Task A_replica_that_sends_only_headers_in_time_is_a_gateway_timeout_too()
    {
        await using var upstream = await Upstream.StartAsync(onRequest: async context =>
        {
            await Upstream.BeginStreamAsync(context);
            await Hang(context);
        });
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream)) with { Timeouts = BriefFirstByte });

        using var response = await router.StreamAsync();

        await ExpectErrorAsync(response, HttpStatusCode.GatewayTimeout, "upstream_first_byte_timeout");
        await router.ExpectNothingLeftAsync();
    }

    [Fact]
    public async Task A_replica_that_accepts_no_connection_in_time_is_a_gateway_timeout()
    {
        // A listener whose queue is full drops further connections without a word.
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(0);
        var fill = Enumerable.Range(0, 4).Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)).ToList();
        foreach (var socket in fill)
            _ = socket.ConnectAsync(listener.LocalEndPoint!).ContinueWith(t => t.Exception, TaskScheduler.Default);
        await Task.Delay(100);
        await using var router = await RouterHost.StartAsync(
            Route(Variant("large", 0.9, new ReplicaAddress("deaf", $"http://{listener.LocalEndPoint}"))) with { Timeouts = BriefConnect, Attempts = 1 });

        using var response = await router.ChatAsync();

        await ExpectErrorAsync(response, HttpStatusCode.GatewayTimeout, "upstream_connect_timeout");
        await router.ExpectNothingLeftAsync();
        fill.ForEach(s => s.Dispose());
    }

    [Fact]
    public async Task An_answer_that_takes_longer_than_the_whole_time_ends_with_an_error_event()
    {
        await using var upstream = await Upstream.StartAsync(onRequest: async context =>
        {
            await Upstream.BeginStreamAsync(context);
            while (true)
            {
                await Upstream.SendEventAsync(context, Upstream.Chunk("x"));
                await Task.Delay(20, context.RequestAborted);
            }
        });
        var limits = new UpstreamTimeouts(Long, Long, Long) { Total = TimeSpan.FromSeconds(1) };
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream)) with { Timeouts = limits });

        FailureTests.ExpectErrorEvent(await (await router.StreamAsync()).Content.ReadAsStringAsync(), "upstream_total_timeout");
        await Eventually.TrueAsync(() => upstream.Active == 0, "the engine is still busy");
        await router.ExpectNothingLeftAsync();
        (await router.MetricsAsync()).ShouldNotContain("ops_router_ejections_total{");
    }

    [Fact]
    public async Task A_whole_answer_that_takes_longer_than_the_whole_time_is_a_gateway_timeout()
    {
        await using var upstream = await Upstream.StartAsync(onRequest: Hang);
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream)) with { Timeouts = new UpstreamTimeouts(Long, Long, Long) { Total = Brief } });

        using var response = await router.ChatAsync();

        await ExpectErrorAsync(response, HttpStatusCode.GatewayTimeout, "upstream_total_timeout");
        await router.ExpectNothingLeftAsync();
    }
}
