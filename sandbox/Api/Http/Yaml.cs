using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Ops.Sandbox.Api.Http;

/// <summary>YAML in and out, with the scalar rules of Go's YAML library that Kubernetes uses.</summary>
internal static class Yaml
{
    /// <summary>Aliases may not blow up a small body: as many nodes as a 3 MiB JSON body could have.</summary>
    private const int MaxNodes = 3 << 20;

    public static JsonNode? Parse(string text)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(text));
        }
        catch (YamlException e)
        {
            throw new JsonException($"yaml: line {e.Start.Line}: {e.Message}", e);
        }

        if (stream.Documents.Count == 0) return null;
        var budget = MaxNodes;
        return ToJson(stream.Documents[0].RootNode, ref budget);
    }

    public static string Write(JsonNode? node)
    {
        var writer = new StringWriter(CultureInfo.InvariantCulture);
        new YamlStream(new YamlDocument(ToYaml(node))).Save(writer, assignAnchors: false);

        // YamlDotNet ends a document with "...", which kubectl and Go do not write.
        var text = writer.ToString();
        return text.EndsWith("...\n", StringComparison.Ordinal) ? text[..^4] : text;
    }

    private static JsonNode? ToJson(YamlNode node, ref int budget)
    {
        if (--budget < 0) throw new JsonException("yaml: document contains excessive aliasing");
        switch (node)
        {
            case YamlMappingNode mapping:
                var result = new JsonObject();
                foreach (var (key, value) in mapping.Children)
                    result[((YamlScalarNode)key).Value ?? ""] = ToJson(value, ref budget);
                return result;
            case YamlSequenceNode sequence:
                var array = new JsonArray();
                foreach (var child in sequence.Children) array.Add(ToJson(child, ref budget));
                return array;
            case YamlScalarNode scalar:
                return ToJson(scalar);
            default:
                throw new JsonException("yaml: unsupported node");
        }
    }

    private static JsonNode? ToJson(YamlScalarNode scalar)
    {
        var text = scalar.Value ?? "";
        if (scalar.Style != ScalarStyle.Plain || scalar.Tag is { IsEmpty: false, Value: "tag:yaml.org,2002:str" }) return text;
        if (text is "" or "~" or "null" or "Null" or "NULL") return null;
        if (text is "true" or "True" or "TRUE" or "yes" or "Yes" or "on" or "On") return true;
        if (text is "false" or "False" or "FALSE" or "no" or "No" or "off" or "Off") return false;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)) return whole;
        return LooksNumeric(text) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) ? real : text;
    }

    private static YamlNode ToYaml(JsonNode? node) => node switch
    {
        JsonObject o => new YamlMappingNode(o.Select(m => KeyValuePair.Create<YamlNode, YamlNode>(Text(m.Key), ToYaml(m.Value)))),
        JsonArray a => new YamlSequenceNode(a.Select(ToYaml)),
        JsonValue v when v.GetValueKind() == JsonValueKind.String => Text(v.GetValue<string>()),
        JsonValue v => new YamlScalarNode(v.ToJsonString()) { Style = ScalarStyle.Plain },
        _ => new YamlScalarNode("null") { Style = ScalarStyle.Plain },
    };

    private static YamlScalarNode Text(string text)
    {
        // A string that a reader would take for something else is quoted.
        var plain = ToJson(new YamlScalarNode(text) { Style = ScalarStyle.Plain });
        var isText = plain is JsonValue value && value.GetValueKind() == JsonValueKind.String;
        var style = !isText ? ScalarStyle.DoubleQuoted : text.Contains('\n') ? ScalarStyle.Literal : ScalarStyle.Any;
        return new YamlScalarNode(text) { Style = style };
    }

    private static bool LooksNumeric(string text) => text[0] is '-' or '+' or '.' || char.IsAsciiDigit(text[0]);
}
