using System.Text;
using CsCheck;
using Ops.Picking;

namespace Ops.Router.Tests;

public sealed class ResponseObserverTests
{
    private const string Stream = "data: {\"choices\":[{\"delta\":{\"content\":\"data: [DONE] \\\"usage\\\":{\\\"completion_tokens\\\":9}\"}}],\"usage\":null}\n\n"
        + ": comment\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"b\"}}],\"usage\":null}\r\n\r\n"
        + "data: {\"choices\":[],\"usage\": {\"prompt_tokens\":12,\"total_tokens\":46,\"completion_tokens\":34,\"prompt_tokens_details\":{\"cached_tokens\":3}}}\n\n"
        + "data: [DONE]\n\n";

    [Fact]
    public void However_the_bytes_are_cut_the_counts_are_the_same()
    {
        var bytes = Encoding.UTF8.GetBytes(Stream);
        Gen.Int[1, 40].Array[1, 200].Sample(sizes =>
        {
            var observer = new ResponseObserver(TimeProvider.System, 0, Objective.Default);
            observer.Start(isEventStream: true);
            for (int at = 0, i = 0; at < bytes.Length; i++)
            {
                var size = Math.Min(sizes[i % sizes.Length], bytes.Length - at);
                observer.OnBytes(bytes.AsSpan(at, size));
                at += size;
            }

            (observer.Events, observer.Done, observer.ReportedPromptTokens, observer.ReportedCompletionTokens, observer.AtEventBoundary)
                .ShouldBe((4, true, 12, 34, true));
        });
    }

    [Fact]
    public void One_byte_at_a_time_is_no_different()
    {
        var observer = new ResponseObserver(TimeProvider.System, 0, Objective.Default);
        observer.Start(isEventStream: true);
        foreach (var value in Encoding.UTF8.GetBytes(Stream))
            observer.OnBytes([value]);
        (observer.Events, observer.Done, observer.CompletionTokens).ShouldBe((4, true, 34));
    }

    [Fact]
    public void Without_a_report_the_events_are_the_tokens()
    {
        var observer = new ResponseObserver(TimeProvider.System, 0, Objective.Default);
        observer.Start(isEventStream: true);
        observer.OnBytes("data: a\n\ndata: b\n\ndata: [DONE]\n\n"u8);
        observer.CompletionTokens.ShouldBe(2);
    }

    [Theory]
    [InlineData("""{"usage":{"prompt_tokens":-1,"completion_tokens":99999999999}}""")]
    [InlineData("""{"usage":{"prompt_tokens":"12","completion_tokens":20000000}}""")]
    [InlineData("""{"usage":"none"}""")]
    [InlineData("""{"usage":{"prompt_tokens":}}""")]
    [InlineData("""{"usage":{""")]
    public void A_report_that_cannot_be_true_is_not_believed(string body)
    {
        var observer = new ResponseObserver(TimeProvider.System, 0, Objective.Default);
        observer.Start(isEventStream: false);
        observer.OnBytes(Encoding.UTF8.GetBytes(body));
        (observer.ReportedPromptTokens, observer.ReportedCompletionTokens).ShouldBe((null, null));
    }

    [Fact]
    public void A_usage_object_of_megabytes_is_not_kept_and_a_later_one_still_counts()
    {
        var observer = new ResponseObserver(TimeProvider.System, 0, Objective.Default);
        observer.Start(isEventStream: false);
        observer.OnBytes("{\"usage\":{\"x\":\""u8);
        observer.OnBytes(new byte[2_000_000]);
        observer.OnBytes("\"},\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}"u8);
        (observer.ReportedPromptTokens, observer.ReportedCompletionTokens).ShouldBe((1, 2));
    }

    [Fact]
    public void Watching_a_stream_allocates_nothing()
    {
        var observer = new ResponseObserver(TimeProvider.System, 0, Objective.Default);
        var bytes = Encoding.UTF8.GetBytes(Stream);
        observer.Start(isEventStream: true);
        observer.OnBytes(bytes);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
            observer.OnBytes(bytes);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }
}
