using System.IO.Compression;
using System.Net;
using System.Text;
using static Ops.Router.Tests.TableSource;

namespace Ops.Router.Tests;

/// <summary>Engines that lie or never stop.</summary>
public sealed class HostileUpstreamTests
{
    private const string Labels = "route=\"default/chat\",variant=\"large\"";

    [Fact]
    public async Task A_line_without_an_end_passes_whole_and_waits_for_a_client_that_does_not_read()
    {
        const int Pieces = 1_024;
        var piece = new byte[64 << 10];
        Array.Fill(piece, (byte)'x');
        var written = 0;
        await using var upstream = await Upstream.StartAsync(onRequest: async context =>
        {
            await Upstream.BeginStreamAsync(context);
            await Upstream.SendAsync(context, "data: ");
            for (var i = 0; i < Pieces; i++)
            {
                await context.Response.Body.WriteAsync(piece, context.RequestAborted);
                Interlocked.Increment(ref written);
            }

            await Upstream.SendAsync(context, "\n\ndata: [DONE]\n\n");
        });
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream)));
        using var response = await router.StreamAsync();
        var stream = await response.Content.ReadAsStreamAsync();
        await stream.ReadExactlyAsync(new byte[6]);

        // Nobody reads on: what the kernel and the servers hold between them is far below the 64 MB that are to come.
        var (before, still) = (-1, 0);
        await Eventually.TrueAsync(
            () =>
            {
                still = written == before ? still + 1 : 0;
                before = written;
                return still >= 25;
            },
            "the engine can write on without a reader");
        written.ShouldBeLessThan(Pieces / 2);

        long length = 6;
        var buffer = new byte[64 << 10];
        while (await stream.ReadAsync(buffer) is var read and > 0)
            length += read;
        length.ShouldBe(6 + ((long)Pieces * piece.Length) + "\n\ndata: [DONE]\n\n".Length);
        await router.ExpectNothingLeftAsync();
    }

    [Theory]
    [InlineData("-5")]
    [InlineData("99999999999")]
    [InlineData("20000000")]
    [InlineData("\"1000\"")]
    [InlineData("1e3")]
    [InlineData("null")]
    [InlineData("[1000]")]
    [InlineData("{\"completion_tokens\":1000}")]
    public async Task A_usage_that_cannot_be_true_is_not_counted(string lie)
    {
        await using var upstream = await Upstream.StartAsync(onRequest: async context =>
        {
            await Upstream.BeginStreamAsync(context);
            await Upstream.SendEventAsync(context, Upstream.Chunk("a"));
            await Upstream.SendEventAsync(context, """{"choices":[],"usage":{"prompt_tokens":LIE,"completion_tokens":LIE}}""".Replace("LIE", lie, StringComparison.Ordinal));
            await Upstream.SendEventAsync(context, "[DONE]");
        });
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream)));

        using var response = await router.StreamAsync();
        await response.Content.ReadAsStringAsync();

        await Eventually.TrueAsync(async () => await router.MetricAsync($"ops_router_requests_total{{{Labels},outcome=\"answered\"}}") == 1, "the answer was not counted");
        // The two events with data instead of the report, and the estimate of five bytes of prompt.
        (await router.MetricAsync($"ops_router_tokens_total{{{Labels},direction=\"completion\"}}")).ShouldBe(2);
        (await router.MetricAsync($"ops_router_tokens_total{{{Labels},direction=\"prompt\"}}")).ShouldBe(2);
    }

    [Fact]
    public async Task A_bomb_in_an_answer_passes_as_it_is()
    {
        var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            await gzip.WriteAsync(new byte[16 << 20]);
        await using var upstream = await Upstream.StartAsync(onRequest: async context =>
        {
            context.Response.Headers.ContentEncoding = "gzip";
            await context.Response.Body.WriteAsync(packed.ToArray());
        });
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream)));

        using var response = await router.ChatAsync();

        (await response.Content.ReadAsByteArrayAsync()).ShouldBe(packed.ToArray());
        upstream.Received.Single().Headers.ContainsKey("Accept-Encoding").ShouldBeFalse();
        await router.ExpectNothingLeftAsync();
    }

    [Fact]
    public async Task Headers_without_an_end_fail_the_attempt()
    {
        await using var upstream = await Upstream.StartAsync(onRequest: context =>
        {
            for (var i = 0; i < 100; i++)
                context.Response.Headers[$"X-{i}"] = new string('a', 1_000);
            return Upstream.AnswerAsync(context, "hello");
        });
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream)) with { Attempts = 1 });

        using var response = await router.ChatAsync();
        response.StatusCode.ShouldBe(HttpStatusCode.BadGateway);
        Encoding.UTF8.GetByteCount(await response.Content.ReadAsStringAsync()).ShouldBeLessThan(1_000);
        await router.ExpectNothingLeftAsync();
    }
}
