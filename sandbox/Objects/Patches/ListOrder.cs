using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>The order of a list after a strategic merge (normalizeElementOrder of k8s.io/apimachinery).</summary>
internal static class ListOrder
{
    /// <summary>
    /// Elements that the patch names come in its order; the others keep the server's. Where both meet, the server's order
    /// decides; an element that the server did not have goes in front of those that only the server has.
    /// </summary>
    /// <param name="items">The merged elements, without parents.</param>
    /// <param name="patchOrder">The patch's list, or its $setElementOrder.</param>
    /// <param name="serverOrder">The list before the patch.</param>
    /// <param name="identity">What tells elements apart.</param>
    public static JsonArray Arrange(IEnumerable<JsonNode?> items, JsonArray patchOrder, JsonArray serverOrder, Func<JsonNode?, string?> identity)
    {
        var (byPatch, byServer) = (Ranks(patchOrder, identity), Ranks(serverOrder, identity));
        var known = items.ToLookup(i => byPatch.ContainsKey(identity(i) ?? ""));
        var patched = known[true].OrderBy(i => byPatch[identity(i) ?? ""]).ToList();
        var others = known[false].OrderBy(i => byServer.GetValueOrDefault(identity(i) ?? "", int.MaxValue)).ToList();
        var arranged = new JsonArray();
        var (next, other) = (0, 0);
        while (next < patched.Count || other < others.Count)
        {
            var takesOther = next == patched.Count || (other < others.Count && IsBefore(others[other], patched[next]));
            arranged.Add(takesOther ? others[other++] : patched[next++]);
        }

        return arranged;

        bool IsBefore(JsonNode? left, JsonNode? right) =>
            byServer.TryGetValue(identity(left) ?? "", out var l) && byServer.TryGetValue(identity(right) ?? "", out var r) && l < r;
    }

    private static Dictionary<string, int> Ranks(JsonArray list, Func<JsonNode?, string?> identity)
    {
        var ranks = new Dictionary<string, int>(list.Count, StringComparer.Ordinal);
        for (var i = 0; i < list.Count; i++)
            ranks.TryAdd(identity(list[i]) ?? "", i);
        return ranks;
    }
}
