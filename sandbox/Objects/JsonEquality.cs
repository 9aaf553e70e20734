using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>
/// Equality of JSON values as Kubernetes sees them: members in any order, 1 equals 1.0, and an absent member is not null.
/// Linear in the size of the values.
/// </summary>
public static class JsonEquality
{
    /// <summary>True when the two values are equal.</summary>
    public static bool Same(JsonNode? a, JsonNode? b)
    {
        if (ReferenceEquals(a, b))
            return true;
        if (a is null || b is null)
            return false;
        return (a, b) switch
        {
            (JsonObject left, JsonObject right) => SameObjects(left, right),
            (JsonArray left, JsonArray right) => SameArrays(left, right),
            (JsonValue left, JsonValue right) => SameScalars(left, right),
            _ => false,
        };
    }

    private static bool SameObjects(JsonObject a, JsonObject b)
    {
        if (a.Count != b.Count)
            return false;
        foreach (var (key, value) in a)
            if (!b.TryGetPropertyValue(key, out var other) || !Same(value, other))
                return false;
        return true;
    }

    private static bool SameArrays(JsonArray a, JsonArray b)
    {
        if (a.Count != b.Count)
            return false;
        for (var i = 0; i < a.Count; i++)
            if (!Same(a[i], b[i]))
                return false;
        return true;
    }

    private static bool SameScalars(JsonValue a, JsonValue b)
    {
        var kind = a.GetValueKind();
        if (kind != b.GetValueKind())
            return false;
        return kind switch
        {
            JsonValueKind.String => string.Equals(a.Text(), b.Text(), StringComparison.Ordinal),
            JsonValueKind.Number => SameNumbers(a, b),
            _ => true,
        };
    }

    private static bool SameNumbers(JsonValue a, JsonValue b)
    {
        if (a.TryInteger(out var left) && b.TryInteger(out var right))
            return left == right;
        return a.Number().Equals(b.Number());
    }
}

/// <summary>Reads scalars of a <see cref="JsonNode"/> whatever .NET type backs them (parsed text or a boxed value).</summary>
public static class JsonScalars
{
    /// <summary>The text of a JSON string. Throws when the value is not a string.</summary>
    public static string Text(this JsonValue value) =>
        value.TryGetValue<string>(out var text) ? text
        : value.GetValueKind() == JsonValueKind.String ? JsonSerializer.Deserialize<string>(value.ToJsonString())!
        : throw new InvalidOperationException("The value is not a string.");

    /// <summary>The text of a JSON string, or null when the node is anything else.</summary>
    public static string? TextOrNull(this JsonNode? node) =>
        node is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.Text() : null;

    /// <summary>The boolean, or null when the node is anything else.</summary>
    public static bool? BoolOrNull(this JsonNode? node) => node is JsonValue value
        ? value.GetValueKind() switch { JsonValueKind.True => true, JsonValueKind.False => false, _ => null }
        : null;

    /// <summary>The whole number, or null when the node is anything else.</summary>
    public static long? IntegerOrNull(this JsonNode? node) =>
        node is JsonValue value && value.GetValueKind() == JsonValueKind.Number && value.TryInteger(out var number) ? number : null;

    /// <summary>The number, or null when the node is anything else.</summary>
    public static double? NumberOrNull(this JsonNode? node) =>
        node is JsonValue value && value.GetValueKind() == JsonValueKind.Number ? value.Number() : null;

    /// <summary>True when the JSON number is whole and fits 64 bits; 3, 3.0 and 3e0 are the same number.</summary>
    public static bool TryInteger(this JsonValue value, out long number)
    {
        if (value.TryGetValue(out number))
            return true;
        if (value.TryGetValue<int>(out var small))
        {
            number = small;
            return true;
        }

        var real = value.Number();
        number = 0;
        // Above 2^53 a double no longer tells neighbouring integers apart, so it does not pass for one.
        if (!double.IsInteger(real) || Math.Abs(real) > 9007199254740992d)
            return false;
        number = (long)real;
        return true;
    }

    /// <summary>The JSON number as a double. Throws when the value is not a number.</summary>
    public static double Number(this JsonValue value) =>
        value.TryGetValue<double>(out var real) ? real
        : value.GetValueKind() == JsonValueKind.Number
            ? double.Parse(value.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture)
            : throw new InvalidOperationException("The value is not a number.");

    /// <summary>True when the number was written without fraction and exponent, so that it decodes to an integer type.</summary>
    public static bool IsIntegerLiteral(this JsonValue value) =>
        value.TryGetValue<JsonElement>(out var element)
            ? element.GetRawText().AsSpan().IndexOfAny('.', 'e', 'E') < 0
            : value.ToJsonString().AsSpan().IndexOfAny('.', 'e', 'E') < 0;
}
