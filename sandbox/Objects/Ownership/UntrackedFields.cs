using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>Fields that nobody owns: the server writes them.</summary>
internal static class UntrackedFields
{
    private static readonly string[] Metadata =
    [
        "name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation", "managedFields", "resourceVersion",
        "deletionTimestamp", "deletionGracePeriodSeconds",
    ];

    public static void StripFrom(FieldSet set)
    {
        set.Remove("f:apiVersion");
        set.Remove("f:kind");
        if (set.Child("f:metadata") is not { } metadata)
            return;
        metadata.IsMember = false;
        foreach (var name in Metadata)
            metadata.Remove("f:" + name);
        if (metadata.IsEmpty)
            set.Remove("f:metadata");
    }

    /// <summary>
    /// What an apply to this URL can change: the main URL not the status, <c>/status</c> nothing but the status.
    /// Returns a copy.
    /// </summary>
    public static JsonObject Applicable(JsonObject applied, KindDefinition kind, string? subresource)
    {
        var copy = (JsonObject)applied.DeepClone();
        (copy["metadata"] as JsonObject)?.Remove("managedFields");
        if (subresource == "status")
            return StatusOnly(copy);
        if (string.IsNullOrEmpty(subresource) && kind.HasStatus)
            copy.Remove("status");
        return copy;
    }

    private static JsonObject StatusOnly(JsonObject applied)
    {
        foreach (var name in applied.Select(p => p.Key).Where(k => k is not ("apiVersion" or "kind" or "metadata" or "status")).ToArray())
            applied.Remove(name);
        if (applied["metadata"] is JsonObject metadata)
            foreach (var name in metadata.Select(p => p.Key).Where(k => k is not ("name" or "namespace" or "uid" or "resourceVersion")).ToArray())
                metadata.Remove(name);
        return applied;
    }
}
