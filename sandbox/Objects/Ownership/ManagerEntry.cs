using System.Globalization;
using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>One entry of <c>metadata.managedFields</c>. Entries are told apart by all members but time and fields.</summary>
internal sealed record ManagerEntry(string Manager, string Operation, string ApiVersion, string? Subresource, string? Time, FieldSet Fields)
{
    public const string Apply = "Apply";
    public const string Update = "Update";

    public bool IsSameManager(string manager, string operation, string apiVersion, string? subresource) =>
        Manager == manager && Operation == operation && ApiVersion == apiVersion && (Subresource ?? "") == (subresource ?? "");

    /// <summary>The manager as conflict messages name it; an updater comes with the version it wrote.</summary>
    public string Text
    {
        get
        {
            var text = "\"" + Manager + "\"";
            if (!string.IsNullOrEmpty(Subresource))
                text += $" with subresource \"{Subresource}\"";
            return Operation == Update ? $"{text} using {ApiVersion}" : text;
        }
    }

    public static List<ManagerEntry> ReadAll(JsonObject? obj)
    {
        var entries = new List<ManagerEntry>();
        foreach (var entry in ((obj?["metadata"] as JsonObject)?["managedFields"] as JsonArray ?? []).OfType<JsonObject>())
            if (entry["manager"].TextOrNull() is { } manager && entry["operation"].TextOrNull() is Apply or Update)
                entries.Add(new ManagerEntry(
                    manager, entry["operation"].TextOrNull()!, entry["apiVersion"].TextOrNull() ?? "",
                    entry["subresource"].TextOrNull(), entry["time"].TextOrNull(), FieldSet.Read(entry["fieldsV1"])));
        return entries;
    }

    /// <summary>Writes the entries: appliers first, then by time, then by name.</summary>
    public static void WriteAll(JsonObject obj, IEnumerable<ManagerEntry> entries)
    {
        var ordered = entries
            .Where(e => !e.Fields.IsEmpty)
            .OrderBy(e => e.Operation, StringComparer.Ordinal)
            .ThenBy(e => e.Time ?? "", StringComparer.Ordinal)
            .ThenBy(e => e.Manager, StringComparer.Ordinal)
            .ThenBy(e => e.Subresource ?? "", StringComparer.Ordinal);
        var list = new JsonArray([.. ordered.Select(e => (JsonNode)e.Write())]);
        if (obj["metadata"] is not JsonObject metadata)
            obj["metadata"] = metadata = [];
        if (list.Count == 0)
            metadata.Remove("managedFields");
        else
            metadata["managedFields"] = list;
    }

    public static string TimeText(DateTimeOffset now) => now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private JsonObject Write()
    {
        var entry = new JsonObject
        {
            ["manager"] = Manager,
            ["operation"] = Operation,
            ["apiVersion"] = ApiVersion,
        };
        if (Time is not null)
            entry["time"] = Time;
        entry["fieldsType"] = "FieldsV1";
        entry["fieldsV1"] = Fields.Write();
        if (!string.IsNullOrEmpty(Subresource))
            entry["subresource"] = Subresource;
        return entry;
    }
}
