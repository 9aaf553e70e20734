using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>Writes schemas as OpenAPI v3.</summary>
internal static class SchemaWriter
{
    public static JsonObject Write(StructuralSchema schema, JsonObject? components) => Node(schema, components, []);

    private static JsonObject Node(StructuralSchema schema, JsonObject? components, HashSet<StructuralSchema> above)
    {
        if (components is not null && schema.ComponentName is { } name)
        {
            if (!components.ContainsKey(name))
            {
                // The placeholder stops recursion before the body is written.
                components[name] = new JsonObject();
                components[name] = Body(schema, components, above);
            }

            return new JsonObject { ["$ref"] = "#/components/schemas/" + name };
        }

        if (!above.Add(schema))
            return new JsonObject { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true };
        var body = Body(schema, components, above);
        above.Remove(schema);
        return body;
    }

    private static JsonObject Body(StructuralSchema schema, JsonObject? components, HashSet<StructuralSchema> above)
    {
        var node = new JsonObject();
        Scalars(schema, node);
        if (schema.Properties.Count > 0)
        {
            var properties = new JsonObject();
            foreach (var (name, child) in schema.Properties.OrderBy(p => p.Key, StringComparer.Ordinal))
                properties[name] = Property(child, components, above);
            node["properties"] = properties;
        }

        if (schema.AdditionalProperties is { } additional)
            node["additionalProperties"] = Node(additional, components, above);
        if (schema.Items is { } items)
            node["items"] = Node(items, components, above);
        foreach (var (key, list) in new[] { ("allOf", schema.AllOf), ("anyOf", schema.AnyOf), ("oneOf", schema.OneOf) })
            if (list.Count > 0)
                node[key] = new JsonArray([.. list.Select(s => (JsonNode)Node(s, components, above))]);
        if (schema.Not is { } not)
            node["not"] = Node(not, components, above);
        Extensions(schema, node);
        return node;
    }

    private static JsonObject Property(StructuralSchema child, JsonObject? components, HashSet<StructuralSchema> above)
    {
        var node = Node(child, components, above);
        // OpenAPI 3.0 ignores members beside $ref, so a description goes around it.
        return node.ContainsKey("$ref") && child.Description is { } text
            ? new JsonObject { ["description"] = text, ["allOf"] = new JsonArray(node), ["default"] = new JsonObject() }
            : node;
    }

    private static void Scalars(StructuralSchema schema, JsonObject node)
    {
        Put(node, "description", schema.Description);
        Put(node, "type", schema.Type);
        Put(node, "format", schema.Format);
        Put(node, "pattern", schema.Pattern);
        Put(node, "minLength", schema.MinLength);
        Put(node, "maxLength", schema.MaxLength);
        Put(node, "minItems", schema.MinItems);
        Put(node, "maxItems", schema.MaxItems);
        Put(node, "minProperties", schema.MinProperties);
        Put(node, "maxProperties", schema.MaxProperties);
        Put(node, "minimum", schema.Minimum);
        Put(node, "maximum", schema.Maximum);
        Put(node, "multipleOf", schema.MultipleOf);
        Put(node, "exclusiveMinimum", schema.ExclusiveMinimum);
        Put(node, "exclusiveMaximum", schema.ExclusiveMaximum);
        Put(node, "uniqueItems", schema.UniqueItems);
        Put(node, "nullable", schema.Nullable);
        if (schema.Default is not null)
            node["default"] = schema.Default.DeepClone();
        if (schema.Enum is not null)
            node["enum"] = new JsonArray([.. schema.Enum.Select(e => e?.DeepClone())]);
        if (schema.Required.Count > 0)
            node["required"] = new JsonArray([.. schema.Required.Select(r => (JsonNode)r)]);
    }

    private static void Extensions(StructuralSchema schema, JsonObject node)
    {
        Put(node, "x-kubernetes-preserve-unknown-fields", schema.PreserveUnknownFields);
        Put(node, "x-kubernetes-embedded-resource", schema.EmbeddedResource);
        Put(node, "x-kubernetes-int-or-string", schema.IntOrString);
        if (schema.AtomicMap)
            node["x-kubernetes-map-type"] = "atomic";
        if (schema.Type == "array")
            node["x-kubernetes-list-type"] = schema.ListType switch { ListType.Set => "set", ListType.Map => "map", _ => "atomic" };
        if (schema.ListMapKeys.Count > 0)
            node["x-kubernetes-list-map-keys"] = new JsonArray([.. schema.ListMapKeys.Select(k => (JsonNode)k)]);
        Put(node, "x-kubernetes-patch-merge-key", schema.PatchMergeKey);
        var strategy = (schema.PatchMerges, schema.PatchRetainsKeys) switch
        {
            (true, true) => "merge,retainKeys",
            (true, false) => "merge",
            (false, true) => "retainKeys",
            _ => null,
        };
        Put(node, "x-kubernetes-patch-strategy", strategy);
        if (schema.Rules.Count > 0)
            node["x-kubernetes-validations"] = new JsonArray([.. schema.Rules.Select(r => (JsonNode)Rule(r))]);
    }

    private static JsonObject Rule(ValidationRule rule)
    {
        var node = new JsonObject { ["rule"] = rule.Rule };
        Put(node, "message", rule.Message);
        Put(node, "messageExpression", rule.MessageExpression);
        if (rule.Reason != "FieldValueInvalid")
            node["reason"] = rule.Reason;
        Put(node, "fieldPath", rule.FieldPath);
        Put(node, "optionalOldSelf", rule.OptionalOldSelf);
        return node;
    }

    private static void Put(JsonObject node, string name, string? value)
    {
        if (value is not null)
            node[name] = value;
    }

    private static void Put(JsonObject node, string name, long? value)
    {
        if (value is not null)
            node[name] = value;
    }

    private static void Put(JsonObject node, string name, double? value)
    {
        if (value is null)
            return;
        node[name] = double.IsInteger(value.Value) && Math.Abs(value.Value) < 1e15 ? JsonValue.Create((long)value.Value) : JsonValue.Create(value.Value);
    }

    private static void Put(JsonObject node, string name, bool value)
    {
        if (value)
            node[name] = true;
    }
}
