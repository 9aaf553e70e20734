using System.Globalization;
using System.Text.Json.Nodes;
using Ops.Sandbox.Api.Resources;
using Ops.Sandbox.Api.Store;

namespace Ops.Sandbox.Api.Controllers;

/// <summary>Events are kept for a while only, and never more than <see cref="MaxEvents"/>: about 10 MB at a kilobyte each.</summary>
internal sealed class EventExpiry(ResourceRegistry registry, ObjectDeleter deleter, TimeProvider time, TimeSpan lifetime)
{
    public const int MaxEvents = 10_000;

    public async Task RunAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMinutes(1), time);
        try
        {
            while (await timer.WaitForNextTickAsync(stopping)) Expire();
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    public void Expire()
    {
        var events = registry.Current.Find("", "v1", "events")!;
        var oldest = time.GetUtcNow() - lifetime;
        deleter.DeleteAll(events, snapshot => Expired(snapshot, oldest), new DeleteOptions());
    }

    private static IEnumerable<StoredObject> Expired(StoreSnapshot snapshot, DateTimeOffset oldest)
    {
        var byAge = snapshot.Of(Known.Events).Values.OrderByDescending(e => e.Revision).ToList();
        return byAge.Where((e, index) => index >= MaxEvents || LastSeen(e.Parse()) < oldest);
    }

    private static DateTimeOffset LastSeen(JsonObject document)
    {
        var text = document.At("series", "lastObservedTime").AsText() ?? document.Text("lastTimestamp") ?? document.Text("eventTime") ?? document.Metadata().Text("creationTimestamp");
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : DateTimeOffset.MinValue;
    }
}
