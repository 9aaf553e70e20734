using System.Text.Json.Nodes;
using Ops.Sandbox.Objects.Cel;

namespace Ops.Sandbox.Objects;

/// <summary>Checks that an openAPIV3Schema is structural, that its patterns and rules compile, and that its defaults fit.</summary>
internal static class CrdSchemaValidation
{
    private static readonly string[] Types = ["array", "boolean", "integer", "number", "object", "string"];

    // These say nothing about structure and are therefore allowed inside allOf, anyOf, oneOf and not.
    private static readonly string[] ForbiddenInJunctors =
    [
        "default", "additionalProperties", "nullable", "description", "x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource",
        "x-kubernetes-int-or-string", "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-map-type", "x-kubernetes-validations",
    ];

    public static void Root(JsonObject schema, string path, List<FieldCause> causes)
    {
        var before = causes.Count;
        var type = schema["type"].TextOrNull();
        if (string.IsNullOrEmpty(type))
            causes.Add(FieldCauses.Required(path + ".type", "must not be empty at the root"));
        else if (type != "object")
            causes.Add(FieldCauses.Invalid(path + ".type", schema["type"], "must be object at the root"));
        Node(schema, path, isRoot: true, causes);
        // Defaults and rules can only be checked against a schema that is sound.
        if (causes.Count > before)
            return;
        var structural = StructuralSchema.Parse(schema);
        CrdDefaultValidation.Validate(structural, path, causes);
        CrdRuleValidation.Validate(structural, path, causes);
    }

    private static void Node(JsonObject schema, string path, bool isRoot, List<FieldCause> causes)
    {
        Type(schema, path, isRoot, causes);
        Forbidden(schema, path, causes);
        Pattern(schema, path, causes);
        Lists(schema, path, causes);
        Rules(schema, path, causes);
        foreach (var (name, child) in schema["properties"] as JsonObject ?? [])
            if (child is JsonObject member)
                Node(member, $"{path}.properties[{name}]", isRoot: false, causes);
        if (schema["items"] is JsonObject items)
            Node(items, path + ".items", isRoot: false, causes);
        if (schema["additionalProperties"] is JsonObject additional)
            Node(additional, path + ".additionalProperties", isRoot: false, causes);
        Junctors(schema, path, causes);
    }

    private static void Type(JsonObject schema, string path, bool isRoot, List<FieldCause> causes)
    {
        var type = schema["type"].TextOrNull() ?? "";
        var isFree = schema["x-kubernetes-preserve-unknown-fields"].BoolOrNull() == true || schema["x-kubernetes-int-or-string"].BoolOrNull() == true;
        if (type.Length > 0 && !Types.Contains(type))
            causes.Add(FieldCauses.NotSupported(path + ".type", schema["type"], Types.Select(t => (JsonNode)t)));
        else if (type.Length == 0 && !isRoot && !isFree)
            causes.Add(FieldCauses.Required(path + ".type", "must not be empty for specified object fields"));
        if (type == "array" && schema["items"] is not JsonObject)
            causes.Add(FieldCauses.Required(path + ".items", "must be specified"));
        if (type is not ("object" or "") && (schema["properties"] is JsonObject { Count: > 0 } || schema["additionalProperties"] is not null))
            causes.Add(FieldCauses.Invalid(path + ".type", schema["type"], "must be object if properties or additionalProperties are specified"));
    }

    private static void Forbidden(JsonObject schema, string path, List<FieldCause> causes)
    {
        foreach (var name in new[] { "$ref", "definitions", "dependencies", "patternProperties", "additionalItems" })
            if (schema[name] is not null)
                causes.Add(FieldCauses.Forbidden($"{path}.{name}", $"{name} is not supported"));
        if (schema["uniqueItems"].BoolOrNull() == true)
            causes.Add(FieldCauses.Forbidden(path + ".uniqueItems", "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"));
        if (schema["additionalProperties"].BoolOrNull() == false)
            causes.Add(FieldCauses.Forbidden(path + ".additionalProperties", "additionalProperties cannot be set to false"));
        if (schema["properties"] is JsonObject { Count: > 0 } && schema["additionalProperties"] is not null)
            causes.Add(FieldCauses.Forbidden(path + ".additionalProperties", "additionalProperties and properties are mutual exclusive"));
        if (schema["x-kubernetes-preserve-unknown-fields"].BoolOrNull() == false)
            causes.Add(FieldCauses.Invalid(path + ".x-kubernetes-preserve-unknown-fields", "false", "must be true or undefined"));
    }

    private static void Pattern(JsonObject schema, string path, List<FieldCause> causes)
    {
        if (schema["pattern"].TextOrNull() is not { } pattern)
            return;
        try
        {
            Re2.Compile(pattern);
        }
        catch (ArgumentException e)
        {
            causes.Add(FieldCauses.Invalid(path + ".pattern", schema["pattern"], "must be a valid regular expression, but isn't: " + e.Message));
        }
    }

    private static void Lists(JsonObject schema, string path, List<FieldCause> causes)
    {
        var listType = schema["x-kubernetes-list-type"].TextOrNull();
        if (listType is not (null or "atomic" or "set" or "map"))
            causes.Add(FieldCauses.NotSupported(path + ".x-kubernetes-list-type", schema["x-kubernetes-list-type"], ["atomic", "map", "set"]));
        if (listType is not null && schema["type"].TextOrNull() != "array")
            causes.Add(FieldCauses.Invalid(path + ".type", schema["type"], "must be array if x-kubernetes-list-type is specified"));
        if (listType != "map")
            return;
        var keys = (schema["x-kubernetes-list-map-keys"] as JsonArray ?? []).Select(k => k.TextOrNull()).OfType<string>().ToList();
        if (keys.Count == 0)
            causes.Add(FieldCauses.Required(path + ".x-kubernetes-list-map-keys", "must not be empty if x-kubernetes-list-type is map"));
        var items = schema["items"] as JsonObject ?? [];
        var required = (items["required"] as JsonArray ?? []).Select(r => r.TextOrNull()).ToHashSet(StringComparer.Ordinal);
        for (var i = 0; i < keys.Count; i++)
            if ((items["properties"] as JsonObject)?[keys[i]] is not JsonObject key)
                causes.Add(FieldCauses.Invalid($"{path}.x-kubernetes-list-map-keys[{i}]", JsonValue.Create(keys[i]), "entries must all be names of item properties"));
            else if (key["default"] is null && !required.Contains(keys[i]))
                causes.Add(FieldCauses.Required($"{path}.items.properties[{keys[i]}].default",
                    "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"));
    }

    private static void Rules(JsonObject schema, string path, List<FieldCause> causes)
    {
        var rules = schema["x-kubernetes-validations"] as JsonArray ?? [];
        for (var i = 0; i < rules.Count; i++)
        {
            if (rules[i] is not JsonObject rule)
                continue;
            var at = $"{path}.x-kubernetes-validations[{i}]";
            if (rule["rule"].TextOrNull() is not { } expression || expression.Trim().Length == 0)
                causes.Add(FieldCauses.Required(at + ".rule", "rule is not specified"));
            else
                Compile(expression, at + ".rule", causes);
            if (rule["messageExpression"].TextOrNull() is { } message)
                Compile(message, at + ".messageExpression", causes);
            if (rule["reason"].TextOrNull() is not (null or "FieldValueInvalid" or "FieldValueForbidden" or "FieldValueRequired" or "FieldValueDuplicate"))
                causes.Add(FieldCauses.NotSupported(at + ".reason", rule["reason"], ["FieldValueRequired", "FieldValueInvalid", "FieldValueForbidden", "FieldValueDuplicate"]));
            if (rule["message"].TextOrNull() is { } text && text.Contains('\n'))
                causes.Add(FieldCauses.Invalid(at + ".message", rule["message"], "message must not contain line breaks"));
        }
    }

    private static void Compile(string expression, string path, List<FieldCause> causes)
    {
        try
        {
            CelProgram.Compile(expression);
        }
        catch (CelException e)
        {
            causes.Add(FieldCauses.Invalid(path, JsonValue.Create(expression), "compilation failed: " + e.Message));
        }
    }

    private static void Junctors(JsonObject schema, string path, List<FieldCause> causes)
    {
        foreach (var name in new[] { "allOf", "anyOf", "oneOf" })
        {
            var list = schema[name] as JsonArray ?? [];
            for (var i = 0; i < list.Count; i++)
                if (list[i] is JsonObject part)
                    Junctor(part, $"{path}.{name}[{i}]", causes);
        }

        if (schema["not"] is JsonObject not)
            Junctor(not, path + ".not", causes);
    }

    private static void Junctor(JsonObject schema, string path, List<FieldCause> causes)
    {
        foreach (var name in ForbiddenInJunctors)
            if (schema[name] is not null)
                causes.Add(FieldCauses.Forbidden($"{path}.{name}", "must be undefined to be structural"));
        Pattern(schema, path, causes);
        foreach (var (name, child) in schema["properties"] as JsonObject ?? [])
            if (child is JsonObject member)
                Junctor(member, $"{path}.properties[{name}]", causes);
        if (schema["items"] is JsonObject items)
            Junctor(items, path + ".items", causes);
        Junctors(schema, path, causes);
    }
}

/// <summary>Defaults must satisfy the schema that they are defaults of.</summary>
internal static class CrdDefaultValidation
{
    public static void Validate(StructuralSchema schema, string path, List<FieldCause> causes)
    {
        foreach (var (name, member) in schema.Properties)
            Node(member, $"{path}.properties[{name}]", causes);
    }

    private static void Node(StructuralSchema schema, string path, List<FieldCause> causes)
    {
        if (schema.Default is { } value)
        {
            var problems = new List<FieldCause>();
            SchemaValidation.Validate(value.DeepClone(), schema, problems);
            causes.AddRange(problems.Select(p => p with { Field = p.Field.Length == 0 ? path + ".default" : $"{path}.default.{p.Field}" }));
        }

        foreach (var (name, member) in schema.Properties)
            Node(member, $"{path}.properties[{name}]", causes);
        if (schema.Items is { } items)
            Node(items, path + ".items", causes);
        if (schema.AdditionalProperties is { } additional)
            Node(additional, path + ".additionalProperties", causes);
    }
}
