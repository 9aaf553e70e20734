using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>Refuses what Go's JSON decoder would refuse for a built-in kind, in its words.</summary>
internal static class GoDecoding
{
    public static string? Error(JsonObject obj, KindDefinition kind) => Members(obj, kind.Schema, kind.Kind, "");

    private static string? Members(JsonObject obj, StructuralSchema schema, string goStruct, string path)
    {
        foreach (var (name, value) in obj)
            if (value is not null && schema.Member(name) is { } member
                && Node(value, member, goStruct, Join(path, name, schema)) is { } error)
                return error;
        return null;
    }

    /// <summary>Go names struct fields, not keys of maps.</summary>
    private static string Join(string path, string name, StructuralSchema schema) =>
        schema.GoType == "map" ? path : path.Length == 0 ? name : path + "." + name;

    private static string? Node(JsonNode value, StructuralSchema schema, string goStruct, string path)
    {
        if (schema.Format == "date-time-micro" || schema is { Format: "date-time", GoType: "v1.Time" })
            return Time(value, schema);
        if (schema.IntOrString || schema.AllowsAnyMember)
            return schema.Quantity ? Quantity(value) : null;
        var (isRight, found) = (value, schema.Type) switch
        {
            (JsonObject, "object") or (JsonArray, "array") => (true, ""),
            (JsonObject, _) => (false, "object"),
            (JsonArray, _) => (false, "array"),
            (JsonValue scalar, _) => Scalar(scalar, schema),
            _ => (true, ""),
        };
        if (!isRight)
            return $"json: cannot unmarshal {found} into Go struct field {goStruct}.{path} of type {GoType(schema)}";
        return value switch
        {
            JsonObject obj => Members(obj, schema, goStruct, path),
            JsonArray array when schema.Items is { } items => array.OfType<JsonNode>().Select(e => Node(e, items, goStruct, path)).FirstOrDefault(e => e is not null),
            JsonValue bytes when schema.Format == "byte" => Base64(bytes.Text()),
            _ => null,
        };
    }

    private static (bool, string) Scalar(JsonValue value, StructuralSchema schema)
    {
        var kind = value.GetValueKind();
        return kind switch
        {
            JsonValueKind.String => (schema.Type == "string", "string"),
            JsonValueKind.True or JsonValueKind.False => (schema.Type == "boolean", "bool"),
            JsonValueKind.Number when schema.Type == "number" => (true, ""),
            JsonValueKind.Number when schema.Type == "integer" => (Fits(value, schema), "number " + value.ToJsonString()),
            JsonValueKind.Number => (false, "number"),
            _ => (true, ""),
        };
    }

    private static bool Fits(JsonValue value, StructuralSchema schema) =>
        value.TryInteger(out var number) && value.IsIntegerLiteral() && (schema.Format != "int32" || number is >= int.MinValue and <= int.MaxValue);

    private static string GoType(StructuralSchema schema) => schema.GoType switch
    {
        "slice" => "[]" + (schema.Items is { } items ? GoType(items) : "string"),
        "map" => "map[string]" + (schema.AdditionalProperties is { } values ? GoType(values) : "string"),
        null => schema.Type ?? "interface {}",
        var name when char.IsAsciiLetterUpper(name[0]) => "v1." + name,
        var name => name,
    };

    private static string? Time(JsonNode value, StructuralSchema schema)
    {
        var isMicro = schema.Format == "date-time-micro";
        var text = value.TextOrNull();
        if (text is null)
            return $"json: cannot unmarshal {SchemaValidation.TypeOf(value)} into Go value of type string";
        // MicroTime is read with exactly six fraction digits; a Time with any number of them.
        var isRight = isMicro
            ? DateTimeOffset.TryParseExact(text, "yyyy-MM-dd'T'HH:mm:ss.ffffffK", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _)
            : SchemaScalars.IsTime(text);
        var layout = isMicro ? "2006-01-02T15:04:05.000000Z07:00" : "2006-01-02T15:04:05Z07:00";
        return isRight ? null : $"parsing time \"{text}\" as \"{layout}\": cannot parse \"{text}\" as \"2006\"";
    }

    private static string? Quantity(JsonNode value)
    {
        var text = value is JsonValue scalar && scalar.GetValueKind() == JsonValueKind.Number ? scalar.ToJsonString() : value.TextOrNull();
        return text is not null && Quantities.Canonical(text) is not null
            ? null
            : "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
    }

    private static string? Base64(string text)
    {
        var buffer = new byte[((text.Length + 3) / 4) * 3];
        return Convert.TryFromBase64String(text, buffer, out _) ? null : "illegal base64 data at input byte 0";
    }
}
