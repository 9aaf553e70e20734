using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>Causes in the exact words of the real server.</summary>
internal static class FieldCauses
{
    public static FieldCause Required(string field, string detail = "") =>
        new("FieldValueRequired", detail.Length == 0 ? "Required value" : "Required value: " + detail, field);

    public static FieldCause Invalid(string field, string value, string detail) =>
        new("FieldValueInvalid", $"Invalid value: {value}: {detail}", field);

    public static FieldCause Invalid(string field, JsonNode? value, string detail) => Invalid(field, Text(value), detail);

    public static FieldCause TypeInvalid(string field, string isType, string wanted) =>
        new("FieldValueTypeInvalid", $"Invalid value: \"{isType}\": {field} in body must be of type {wanted}: \"{isType}\"", field);

    public static FieldCause NotSupported(string field, JsonNode? value, IEnumerable<JsonNode?> supported) =>
        new("FieldValueNotSupported", $"Unsupported value: {Text(value)}: supported values: {string.Join(", ", supported.Select(s => Text(s)))}", field);

    public static FieldCause TooLong(string field, long max) =>
        new("FieldValueTooLong", $"Too long: may not be more than {max} bytes", field);

    public static FieldCause TooMany(string field, long count, long max) =>
        new("FieldValueTooMany", $"Too many: {count}: must have at most {max} items", field);

    public static FieldCause Duplicate(string field, string json) =>
        new("FieldValueDuplicate", "Duplicate value: " + json, field);

    public static FieldCause Forbidden(string field, string detail) =>
        new("FieldValueForbidden", "Forbidden: " + detail, field);

    public static FieldCause Immutable(string field, JsonNode? value) => Invalid(field, value, "field is immutable");

    /// <summary>A value as messages show it: compact JSON.</summary>
    public static string Text(JsonNode? value) => value?.ToJsonString(JsonTexts.Relaxed) ?? "null";
}
