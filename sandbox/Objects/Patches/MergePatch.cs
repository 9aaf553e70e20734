using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>JSON merge patch (RFC 7386).</summary>
public static class MergePatch
{
    /// <summary>
    /// Returns the patched document; neither argument is changed. The formula is the MergePatch function of RFC 7386, section 2.
    /// </summary>
    public static JsonNode? Apply(JsonNode? target, JsonNode? patch)
    {
        if (patch is not JsonObject changes)
            return patch?.DeepClone();
        var result = target is JsonObject existing ? (JsonObject)existing.DeepClone() : [];
        Merge(result, changes);
        return result;
    }

    private static void Merge(JsonObject target, JsonObject changes)
    {
        foreach (var (key, value) in changes)
            switch (value)
            {
                case null:
                    target.Remove(key);
                    break;
                case JsonObject nested:
                    if (target[key] is not JsonObject child)
                        target[key] = child = [];
                    Merge(child, nested);
                    break;
                default:
                    target[key] = value.DeepClone();
                    break;
            }
    }
}
