using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects.Cel;

// CEL values are: null, bool, long, ulong, double, string, byte[], CelDuration, DateTimeOffset, ResourceQuantity,
// CelList, CelMap, CelOptional, CelType, and CelError for a failure.

/// <summary>A failed evaluation, as a value.</summary>
internal sealed class CelError(string message)
{
    /// <summary>The budget of the evaluation is spent; nothing absorbs this failure.</summary>
    public static readonly CelError OutOfBudget = new("operation cancelled: actual cost limit exceeded");

    public string Message { get; } = message;

    public static CelError NoOverload(string function, params object?[] arguments) =>
        new($"no such overload: {function}({string.Join(", ", arguments.Select(CelText.TypeOf))})");
}

/// <summary>A member that is not there. Never leaves the evaluation of a selection.</summary>
internal sealed class CelMissing
{
    public static readonly CelMissing Instance = new();
}

internal sealed class CelOptional(object? value, bool hasValue)
{
    public static readonly CelOptional None = new(null, false);

    public object? Value { get; } = value;

    public bool HasValue { get; } = hasValue;
}

/// <summary>The value of <c>type(x)</c> and of names such as <c>int</c>.</summary>
internal sealed record CelType(string Name);

internal abstract class CelList
{
    public abstract int Count { get; }

    public abstract object? this[int index] { get; }
}

internal sealed class CelArrayList(IReadOnlyList<object?> elements) : CelList
{
    public override int Count => elements.Count;

    public override object? this[int index] => elements[index];
}

internal sealed class CelNodeList(JsonArray array, StructuralSchema? items, StructuralSchema? list) : CelList
{
    public override int Count => array.Count;

    public override object? this[int index] => CelValue.Of(array[index], items);

    /// <summary>Sets and list-maps compare without regard to order.</summary>
    public bool IsUnordered => list?.ListType is ListType.Set or ListType.Map;
}

internal abstract class CelMap
{
    public abstract int Count { get; }

    public abstract CelList Keys { get; }

    public abstract bool TryGet(object? key, out object? value);
}

internal sealed class CelDictionaryMap(Dictionary<object, object?> entries) : CelMap
{
    public override int Count => entries.Count;

    public override CelList Keys => new CelArrayList([.. entries.Keys]);

    public override bool TryGet(object? key, out object? value)
    {
        value = null;
        return key is not null && entries.TryGetValue(key, out value);
    }
}

internal sealed class CelNodeMap(JsonObject members, StructuralSchema? schema) : CelMap
{
    public override int Count => members.Count;

    public override CelList Keys => new CelArrayList([.. members.Select(m => (object?)m.Key)]);

    public override bool TryGet(object? key, out object? value)
    {
        value = null;
        if (key is not string name || !members.TryGetPropertyValue(name, out var node))
            return false;
        value = CelValue.Of(node, schema?.Member(name));
        return true;
    }
}

/// <summary>Turns JSON into CEL values; the schema decides between int and double, text and time.</summary>
internal static class CelValue
{
    public static object? Of(JsonNode? node, StructuralSchema? schema) => node switch
    {
        null => null,
        JsonObject obj => new CelNodeMap(obj, schema),
        JsonArray array => new CelNodeList(array, schema?.Items, schema),
        JsonValue value => Scalar(value, schema),
        _ => CelError.NoOverload("json"),
    };

    private static object Scalar(JsonValue value, StructuralSchema? schema) => value.GetValueKind() switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.String => Text(value.Text(), schema),
        JsonValueKind.Number when schema?.Type == "number" => value.Number(),
        JsonValueKind.Number when value.TryInteger(out var number) && (schema?.Type == "integer" || value.IsIntegerLiteral()) => number,
        _ => value.Number(),
    };

    private static object Text(string text, StructuralSchema? schema) => schema?.Format switch
    {
        "date-time" or "date-time-micro" when DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) => time,
        "date" when DateTimeOffset.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var day) => day,
        "duration" when CelDuration.TryParse(text, out var duration) => duration,
        "byte" when TryBase64(text, out var bytes) => bytes,
        _ => text,
    };

    private static bool TryBase64(string text, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = new byte[((text.Length + 3) / 4) * 3];
        if (!Convert.TryFromBase64String(text, bytes, out var written))
            return false;
        bytes = bytes[..written];
        return true;
    }
}
