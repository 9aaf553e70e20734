using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Ops.Sandbox.Api.Resources;

namespace Ops.Sandbox.Api.Tables;

/// <summary>What a row carries beside its cells.</summary>
internal enum IncludeObject
{
    Metadata,
    Object,
    None,
}

/// <summary>Builds meta.k8s.io Tables and metadata-only objects.</summary>
internal static class TableRows
{
    public static IncludeObject IncludeOf(HttpRequest request) => request.Query["includeObject"].ToString() switch
    {
        "Object" => IncludeObject.Object,
        "None" => IncludeObject.None,
        "" or "Metadata" => IncludeObject.Metadata,
        var other => throw Errors.BadRequest($"unrecognized includeObject value: {other}"),
    };

    public static JsonObject Table(ServedResource resource, IEnumerable<JsonObject> documents, JsonObject listMetadata, IncludeObject include, string version, DateTimeOffset now) =>
        Table(Printers.For(resource), documents, listMetadata, include, version, now);

    public static JsonObject Table(Printer printer, IEnumerable<JsonObject> documents, JsonObject listMetadata, IncludeObject include, string version, DateTimeOffset now) => new()
    {
        ["kind"] = "Table",
        ["apiVersion"] = $"meta.k8s.io/{version}",
        ["metadata"] = listMetadata,
        ["columnDefinitions"] = Columns(printer),
        ["rows"] = new JsonArray([.. documents.Select(d => Row(printer, d, include, version, now))]),
    };

    /// <summary>An event of a watch: one row, with column definitions only in the first.</summary>
    public static JsonObject OneRow(ServedResource resource, JsonObject document, IncludeObject include, string version, bool withColumns, DateTimeOffset now)
    {
        var metadata = new JsonObject { ["resourceVersion"] = document.Metadata().Text("resourceVersion") };
        var table = Table(resource, [document], metadata, include, version, now);
        if (!withColumns) table["columnDefinitions"] = null;
        return table;
    }

    public static JsonObject PartialMetadata(JsonObject document, string version) => new()
    {
        ["kind"] = "PartialObjectMetadata",
        ["apiVersion"] = $"meta.k8s.io/{version}",
        ["metadata"] = document.Metadata().DeepClone(),
    };

    private static JsonArray Columns(Printer printer) => new([.. printer.Columns.Select(c => (JsonNode)new JsonObject
    {
        ["name"] = c.Name,
        ["type"] = c.Type,
        ["format"] = c.Format,
        ["description"] = c.Description,
        ["priority"] = c.Priority,
    })]);

    private static JsonObject Row(Printer printer, JsonObject document, IncludeObject include, string version, DateTimeOffset now) => new JsonObject
    {
        ["cells"] = new JsonArray([.. printer.Cells(document, now)]),
        ["object"] = include switch
        {
            IncludeObject.Metadata => PartialMetadata(document, version),
            IncludeObject.Object => document.DeepClone(),
            _ => null,
        },
    };
}
