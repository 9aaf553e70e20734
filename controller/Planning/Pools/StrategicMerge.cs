using System.Text.Json.Nodes;

namespace Ops.Planning.Pools;

/// <summary>
/// Kubernetes' strategic merge for pod templates: objects merge, null removes, lists with a merge key merge item by
/// item, other lists are replaced. <c>$patch: delete</c> and <c>$patch: replace</c> work as kubectl's patches do.
/// </summary>
internal static class StrategicMerge
{
    private const string Directive = "$patch";

    // Lists of a pod template that merge by key (patchMergeKey in the API types); every other list is atomic.
    private static readonly Dictionary<string, string> MergeKeys = new(StringComparer.Ordinal)
    {
        ["containers"] = "name",
        ["initContainers"] = "name",
        ["ephemeralContainers"] = "name",
        ["volumes"] = "name",
        ["imagePullSecrets"] = "name",
        ["env"] = "name",
        ["volumeMounts"] = "mountPath",
        ["volumeDevices"] = "devicePath",
        ["ports"] = "containerPort",
        ["hostAliases"] = "ip",
        ["topologySpreadConstraints"] = "topologyKey",
        ["resourceClaims"] = "name",
    };

    /// <summary>The base with the overlay laid over it; neither argument changes.</summary>
    public static JsonObject Apply(JsonObject origin, JsonObject overlay)
    {
        if ((string?)overlay[Directive] == "replace")
            return Clean(overlay);

        var result = origin.DeepClone().AsObject();
        foreach (var (name, value) in overlay)
        {
            // $setElementOrder, $deleteFromPrimitiveList and the like are a client's bookkeeping.
            if (name.StartsWith('$'))
                continue;
            if (value is null)
                result.Remove(name);
            else
                result[name] = Merge(name, result[name], value);
        }

        return result;
    }

    private static JsonNode? Merge(string name, JsonNode? origin, JsonNode overlay) => overlay switch
    {
        JsonObject patch => Apply(origin as JsonObject ?? [], patch),
        JsonArray items when MergeKeys.TryGetValue(name, out var key) && items.All(item => item is JsonObject) =>
            MergeByKey(origin as JsonArray ?? [], items, key),
        _ => overlay.DeepClone(),
    };

    private static JsonArray MergeByKey(JsonArray origin, JsonArray overlay, string key)
    {
        var result = overlay.Any(item => item is JsonObject { Count: 1 } only && (string?)only[Directive] == "replace")
            ? []
            : origin.DeepClone().AsArray();
        foreach (var item in overlay.OfType<JsonObject>())
        {
            var index = IndexOf(result, key, item[key]);
            if ((string?)item[Directive] == "delete")
            {
                if (index >= 0)
                    result.RemoveAt(index);
            }
            else if (index >= 0)
                result[index] = Apply(result[index]!.AsObject(), item);
            else if (item[key] is not null)
                result.Add((JsonNode)Clean(item));
        }

        return result;
    }

    private static int IndexOf(JsonArray items, string key, JsonNode? value)
    {
        for (var i = 0; i < items.Count; i++)
        {
            if (items[i] is JsonObject item && value is not null && JsonNode.DeepEquals(item[key], value))
                return i;
        }

        return -1;
    }

    // A new part is merged over nothing, which takes nulls and directives out of it at every depth.
    private static JsonObject Clean(JsonObject part)
    {
        var copy = part.DeepClone().AsObject();
        copy.Remove(Directive);
        return Apply([], copy);
    }
}
