using System.Text;
using CsCheck;

namespace Ops.Load.Tests;

public class EventScannerTests
{
    private const string Stream =
        "data: {\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}\n\n" +
        "data: {\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"air \"},\"finish_reason\":null}]}\n\n" +
        ": a comment\n\n" +
        "data: {\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"all \"},\"finish_reason\":null}]}\r\n\r\n" +
        "data: {\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"length\"}]}\n\n" +
        "data: {\"id\":\"1\",\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"total_tokens\":9,\"completion_tokens\":2}}\n\n" +
        "data: [DONE]\n\n";

    [Fact]
    public void However_the_stream_is_cut_it_reads_the_same() =>
        Gen.Int[1, 40].Array[1, 60].Sample(cuts =>
        {
            var scanner = new EventScanner();
            ReadOnlySpan<byte> left = Encoding.UTF8.GetBytes(Stream);
            for (var i = 0; !left.IsEmpty; i++)
            {
                var size = Math.Min(left.Length, cuts[i % cuts.Length]);
                scanner.Feed(left[..size]);
                left = left[size..];
            }
            scanner.Contents.ShouldBe(2);
            scanner.Usage.ShouldBe((7, 2));
            scanner.Done.ShouldBeTrue();
            scanner.Error.ShouldBeNull();
        }, iter: 300);

    [Fact]
    public void An_error_event_is_an_error()
    {
        var scanner = new EventScanner();
        scanner.Feed("data: {\"error\":{\"message\":\"gone\"}}\n\n"u8);
        scanner.Error.ShouldNotBeNull().ShouldContain("gone");
        scanner.Done.ShouldBeFalse();
    }

    [Fact]
    public void An_endless_event_is_an_error_and_not_kept()
    {
        var scanner = new EventScanner();
        for (var i = 0; i < 100; i++)
            scanner.Feed(new byte[1024]);
        scanner.Error.ShouldNotBeNull().ShouldContain("longer than");
    }
}
