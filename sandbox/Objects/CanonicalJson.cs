using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>
/// A text that equal values share: members sorted, numbers by value. Used as the identity of list elements.
/// </summary>
internal static class CanonicalJson
{
    private static readonly SearchValues<char> Plain = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._/ :,;=@%+*()[]{}");

    public static string Text(JsonNode? node)
    {
        if (node is JsonValue or null)
            return Scalar(node as JsonValue);
        var text = new StringBuilder();
        Append(text, node);
        return text.ToString();
    }

    private static void Append(StringBuilder text, JsonNode? node)
    {
        switch (node)
        {
            case JsonObject obj:
                text.Append('{');
                var isFirst = true;
                foreach (var (name, value) in obj.OrderBy(p => p.Key, StringComparer.Ordinal))
                {
                    text.Append(isFirst ? "" : ",").Append(JsonSerializer.Serialize(name, JsonTexts.Relaxed)).Append(':');
                    Append(text, value);
                    isFirst = false;
                }

                text.Append('}');
                break;
            case JsonArray array:
                text.Append('[');
                for (var i = 0; i < array.Count; i++)
                {
                    text.Append(i == 0 ? "" : ",");
                    Append(text, array[i]);
                }

                text.Append(']');
                break;
            default:
                text.Append(Scalar(node as JsonValue));
                break;
        }
    }

    private static string Scalar(JsonValue? value)
    {
        if (value is null)
            return "null";
        if (value.GetValueKind() == JsonValueKind.Number && value.TryInteger(out var number))
            return number.ToString(System.Globalization.CultureInfo.InvariantCulture);
        // Names and the like need no escapes; writing them through a JSON writer costs ten times as much.
        return value.TextOrNull() is { } text && text.AsSpan().IndexOfAnyExcept(Plain) < 0
            ? string.Concat("\"", text, "\"")
            : value.ToJsonString(JsonTexts.Relaxed);
    }
}
