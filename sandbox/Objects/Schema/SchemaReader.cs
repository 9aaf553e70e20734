using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>Reads the <c>openAPIV3Schema</c> of a CustomResourceDefinition.</summary>
internal static class SchemaReader
{
    public static StructuralSchema Read(JsonObject node)
    {
        var schema = new StructuralSchema
        {
            Type = node["type"].TextOrNull(),
            Format = node["format"].TextOrNull(),
            Description = node["description"].TextOrNull(),
            Nullable = Flag(node, "nullable"),
            Default = node["default"]?.DeepClone(),
            Required = Texts(node["required"]),
            Enum = (node["enum"] as JsonArray)?.Select(e => e?.DeepClone()).ToArray(),
            Pattern = node["pattern"].TextOrNull(),
            MinLength = node["minLength"].IntegerOrNull(),
            MaxLength = node["maxLength"].IntegerOrNull(),
            MinItems = node["minItems"].IntegerOrNull(),
            MaxItems = node["maxItems"].IntegerOrNull(),
            MinProperties = node["minProperties"].IntegerOrNull(),
            MaxProperties = node["maxProperties"].IntegerOrNull(),
            Minimum = node["minimum"].NumberOrNull(),
            Maximum = node["maximum"].NumberOrNull(),
            ExclusiveMinimum = Flag(node, "exclusiveMinimum"),
            ExclusiveMaximum = Flag(node, "exclusiveMaximum"),
            MultipleOf = node["multipleOf"].NumberOrNull(),
            UniqueItems = Flag(node, "uniqueItems"),
            PreserveUnknownFields = Flag(node, "x-kubernetes-preserve-unknown-fields"),
            EmbeddedResource = Flag(node, "x-kubernetes-embedded-resource"),
            IntOrString = Flag(node, "x-kubernetes-int-or-string"),
            AtomicMap = node["x-kubernetes-map-type"].TextOrNull() == "atomic",
            ListMapKeys = Texts(node["x-kubernetes-list-map-keys"]),
            ListType = node["x-kubernetes-list-type"].TextOrNull() switch
            {
                "set" => ListType.Set,
                "map" => ListType.Map,
                _ => ListType.Atomic,
            },
            Rules = Rules(node["x-kubernetes-validations"]),
        };
        ReadChildren(node, schema);
        schema.HasRulesBelow = schema.Rules.Count > 0 || schema.Items?.HasRulesBelow == true
            || schema.AdditionalProperties?.HasRulesBelow == true || schema.Properties.Values.Any(p => p.HasRulesBelow);
        return schema;
    }

    private static void ReadChildren(JsonObject node, StructuralSchema schema)
    {
        if (node["properties"] is JsonObject properties)
            schema.Properties = properties
                .Where(p => p.Value is JsonObject)
                .ToDictionary(p => p.Key, p => Read((JsonObject)p.Value!), StringComparer.Ordinal);
        schema.AdditionalProperties = node["additionalProperties"] switch
        {
            JsonObject child => Read(child),
            // "additionalProperties: true" allows anything below.
            JsonValue value when value.BoolOrNull() == true => new StructuralSchema { PreserveUnknownFields = true },
            _ => null,
        };
        schema.Items = node["items"] is JsonObject items ? Read(items) : null;
        schema.AllOf = Schemas(node["allOf"]);
        schema.AnyOf = Schemas(node["anyOf"]);
        schema.OneOf = Schemas(node["oneOf"]);
        schema.Not = node["not"] is JsonObject not ? Read(not) : null;
    }

    private static bool Flag(JsonObject node, string name) => node[name].BoolOrNull() == true;

    private static string[] Texts(JsonNode? node) =>
        node is JsonArray array ? [.. array.Select(e => e.TextOrNull()).OfType<string>()] : [];

    private static StructuralSchema[] Schemas(JsonNode? node) =>
        node is JsonArray array ? [.. array.OfType<JsonObject>().Select(Read)] : [];

    private static ValidationRule[] Rules(JsonNode? node) =>
        node is JsonArray array
            ? [.. array.OfType<JsonObject>().Select(r => new ValidationRule(
                r["rule"].TextOrNull() ?? "", r["message"].TextOrNull(), r["messageExpression"].TextOrNull(),
                r["reason"].TextOrNull() ?? "FieldValueInvalid", r["fieldPath"].TextOrNull(), Flag(r, "optionalOldSelf")))]
            : [];
}
