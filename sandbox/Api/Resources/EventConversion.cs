using System.Text.Json.Nodes;
using Ops.Sandbox.Api.Store;

namespace Ops.Sandbox.Api.Resources;

/// <summary>
/// Events are one stored object with two faces: core/v1 (involvedObject, message, count) and events.k8s.io/v1
/// (regarding, note, series). Stored form is core/v1.
/// </summary>
internal static class EventConversion
{
    public static readonly ResourceId Storage = new("", "events");

    private static readonly (string Core, string Events)[] Renamed =
    [
        ("involvedObject", "regarding"),
        ("message", "note"),
        ("source", "deprecatedSource"),
        ("firstTimestamp", "deprecatedFirstTimestamp"),
        ("lastTimestamp", "deprecatedLastTimestamp"),
        ("count", "deprecatedCount"),
        ("reportingComponent", "reportingController"),
    ];

    public static bool Applies(ResourceId storage) => storage == Storage;

    public static JsonObject ToEventsGroup(JsonObject core) => Rename(core, "events.k8s.io/v1", toEvents: true);

    public static JsonObject ToCoreGroup(JsonObject events) => Rename(events, "v1", toEvents: false);

    private static JsonObject Rename(JsonObject document, string apiVersion, bool toEvents)
    {
        document["apiVersion"] = apiVersion;
        document["kind"] = "Event";
        foreach (var (core, events) in Renamed)
        {
            var (from, to) = toEvents ? (core, events) : (events, core);
            if (!document.TryGetPropertyValue(from, out var value)) continue;
            document.Remove(from);
            document[to] = value;
        }

        return document;
    }
}
