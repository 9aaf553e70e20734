using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ops.Sandbox.Api.Http;

/// <summary>Reads JSON as Go does: the last of duplicate members wins, and each duplicate is reported by its path.</summary>
internal static class JsonBody
{
    private const int MaxDepth = 256;

    public static JsonNode? Parse(ReadOnlySpan<byte> utf8, IList<string> duplicates)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = MaxDepth });
        if (!reader.Read()) throw new JsonException("unexpected end of JSON input");
        var node = ReadValue(ref reader, "", duplicates);
        if (reader.Read()) throw new JsonException("invalid character after top-level value");
        return node;
    }

    private static JsonNode? ReadValue(ref Utf8JsonReader reader, string path, IList<string> duplicates)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                return ReadObject(ref reader, path, duplicates);
            case JsonTokenType.StartArray:
                return ReadArray(ref reader, path, duplicates);
            case JsonTokenType.String:
                return JsonValue.Create(reader.GetString());
            case JsonTokenType.True:
                return JsonValue.Create(true);
            case JsonTokenType.False:
                return JsonValue.Create(false);
            case JsonTokenType.Null:
                return null;
            default:
                // Numbers keep their text, so that 1.0 and 1 stay what they were.
                using (var number = JsonDocument.ParseValue(ref reader)) return JsonValue.Create(number.RootElement.Clone());
        }
    }

    private static JsonObject ReadObject(ref Utf8JsonReader reader, string path, IList<string> duplicates)
    {
        var result = new JsonObject();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var name = reader.GetString()!;
            var childPath = path.Length == 0 ? name : $"{path}.{name}";
            reader.Read();
            var value = ReadValue(ref reader, childPath, duplicates);
            if (result.ContainsKey(name)) duplicates.Add($"duplicate field \"{childPath}\"");
            result[name] = value;
        }

        return result;
    }

    private static JsonArray ReadArray(ref Utf8JsonReader reader, string path, IList<string> duplicates)
    {
        var result = new JsonArray();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            result.Add(ReadValue(ref reader, $"{path}[{result.Count}]", duplicates));
        return result;
    }
}
