using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>
/// Decodes request bodies of type <c>application/vnd.kubernetes.protobuf</c> for the kinds that kubectl's generators send.
/// kubectl never retries with JSON, so without this <c>kubectl create configmap</c> and its like would not work.
/// </summary>
public static class ProtobufDecoder
{
    // Objects nest about 15 levels; the bound keeps a hostile body from exhausting the stack.
    private const int MaxDepth = 50;

    /// <summary>
    /// The object as JSON, with apiVersion and kind. Null where the body is not Kubernetes protobuf, is malformed, is of a kind
    /// not known here, or carries a value in a field not known here: then 415 is the honest answer.
    /// </summary>
    public static JsonObject? TryDecode(ReadOnlySpan<byte> k8sProtobufBody)
    {
        // The envelope: "k8s\0", then runtime.Unknown { 1: TypeMeta { 1: apiVersion, 2: kind }, 2: raw, 3: encoding, 4: type }.
        if (!k8sProtobufBody.StartsWith("k8s\0"u8))
            return null;
        try
        {
            return Envelope(k8sProtobufBody[4..]);
        }
        catch (Exception e) when (e is FormatException or OverflowException or JsonException or ArgumentException)
        {
            return null;
        }
    }

    private static JsonObject? Envelope(ReadOnlySpan<byte> body)
    {
        var (apiVersion, kind) = ("", "");
        ReadOnlySpan<byte> raw = default;
        var reader = new WireReader(body);
        while (reader.Next(out var number, out _, out var bytes))
            if (number == 1)
            {
                var type = new WireReader(bytes);
                while (type.Next(out var member, out _, out var text))
                    (apiVersion, kind) = member == 1 ? (WireReader.Text(text), kind) : (apiVersion, WireReader.Text(text));
            }
            else if (number == 2)
                raw = bytes;
        if (WireMessages.MessageOf(apiVersion, kind) is not { } message)
            return null;
        var obj = new JsonObject { ["apiVersion"] = apiVersion, ["kind"] = kind };
        ReadInto(obj, raw, message, MaxDepth);
        return obj;
    }

    private static void ReadInto(JsonObject obj, ReadOnlySpan<byte> data, string message, int depth)
    {
        if (depth == 0)
            throw new FormatException("protobuf message nests too deep");
        var fields = WireMessages.Fields(message);
        var reader = new WireReader(data);
        while (reader.Next(out var number, out var value, out var bytes))
        {
            if (!fields.TryGetValue(number, out var field))
            {
                // Newer clients write zero values of members that did not exist yet; anything else would be lost silently.
                if (value == 0 && bytes.IsEmpty)
                    continue;
                throw new FormatException($"unknown field {number} of {message}");
            }

            if (field.Name == "<")
                ReadInto(obj, bytes, field.Type, depth - 1);
            else if (field.Shape == WireShape.Map)
                Entry(obj, field, bytes, depth);
            else if (field.Shape == WireShape.List)
                Child(obj, field.Name).Add(Value(field.Type, value, bytes, depth));
            else if (Value(field.Type, value, bytes, depth) is { } node && (field.KeepsZero || !IsZero(node)))
                obj[field.Name] = node;
        }
    }

    private static void Entry(JsonObject obj, WireField field, ReadOnlySpan<byte> data, int depth)
    {
        if (obj[field.Name] is not JsonObject map)
            obj[field.Name] = map = [];
        var key = "";
        JsonNode? node = null;
        var reader = new WireReader(data);
        while (reader.Next(out var number, out var value, out var bytes))
            if (number == 1)
                key = WireReader.Text(bytes);
            else
                node = Value(field.Type, value, bytes, depth);
        map[key] = node ?? JsonValue.Create("");
    }

    private static JsonArray Child(JsonObject obj, string name)
    {
        if (obj[name] is not JsonArray list)
            obj[name] = list = [];
        return list;
    }

    private static JsonNode? Value(string type, ulong value, ReadOnlySpan<byte> bytes, int depth)
    {
        switch (type)
        {
            case "s":
                return JsonValue.Create(WireReader.Text(bytes));
            case "i":
                return JsonValue.Create(unchecked((long)value));
            case "b":
                return JsonValue.Create(value != 0);
            case "d":
                return JsonValue.Create(BitConverter.UInt64BitsToDouble(value));
            case "y":
                return JsonValue.Create(Convert.ToBase64String(bytes));
            case "T" or "U":
                return Time(bytes, isMicro: type == "U");
            case "Q":
                return JsonValue.Create(FirstText(bytes));
            case "I":
                return IntOrString(bytes);
            case "R":
                return Raw(bytes);
            default:
                var nested = new JsonObject();
                ReadInto(nested, bytes, type, depth - 1);
                return nested;
        }
    }

    /// <summary>Timestamp { 1: seconds, 2: nanoseconds }; an empty one is Go's zero time and means none.</summary>
    private static JsonValue? Time(ReadOnlySpan<byte> data, bool isMicro)
    {
        var (seconds, nanoseconds) = (0L, 0L);
        var reader = new WireReader(data);
        while (reader.Next(out var number, out var value, out _))
            (seconds, nanoseconds) = number == 1 ? (unchecked((long)value), nanoseconds) : (seconds, unchecked((long)value));
        if (data.IsEmpty || (seconds == 0 && nanoseconds == 0))
            return null;
        var time = DateTimeOffset.FromUnixTimeSeconds(seconds).AddTicks(nanoseconds / 100);
        return JsonValue.Create(time.UtcDateTime.ToString(isMicro ? "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'" : "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
    }

    private static string FirstText(ReadOnlySpan<byte> data)
    {
        var reader = new WireReader(data);
        while (reader.Next(out var number, out _, out var bytes))
            if (number == 1)
                return WireReader.Text(bytes);
        return "";
    }

    /// <summary>IntOrString { 1: type (0 int, 1 text), 2: int, 3: text }.</summary>
    private static JsonValue IntOrString(ReadOnlySpan<byte> data)
    {
        var (isText, number, text) = (false, 0L, "");
        var reader = new WireReader(data);
        while (reader.Next(out var member, out var value, out var bytes))
            switch (member)
            {
                case 1:
                    isText = value == 1;
                    break;
                case 2:
                    number = unchecked((long)value);
                    break;
                default:
                    text = WireReader.Text(bytes);
                    break;
            }

        return isText ? JsonValue.Create(text) : JsonValue.Create(number);
    }

    private static JsonNode? Raw(ReadOnlySpan<byte> data)
    {
        var json = FirstText(data);
        return json.Length == 0 ? null : JsonNode.Parse(json);
    }

    private static bool IsZero(JsonNode node) => node switch
    {
        JsonValue value => value.GetValueKind() switch
        {
            JsonValueKind.String => value.Text().Length == 0,
            JsonValueKind.Number => value.Number() == 0,
            JsonValueKind.False => true,
            _ => false,
        },
        _ => false,
    };
}
