using System.Text.Json.Nodes;

namespace Ops.Sandbox.Api.Tables;

/// <summary>Columns of events, in either of their two forms.</summary>
internal static class EventColumns
{
    public static readonly Printer Printer = new(
    [
        new Column("Last Seen", "string", static (o, now) => CellText.Since(LastSeen(o), now)),
        new Column("Type", "string", static (o, _) => o.Text("type")),
        new Column("Reason", "string", static (o, _) => o.Text("reason")),
        new Column("Object", "string", static (o, _) => $"{Subject(o).Text("kind")?.ToLowerInvariant()}/{Subject(o).Text("name")}"),
        new Column("Subobject", "string", static (o, _) => Subject(o).Text("fieldPath"), Priority: 1),
        new Column("Source", "string", static (o, _) => Source(o), Priority: 1),
        new Column("Message", "string", static (o, _) => (o.Text("message") ?? o.Text("note"))?.Trim()),
        new Column("First Seen", "string", static (o, now) => CellText.Since(FirstSeen(o), now), Priority: 1),
        new Column("Count", "string", static (o, _) => (o.At("series", "count").AsLong() ?? o.Number("count") ?? o.Number("deprecatedCount") ?? 1).ToString(), Priority: 1),
        new Column("Name", "string", static (o, _) => o.Metadata().Text("name"), Priority: 1),
    ]);

    private static JsonObject? Subject(JsonObject o) => o.Child("involvedObject") ?? o.Child("regarding");

    private static string? FirstSeen(JsonObject o) => o.Text("firstTimestamp") ?? o.Text("deprecatedFirstTimestamp") ?? o.Text("eventTime");

    private static string? LastSeen(JsonObject o) =>
        o.At("series", "lastObservedTime").AsText() ?? o.Text("lastTimestamp") ?? o.Text("deprecatedLastTimestamp") ?? FirstSeen(o);

    private static string Source(JsonObject o)
    {
        var source = o.Child("source") ?? o.Child("deprecatedSource");
        var component = source.Text("component") ?? o.Text("reportingComponent") ?? o.Text("reportingController") ?? "";
        return source.Text("host") is { Length: > 0 } host ? $"{component}, {host}" : component;
    }
}
