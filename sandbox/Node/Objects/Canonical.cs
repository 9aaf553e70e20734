using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;

namespace Ops.Sandbox.Node.Objects;

/// <summary>One text for one meaning: JSON with sorted keys and without nulls, for comparing and hashing.</summary>
internal static class Canonical
{
    /// <summary>Kubernetes' alphabet for generated suffixes: no vowels and no look-alikes, so no words and no misreadings.</summary>
    private const string SafeAlphabet = "bcdfghjklmnpqrstvwxz2456789";

    public static string Text(object? value) =>
        value is null ? "null" : Sorted(JsonNode.Parse(KubernetesJson.Serialize(value)))?.ToJsonString() ?? "null";

    public static bool Same(object? left, object? right) => string.Equals(Text(left), Text(right), StringComparison.Ordinal);

    public static T Copy<T>(T value) => KubernetesJson.Deserialize<T>(KubernetesJson.Serialize(value));

    public static JsonObject ToJson(object value) => JsonNode.Parse(KubernetesJson.Serialize(value))!.AsObject();

    /// <summary>FNV-1a (32 bits) of the canonical text, its decimal digits written in the safe alphabet, as Kubernetes writes template hashes.</summary>
    public static string Hash(object value, int? collisionCount = null)
    {
        var text = collisionCount is { } count ? $"{Text(value)}#{count}" : Text(value);
        var hash = 2166136261u;
        foreach (var octet in Encoding.UTF8.GetBytes(text))
            hash = (hash ^ octet) * 16777619u;
        return string.Concat(hash.ToString().Select(digit => SafeAlphabet[digit % SafeAlphabet.Length]));
    }

    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject map => new JsonObject(map
            .Where(member => member.Value is not null)
            .OrderBy(member => member.Key, StringComparer.Ordinal)
            .Select(member => KeyValuePair.Create(member.Key, Sorted(member.Value)))),
        JsonArray list => new JsonArray(list.Select(Sorted).ToArray()),
        JsonValue value => value.GetValueKind() == JsonValueKind.Null ? null : value.DeepClone(),
        _ => null,
    };
}
