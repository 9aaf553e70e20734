using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ops.Healing.Guarding;

/// <summary>
/// Rights over nodes and traffic that a content asks for. No repair adds one, wherever its content comes from: a workload
/// that has lost such a right is for a person.
/// </summary>
public static class Privilege
{
    /// <summary>Why the change is one that no repair may make, or null.</summary>
    /// <param name="before">The content before, or null for no object.</param>
    /// <param name="after">The content after.</param>
    public static string? Problem(JsonNode? before, JsonNode? after)
    {
        var added = Of(after);
        added.ExceptWith(Of(before));
        return added.Count == 0 ? null : $"It would add {string.Join(", ", added.Order(StringComparer.Ordinal).Take(5))}; no repair adds rights.";
    }

    private static HashSet<string> Of(JsonNode? content)
    {
        var rights = new HashSet<string>(StringComparer.Ordinal);
        Collect("", content, rights);
        return rights;
    }

    private static void Collect(string field, JsonNode? node, HashSet<string> rights)
    {
        switch (node)
        {
            case JsonObject obj:
                foreach (var (name, value) in obj)
                    Collect(name, value, rights);
                break;
            // Capabilities and addresses are lists of plain values; their name is that of the list.
            case JsonArray array:
                foreach (var item in array)
                    Collect(field, item, rights);
                break;
            case JsonValue value when Right(field, value) is { } right:
                rights.Add(right);
                break;
        }

        if (field == "hostPath" && node is JsonObject volume)
            rights.Add($"hostPath {volume["path"]}");
    }

    private static string? Right(string field, JsonValue value) => (field, value.GetValueKind()) switch
    {
        ("hostNetwork" or "hostPID" or "hostIPC" or "privileged" or "allowPrivilegeEscalation", JsonValueKind.True) => field,
        ("runAsUser" or "runAsGroup", JsonValueKind.Number) when value.ToString() == "0" => $"{field} 0",
        ("add" or "externalIPs" or "externalName", JsonValueKind.String) => $"{field} {value}",
        _ => null,
    };
}
