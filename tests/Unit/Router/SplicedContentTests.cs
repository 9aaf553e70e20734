using System.IO.Pipelines;

namespace Ops.Router.Tests;

/// <summary>When the bytes of a request's body may serve another request.</summary>
public sealed class SplicedContentTests
{
    private static readonly byte[] Body = """{"model":"chat"}"""u8.ToArray();

    private static SplicedContent Content() => new(Body, 9..15, "\"vendor/large\""u8.ToArray());

    [Fact]
    public async Task A_body_that_was_sent_is_free_and_says_when()
    {
        using var content = Content();
        var sent = 0;
        content.Sent = () => sent++;
        await content.CopyToAsync(new MemoryStream(), TestContext.Current.CancellationToken);
        sent.ShouldBe(1);
        content.Close().ShouldBeTrue();
    }

    [Fact]
    public async Task A_body_that_was_never_sent_is_free_and_cannot_be_sent_any_more()
    {
        using var content = Content();
        content.Close().ShouldBeTrue();
        await Should.ThrowAsync<HttpRequestException>(() => content.CopyToAsync(new MemoryStream(), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_body_whose_sending_hangs_is_not_free()
    {
        using var content = Content();
        // A replica that does not read: its window holds one byte.
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1));
        var sending = content.CopyToAsync(pipe.Writer.AsStream(), TestContext.Current.CancellationToken);
        sending.IsCompleted.ShouldBeFalse();
        content.Close().ShouldBeFalse();
        await pipe.Reader.CompleteAsync();
    }

    [Fact]
    public void Buffers_are_large_enough_and_long_ones_are_used_again()
    {
        foreach (var bytes in (int[])[1, 4_096, 65_536, 65_537, 220_000, BodyBuffers.LongBytes, BodyBuffers.LongBytes + 1])
        {
            var buffer = BodyBuffers.Rent(bytes);
            buffer.Length.ShouldBeGreaterThanOrEqualTo(bytes);
            BodyBuffers.Return(buffer);
        }

        // As many as the store keeps and one more: none is handed out twice at once.
        var held = Enumerable.Range(0, 257).Select(_ => BodyBuffers.Rent(220_000)).ToList();
        held.Distinct().Count().ShouldBe(257);
        held.ForEach(BodyBuffers.Return);
    }
}
