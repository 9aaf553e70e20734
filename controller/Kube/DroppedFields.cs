using System.Text.Json.Nodes;

namespace Ops.Kube;

/// <summary>
/// Servers up to 1.20 leave null where an apply drops an object or a list of a custom resource, and then refuse their own
/// result: spec.energy: Invalid value: "null": spec.energy in body must be of type object. A merge patch that removes the
/// field first gets such an apply through.
/// </summary>
internal static class DroppedFields
{
    /// <summary>The merge patch, or null if the refusal is of another kind.</summary>
    public static string? PatchFor(KubeApiException refusal, JsonObject intent)
    {
        var patch = new JsonObject();
        foreach (var cause in refusal.Status?.Details?.Causes ?? [])
        {
            // A path into a list cannot be told by a merge patch, and a field of the intent is the intent's own mistake.
            if (cause.Message?.StartsWith("Invalid value: \"null\"", StringComparison.Ordinal) != true || cause.Field is not { } path
                || path.Contains('[', StringComparison.Ordinal) || !Remove(patch, intent, path.Split('.')))
                return null;
        }

        return patch.Count == 0 ? null : patch.ToJsonString();
    }

    private static bool Remove(JsonObject patch, JsonObject? intent, ReadOnlySpan<string> path)
    {
        if (path.Length == 1)
        {
            patch[path[0]] = null;
            return intent?.ContainsKey(path[0]) != true;
        }

        if (patch[path[0]] is not JsonObject inner)
            patch[path[0]] = inner = [];
        return Remove(inner, intent?[path[0]] as JsonObject, path[1..]);
    }
}
