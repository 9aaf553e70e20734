using System.Globalization;
using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>JSON pointers (RFC 6901) as JSON patch uses them.</summary>
internal static class JsonPointer
{
    /// <summary>Splits <c>/a~1b/0</c> into <c>a/b</c>, <c>0</c>. The empty pointer is the document.</summary>
    public static string[] Parse(string pointer)
    {
        if (pointer.Length == 0)
            return [];
        if (pointer[0] != '/')
            throw new PatchFailedException($"the path \"{pointer}\" does not start with \"/\"", malformed: true);
        return [.. pointer[1..].Split('/').Select(Unescape)];
    }

    /// <summary>The value at the path; throws <see cref="PatchFailedException"/> where there is none.</summary>
    public static JsonNode? Get(JsonNode? document, ReadOnlySpan<string> path)
    {
        var node = document;
        foreach (var step in path)
            node = node switch
            {
                JsonObject o when o.TryGetPropertyValue(step, out var child) => child,
                JsonArray a when Index(step, a.Count - 1) is { } index => a[index],
                _ => throw Missing(path),
            };
        return node;
    }

    /// <summary>The array index, or null where it is no index from 0 to <paramref name="last"/>.</summary>
    public static int? Index(string step, int last) =>
        int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index <= last && (step.Length == 1 || step[0] != '0')
            ? index
            : null;

    public static PatchFailedException Missing(ReadOnlySpan<string> path) =>
        new($"the path \"/{string.Join('/', path!)}\" does not exist");

    private static string Unescape(string step) => step.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
}
