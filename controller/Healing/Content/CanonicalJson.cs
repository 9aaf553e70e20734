using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ops.Healing.Content;

/// <summary>One text for equal values: members sorted by name, no white space. What hashes are made of.</summary>
public static class CanonicalJson
{
    /// <summary>The canonical text.</summary>
    /// <param name="node">A value; null is JSON's null.</param>
    public static string Text(JsonNode? node)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
            Write(writer, node);
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    /// <summary>SHA-256 of the canonical text, in lower-case hexadecimal.</summary>
    /// <param name="node">A value.</param>
    public static string Digest(JsonNode? node) => Digest(Text(node));

    /// <summary>SHA-256 of a text in UTF-8, in lower-case hexadecimal.</summary>
    /// <param name="text">Any text.</param>
    public static string Digest(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static void Write(Utf8JsonWriter writer, JsonNode? node)
    {
        switch (node)
        {
            case JsonObject obj:
                writer.WriteStartObject();
                foreach (var (name, value) in obj.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(name);
                    Write(writer, value);
                }

                writer.WriteEndObject();
                break;
            case JsonArray array:
                writer.WriteStartArray();
                foreach (var item in array)
                    Write(writer, item);
                writer.WriteEndArray();
                break;
            case null:
                writer.WriteNullValue();
                break;
            default:
                node.WriteTo(writer);
                break;
        }
    }
}
