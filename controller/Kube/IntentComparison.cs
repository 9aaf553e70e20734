using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ops.Kube;

/// <summary>
/// Decides whether an apply would change anything, from the observed object alone: every field of the intent has the
/// wanted value and is ours, and we own no field that the intent lacks. What we own stands in metadata.managedFields:
/// {"f:spec":{"f:replicas":{},"f:containers":{"k:{\"name\":\"a\"}":{".":{},"f:image":{}}}}}, where f: is a field, k: an
/// item of a list by its keys, v: an item of a set by its value, "." the item itself, and {} a leaf.
/// Whatever is not understood counts as a difference: a needless request changes nothing, a missing one would.
/// </summary>
internal static class IntentComparison
{
    // These identify the object; they are in every intent and in nobody's managed fields.
    private static readonly HashSet<string> Identity = ["apiVersion", "kind"];
    private static readonly HashSet<string> MetadataIdentity = ["name", "namespace", "uid"];

    // The few structures that are replaced whole and yet get a default inside: an intent without it means the default.
    private static readonly Dictionary<string, (string Field, string Value)> DefaultedLeaves = new()
    {
        ["fieldRef"] = ("apiVersion", "v1"),
        ["resourceFieldRef"] = ("divisor", "0"),
    };

    /// <summary>True if applying the intent would leave the observed object as it is.</summary>
    public static bool InForce(JsonObject intent, JsonObject observed, JsonElement owned) =>
        owned.ValueKind == JsonValueKind.Object && Fields(intent, observed, owned, Identity);

    private static bool Fields(JsonObject intent, JsonObject observed, JsonElement owned, HashSet<string>? identity)
    {
        foreach (var member in owned.EnumerateObject())
        {
            if (member.Name != "." && !(member.Name.StartsWith("f:", StringComparison.Ordinal) && intent.ContainsKey(member.Name[2..])))
                return false;
        }

        foreach (var (name, wanted) in intent)
        {
            if (identity?.Contains(name) == true)
                continue;
            var inMetadata = identity == Identity && name == "metadata";
            if (inMetadata && wanted is JsonObject metadata && metadata.All(m => MetadataIdentity.Contains(m.Key)))
                continue;
            if (!owned.TryGetProperty("f:" + name, out var part)
                || !(Value(wanted, observed[name], part, inMetadata ? MetadataIdentity : null) || IsDefaultedLeaf(name, wanted, observed[name], part)))
                return false;
        }

        return true;
    }

    private static bool Value(JsonNode? wanted, JsonNode? observed, JsonElement owned, HashSet<string>? identity = null)
    {
        if (owned.ValueKind != JsonValueKind.Object)
            return false;
        if (IsLeaf(owned))
            return JsonNode.DeepEquals(wanted, observed);
        return (wanted, observed) switch
        {
            (JsonObject w, JsonObject o) => Fields(w, o, owned, identity),
            (JsonArray w, JsonArray o) => Items(w, o, owned),
            _ => false,
        };
    }

    // Order matters to the user even where the server merges by key, so our items must stand in the wanted order.
    private static bool Items(JsonArray wanted, JsonArray observed, JsonElement owned)
    {
        var members = owned.EnumerateObject().Where(m => m.Name != ".").ToList();
        if (members.Count != wanted.Count)
            return false;
        var position = -1;
        foreach (var item in wanted)
        {
            var match = members.FindIndex(m => IsItem(m.Name, item));
            if (match < 0)
                return false;
            var next = IndexOf(observed, members[match].Name, position + 1);
            if (next < 0 || !Value(item, observed[next], members[match].Value))
                return false;
            position = next;
        }

        return true;
    }

    private static int IndexOf(JsonArray observed, string member, int from)
    {
        for (var i = from; i < observed.Count; i++)
        {
            if (IsItem(member, observed[i], complete: true))
                return i;
        }

        return -1;
    }

    // A key may have been defaulted (the protocol of a port), so an intent may lack it where the observed item may not.
    private static bool IsItem(string member, JsonNode? item, bool complete = false)
    {
        if (member.StartsWith("v:", StringComparison.Ordinal))
            return JsonNode.DeepEquals(JsonNode.Parse(member[2..]), item);
        if (!member.StartsWith("k:", StringComparison.Ordinal) || item is not JsonObject fields || JsonNode.Parse(member[2..]) is not JsonObject keys)
            return false;
        return keys.All(k => fields.TryGetPropertyValue(k.Key, out var value) ? JsonNode.DeepEquals(k.Value, value) : !complete);
    }

    private static bool IsDefaultedLeaf(string name, JsonNode? wanted, JsonNode? observed, JsonElement owned)
    {
        if (!IsLeaf(owned) || wanted is not JsonObject fields || !DefaultedLeaves.TryGetValue(name, out var leaf) || fields.ContainsKey(leaf.Field))
            return false;
        var complete = fields.DeepClone().AsObject();
        complete[leaf.Field] = leaf.Value;
        return JsonNode.DeepEquals(complete, observed);
    }

    private static bool IsLeaf(JsonElement owned) => !owned.EnumerateObject().Any(m => m.Name != ".");
}
