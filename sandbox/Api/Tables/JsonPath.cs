using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ops.Sandbox.Api.Tables;

/// <summary>
/// The JSONPath of additionalPrinterColumns: <c>.spec.replicas</c>, <c>.status.conditions[?(@.type=="Ready")].status</c>,
/// <c>.spec.ports[0].port</c>, <c>.metadata.labels.app\.kubernetes\.io/name</c>, <c>.items[*].name</c>.
/// </summary>
internal static class JsonPath
{
    /// <summary>All values at the path, in document order.</summary>
    public static IReadOnlyList<JsonNode> Evaluate(JsonNode? root, string path)
    {
        IEnumerable<JsonNode?> current = [root];
        var text = path.TrimStart('{').TrimEnd('}').TrimStart('$');
        var at = 0;
        while (at < text.Length)
        {
            if (text[at] == '.')
            {
                at++;
                var name = ReadName(text, ref at);
                if (name.Length > 0) current = current.Select(n => (n as JsonObject)?[name]).ToList();
            }
            else if (text[at] == '[')
            {
                var end = ClosingBracket(text, at);
                var inside = text[(at + 1)..end];
                current = current.SelectMany(n => Select(n, inside)).ToList();
                at = end + 1;
            }
            else
            {
                var name = ReadName(text, ref at);
                if (name.Length == 0) return [];
                current = current.Select(n => (n as JsonObject)?[name]).ToList();
            }
        }

        return [.. current.OfType<JsonNode>()];
    }

    private static string ReadName(string text, ref int at)
    {
        var name = new System.Text.StringBuilder();
        while (at < text.Length && text[at] is not ('.' or '['))
        {
            if (text[at] == '\\' && at + 1 < text.Length) at++;
            name.Append(text[at++]);
        }

        return name.ToString();
    }

    private static int ClosingBracket(string text, int open)
    {
        var quote = '\0';
        for (var i = open + 1; i < text.Length; i++)
        {
            if (quote != '\0')
            {
                if (text[i] == quote) quote = '\0';
            }
            else if (text[i] is '"' or '\'') quote = text[i];
            else if (text[i] == ']') return i;
        }

        return text.Length - 1;
    }

    private static IEnumerable<JsonNode?> Select(JsonNode? node, string inside)
    {
        if (inside.Length > 1 && inside[0] is '\'' or '"') return [(node as JsonObject)?[inside[1..^1]]];
        if (inside == "*") return node switch { JsonArray all => all, JsonObject o => o.Select(m => m.Value), _ => [] };
        if (inside.StartsWith("?(", StringComparison.Ordinal)) return node is JsonArray candidates ? candidates.Where(c => Passes(c, inside[2..^1])) : [];
        if (node is not JsonArray array || !int.TryParse(inside, out var index)) return [];
        if (index < 0) index += array.Count;
        return index >= 0 && index < array.Count ? [array[index]] : [];
    }

    /// <summary>One comparison: <c>@.type=="Ready"</c>, or the bare existence of <c>@.type</c>.</summary>
    private static bool Passes(JsonNode? candidate, string filter)
    {
        foreach (var sign in new[] { "==", "!=" })
        {
            var at = filter.IndexOf(sign, StringComparison.Ordinal);
            if (at < 0) continue;
            var left = Evaluate(candidate, filter[..at].Trim().TrimStart('@'));
            var right = filter[(at + 2)..].Trim().Trim('"', '\'');
            var equal = left.Count > 0 && AsText(left[0]) == right;
            return sign == "==" ? equal : !equal;
        }

        return Evaluate(candidate, filter.Trim().TrimStart('@')).Count > 0;
    }

    public static string AsText(JsonNode node) =>
        node is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : node.ToJsonString(JsonText.Compact);
}
