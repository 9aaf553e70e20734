using System.Globalization;
using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>What limit ranges leave out is filled in, and what contradicts itself is refused.</summary>
internal static class LimitRangeRules
{
    /// <summary>A container's default limit is its maximum; its default request is its default limit, else its minimum.</summary>
    public static void Default(JsonObject spec)
    {
        foreach (var item in (spec["limits"] as JsonArray ?? []).OfType<JsonObject>().Where(item => item["type"].TextOrNull() == "Container"))
        {
            Fill(item, "default", "max");
            Fill(item, "defaultRequest", "default");
            Fill(item, "defaultRequest", "min");
        }
    }

    /// <summary>Adds the causes for which a spec is refused.</summary>
    public static void Validate(JsonObject spec, List<FieldCause> causes)
    {
        var types = new HashSet<string>(StringComparer.Ordinal);
        var items = spec["limits"] as JsonArray ?? [];
        for (var i = 0; i < items.Count; i++)
        {
            if (items[i] is not JsonObject item)
                continue;
            var path = $"spec.limits[{i}]";
            var type = item["type"].TextOrNull() ?? "";
            if (!types.Add(type))
                causes.Add(FieldCauses.Duplicate($"{path}.type", FieldCauses.Text(item["type"])));
            foreach (var field in type == "Pod" ? (string[])["default", "defaultRequest"] : [])
                if (item[field] is JsonObject { Count: > 0 })
                    causes.Add(FieldCauses.Forbidden($"{path}.{field}", "may not be specified when `type` is 'Pod'"));
            if (type == "PersistentVolumeClaim" && item["min"]?["storage"] is null && item["max"]?["storage"] is null)
                causes.Add(FieldCauses.Required($"{path}.limits", "either minimum or maximum storage value is required, but neither was provided"));
            Compare(item, path, causes);
        }
    }

    private static void Compare(JsonObject item, string path, List<FieldCause> causes)
    {
        var (min, max, limit, request) = (Read("min"), Read("max"), Read("default"), Read("defaultRequest"));
        foreach (var name in min.Keys.Concat(max.Keys).Concat(limit.Keys).Concat(request.Keys).Distinct().Order(StringComparer.Ordinal))
        {
            Above(min, max, "min", "min", "min value {0} is greater than max value {1}");
            Above(min, request, "defaultRequest", "defaultRequest", "min value {0} is greater than default request value {1}");
            Above(request, max, "defaultRequest", "defaultRequest", "default request value {0} is greater than max value {1}");
            Above(request, limit, "defaultRequest", "defaultRequest", "default request value {0} is greater than default limit value {1}");
            Above(min, limit, "default", "min", "min value {0} is greater than default value {1}");
            Above(limit, max, "default", "max", "default value {0} is greater than max value {1}");

            void Above(ResourceAmounts lower, ResourceAmounts upper, string field, string shown, string sentence)
            {
                if (lower.TryGetValue(name, out var less) && upper.TryGetValue(name, out var more) && less.ToDecimal() > more.ToDecimal())
                    causes.Add(FieldCauses.Invalid($"{path}.{field}[{name}]", item[shown]?[name], string.Format(CultureInfo.InvariantCulture, sentence, less, more)));
            }
        }

        var ratios = Read("maxLimitRequestRatio");
        foreach (var (name, ratio) in ratios)
            if (ratio.ToDecimal() < 1)
                causes.Add(FieldCauses.Invalid($"{path}.maxLimitRequestRatio[{name}]", item["maxLimitRequestRatio"]?[name], $"ratio {ratio} is less than 1"));

        ResourceAmounts Read(string field) => ResourceAmounts.Read(item[field] as JsonObject);
    }

    private static void Fill(JsonObject item, string field, string from)
    {
        foreach (var (name, amount) in item[from] as JsonObject ?? [])
        {
            if (item[field] is not JsonObject amounts)
                item[field] = amounts = [];
            amounts.TryAdd(name, amount?.DeepClone());
        }
    }
}
