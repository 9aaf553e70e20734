using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>LabelSelector objects (<c>matchLabels</c>, <c>matchExpressions</c>).</summary>
public static class LabelSelectors
{
    /// <summary>True when the labels satisfy every requirement. An empty selector matches everything.</summary>
    public static bool Matches(JsonObject selector, JsonObject labels)
    {
        foreach (var (key, value) in selector["matchLabels"] as JsonObject ?? [])
            if (labels[key].TextOrNull() is not { } actual || actual != value.TextOrNull())
                return false;
        foreach (var requirement in (selector["matchExpressions"] as JsonArray ?? []).OfType<JsonObject>())
            if (!Holds(requirement, labels))
                return false;
        return true;
    }

    private static bool Holds(JsonObject requirement, JsonObject labels)
    {
        var value = labels[requirement["key"].TextOrNull() ?? ""].TextOrNull();
        var values = (requirement["values"] as JsonArray ?? []).Select(v => v.TextOrNull());
        return requirement["operator"].TextOrNull() switch
        {
            "In" => value is not null && values.Contains(value),
            "NotIn" => value is null || !values.Contains(value),
            "Exists" => value is not null,
            "DoesNotExist" => value is null,
            _ => false,
        };
    }
}
