using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using k8s;
using k8s.Models;

namespace Ops.Kube;

/// <summary>Turns JSON into objects of a kind without letting one odd object break a stream of good ones.</summary>
internal static class ObjectReader<T>
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    /// <summary>Reads an object; when its fields do not fit the type, at least its key.</summary>
    public static bool TryRead(JsonElement json, [NotNullWhen(true)] out T? obj, out ObjectKey? key)
    {
        (obj, key) = (null, null);
        try
        {
            obj = KubernetesJson.Deserialize<T>(json);
            if (obj?.Metadata?.Name is null || obj.Metadata.ResourceVersion is null)
                obj = null;
            else
                key = ObjectKey.Of(ResourceOf<T>.Complete(obj));
            return obj is not null;
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or NotSupportedException)
        {
            key = KeyOf(json);
            return false;
        }
    }

    /// <summary>metadata.resourceVersion, if present.</summary>
    public static string? VersionOf(JsonElement json) => Text(json, "resourceVersion");

    private static ObjectKey? KeyOf(JsonElement json) =>
        Text(json, "name") is { } name ? new ObjectKey(Text(json, "namespace") is { Length: > 0 } ns ? ns : null, name) : null;

    private static string? Text(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object
        && json.TryGetProperty("metadata", out var metadata) && metadata.ValueKind == JsonValueKind.Object
        && metadata.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString() : null;
}
