using System.Globalization;
using System.Text.Json.Nodes;

namespace Ops.Sandbox.Shop.Gate;

/// <summary>Lowers a pod's memory limits, and requests with them, to an amount in MiB.</summary>
internal static class MemoryCap
{
    /// <summary>The JSON patch (RFC 6902); null where nothing is above the amount.</summary>
    /// <param name="pod">A pod.</param>
    /// <param name="most">For example 256Mi.</param>
    public static JsonArray? Patch(JsonObject pod, string most)
    {
        if (MiB(most) is not { } cap)
            return null;
        var steps = new JsonArray();
        var containers = pod["spec"]?["containers"] as JsonArray ?? [];
        for (var place = 0; place < containers.Count; place++)
        {
            foreach (var field in (string[])["limits", "requests"])
            {
                if (MiB((string?)containers[place]?["resources"]?[field]?["memory"]) > cap)
                {
                    steps.Add(new JsonObject
                    {
                        ["op"] = "replace", ["path"] = string.Create(CultureInfo.InvariantCulture, $"/spec/containers/{place}/resources/{field}/memory"), ["value"] = most,
                    });
                }
            }
        }

        return steps.Count == 0 ? null : steps;
    }

    // The shop writes its memory in Mi only.
    private static long? MiB(string? amount) =>
        amount?.EndsWith("Mi", StringComparison.Ordinal) == true && long.TryParse(amount.AsSpan(0, amount.Length - 2), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;
}
