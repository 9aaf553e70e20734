using System.Text;
using k8s.Models;

namespace Ops.Kube.Tests;

public sealed class WatchReaderTests
{
    private const string Added = """{"type":"ADDED","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","namespace":"n","resourceVersion":"5","uid":"u"},"data":{"k":"vä"}}}""";
    private const string Bookmark = """{"type":"BOOKMARK","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"resourceVersion":"9"}}}""";
    private const string Expired = """{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"too old resource version: 1 (289)","reason":"Expired","code":410}}""";
    private const string Odd = """{"type":"MODIFIED","object":{"metadata":{"name":"a","namespace":"n","resourceVersion":"7"},"data":[1,2]}}""";

    [Fact]
    public async Task Lines_are_whole_however_the_bytes_arrive()
    {
        var bytes = Encoding.UTF8.GetBytes($"{Added}\n\n{Bookmark}\n{Expired}\n");
        for (var chunk = 1; chunk < 40; chunk++)
        {
            var events = await ReadAllAsync(bytes, chunk);
            events.Select(e => e.Kind).ShouldBe([WatchEventKind.Upsert, WatchEventKind.Bookmark, WatchEventKind.Error]);
            events[0].Object!.Data["k"].ShouldBe("vä");
            events[1].ResourceVersion.ShouldBe("9");
            events[2].Error!.IsExpired.ShouldBeTrue();
        }
    }

    [Fact]
    public async Task A_line_cut_at_any_byte_is_never_used()
    {
        var bytes = Encoding.UTF8.GetBytes(Added + "\n");
        for (var length = 1; length < bytes.Length; length++)
            await Should.ThrowAsync<WatchBrokenException>(() => ReadAllAsync(bytes[..length], 7));
        (await ReadAllAsync(bytes, 7)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task An_object_that_does_not_fit_its_type_still_moves_the_position()
    {
        var e = (await ReadAllAsync(Encoding.UTF8.GetBytes(Odd + "\n"), 100)).ShouldHaveSingleItem();
        e.Object.ShouldBeNull();
        e.Key.ShouldBe(new ObjectKey("n", "a"));
        e.ResourceVersion.ShouldBe("7");
    }

    [Theory]
    [InlineData("<html>bad gateway</html>")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"type":"SURPRISE","object":{}}""")]
    [InlineData("""{"type":"ADDED","object":{"metadata":{"name":"a"}}}""")]
    public async Task Lines_that_are_no_events_break_the_watch(string line) =>
        await Should.ThrowAsync<WatchBrokenException>(() => ReadAllAsync(Encoding.UTF8.GetBytes(line + "\n"), 100));

    private static async Task<List<WatchEvent<V1ConfigMap>>> ReadAllAsync(byte[] bytes, int chunk)
    {
        await using var reader = new WatchReader<V1ConfigMap>(new Trickle(bytes, chunk));
        var events = new List<WatchEvent<V1ConfigMap>>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken) is { } e)
            events.Add(e);
        return events;
    }

    private sealed class Trickle(byte[] bytes, int chunk) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(chunk, buffer.Length)], cancellationToken);
    }
}
