using System.Text.Json;
using System.Text.Json.Nodes;
using Ops.Sandbox.Api.Store;

namespace Ops.Sandbox.Api.Resources;

/// <summary>A field selector: <c>metadata.name=a,status.phase!=Failed</c>. A missing field reads as the empty string.</summary>
internal sealed class FieldSelector
{
    public static readonly FieldSelector Everything = new([]);

    private readonly IReadOnlyList<(string Field, bool Equal, string Value)> _terms;

    private FieldSelector(IReadOnlyList<(string Field, bool Equal, string Value)> terms) => _terms = terms;

    public bool IsEverything => _terms.Count == 0;

    /// <summary>The one name that can match, when the selector asks for one.</summary>
    public string? Name => _terms.FirstOrDefault(t => t is { Field: "metadata.name", Equal: true }).Value;

    public static FieldSelector Parse(string? text, ServedResource resource)
    {
        if (string.IsNullOrWhiteSpace(text)) return Everything;
        var terms = new List<(string, bool, string)>();
        foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var (field, equal, value) = ParseTerm(part);
            if (!SelectableFields.Supports(resource, field)) throw Errors.BadRequest($"field label not supported: {field}");
            terms.Add((SelectableFields.StoredPath(resource, field), equal, value));
        }

        return new FieldSelector(terms);
    }

    public bool Matches(StoredObject stored)
    {
        JsonObject? document = null;
        foreach (var (field, equal, value) in _terms)
        {
            var actual = field switch
            {
                "metadata.name" => stored.Id.Name,
                "metadata.namespace" => stored.Id.Namespace,
                _ => Read(document ??= stored.Parse(), field),
            };
            if (string.Equals(actual, value, StringComparison.Ordinal) != equal) return false;
        }

        return true;
    }

    private static (string Field, bool Equal, string Value) ParseTerm(string part)
    {
        var at = part.IndexOf('=');
        if (at <= 0) throw Errors.BadRequest($"invalid field selector: {part}");
        if (part[at - 1] == '!') return (part[..(at - 1)].Trim(), false, part[(at + 1)..].Trim());
        var value = part[(at + 1)..];
        return (part[..at].Trim(), true, (value.StartsWith('=') ? value[1..] : value).Trim());
    }

    private static string Read(JsonObject document, string field)
    {
        JsonNode? node = document;
        foreach (var name in field.Split('.'))
        {
            node = node is JsonObject parent ? parent[name] : null;
        }

        return node is JsonValue value
            ? value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : value.ToJsonString()
            : "";
    }
}
