using System.Collections;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using k8s.Models;
using Ops.Api.Schema;

namespace Ops.Operator.Crds;

/// <summary>Structural OpenAPI schemas from resource types: shape by reflection, limits by attributes, words by XML docs.</summary>
internal sealed class SchemaBuilder(XmlDocs docs)
{
    /// <summary>The schema of an object type.</summary>
    public JsonObject Object(Type type)
    {
        var properties = new JsonObject();
        var required = new JsonArray();
        foreach (var property in JsonProperties(type))
        {
            var name = JsonName(property);
            properties[name] = Property(property);
            if (property.IsDefined(typeof(RequiredAttribute)))
                required.Add((JsonNode)name);
        }

        var schema = new JsonObject { ["type"] = "object", ["properties"] = properties };
        if (required.Count > 0)
            schema["required"] = required;
        AddRules(schema, type);
        return Describe(schema, docs.Of(type));
    }

    private JsonObject Property(PropertyInfo property)
    {
        var schema = OfType(property.PropertyType, property);
        AddLimits(schema, property);
        AddDefault(schema, property);
        AddRules(schema, property);
        // The property's own words win over those of its type.
        return Describe(schema, docs.Of(property));
    }

    private JsonObject OfType(Type declared, PropertyInfo? property)
    {
        var type = Nullable.GetUnderlyingType(declared) ?? declared;
        if (Scalar(type) is { } scalar)
            return scalar;
        if (KnownSchemas.Of(type) is { } known)
            return known;
        if (type == typeof(JsonObject))
            return new() { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true };
        if (GenericArguments(type, typeof(IReadOnlyDictionary<,>)) is [_, var value])
            return new() { ["type"] = "object", ["additionalProperties"] = Item(value, property) };
        if (GenericArguments(type, typeof(IReadOnlyList<>)) is [var item])
            return new() { ["type"] = "array", ["items"] = Item(item, property) };
        if (type.IsClass && !typeof(IEnumerable).IsAssignableFrom(type))
            return Object(type);
        throw new NotSupportedException($"{type} in {property?.DeclaringType}.{property?.Name} has no schema");
    }

    private JsonObject Item(Type type, PropertyInfo? property)
    {
        var schema = OfType(type, property);
        if (property?.GetCustomAttribute<ItemsAttribute>() is { } limits)
        {
            if (limits.MaxLength > 0)
                schema["maxLength"] = limits.MaxLength;
            if (limits.Pattern is { } pattern)
                schema["pattern"] = pattern;
            if (!double.IsNaN(limits.Minimum))
                schema["minimum"] = limits.Minimum;
            if (!double.IsNaN(limits.Maximum))
                schema["maximum"] = limits.Maximum;
        }

        return schema;
    }

    private static JsonObject? Scalar(Type type) => Type.GetTypeCode(type) switch
    {
        TypeCode.String => new() { ["type"] = "string" },
        TypeCode.Boolean => new() { ["type"] = "boolean" },
        TypeCode.Int32 => new() { ["type"] = "integer", ["format"] = "int32" },
        TypeCode.Int64 => new() { ["type"] = "integer", ["format"] = "int64" },
        TypeCode.Double => new() { ["type"] = "number" },
        TypeCode.DateTime => new() { ["type"] = "string", ["format"] = "date-time" },
        _ => null,
    };

    private static void AddLimits(JsonObject schema, PropertyInfo property)
    {
        // One attribute for a minimum or maximum length serves strings, lists and dictionaries, as .NET's own does.
        var unit = (string?)schema["type"] switch { "array" => "Items", "object" => "Properties", _ => "Length" };
        if (property.GetCustomAttribute<MinLengthAttribute>() is { } min)
            schema["min" + unit] = min.Length;
        if (property.GetCustomAttribute<MaxLengthAttribute>() is { } max)
            schema["max" + unit] = max.Length;
        if (property.GetCustomAttribute<RegularExpressionAttribute>() is { } pattern)
            schema["pattern"] = pattern.Pattern;
        if (property.GetCustomAttribute<RangeAttribute>() is { } range)
            (schema["minimum"], schema["maximum"]) = (JsonSerializer.SerializeToNode(range.Minimum), JsonSerializer.SerializeToNode(range.Maximum));
        if (property.GetCustomAttribute<AllowedValuesAttribute>() is { } allowed)
            schema["enum"] = new JsonArray([.. allowed.Values.Select(value => JsonValue.Create((string)value!))]);
        if (property.GetCustomAttribute<ListMapKeysAttribute>() is { } keys)
        {
            schema["x-kubernetes-list-type"] = "map";
            schema["x-kubernetes-list-map-keys"] = new JsonArray([.. keys.Keys.Select(key => JsonValue.Create(key))]);
        }
    }

    private static void AddDefault(JsonObject schema, PropertyInfo property)
    {
        if (property.IsDefined(typeof(DefaultsFromFieldsAttribute)))
            schema["default"] = new JsonObject();
        if (property.GetCustomAttribute<DefaultValueAttribute>() is { } fallback)
            schema["default"] = JsonSerializer.SerializeToNode(fallback.Value);
    }

    /// <summary>Adds the CEL rules of a type or property.</summary>
    public static void AddRules(JsonObject schema, MemberInfo member)
    {
        var rules = new JsonArray();
        foreach (var attribute in member.GetCustomAttributes<CelRuleAttribute>(inherit: false))
        {
            var rule = new JsonObject { ["rule"] = attribute.Rule, ["message"] = attribute.Message };
            if (attribute.FieldPath is { } path)
                rule["fieldPath"] = path;
            rules.Add((JsonNode)rule);
        }

        if (rules.Count > 0)
            schema["x-kubernetes-validations"] = rules;
    }

    /// <summary>Puts words in front of a schema, in place of what it had.</summary>
    public static JsonObject Describe(JsonObject schema, string? text)
    {
        if (text is not null)
        {
            schema.Remove("description");
            schema.Insert(0, "description", text);
        }

        return schema;
    }

    private static IEnumerable<PropertyInfo> JsonProperties(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property =>
            !property.IsDefined(typeof(JsonIgnoreAttribute)) && property.GetIndexParameters().Length == 0);

    private static string JsonName(PropertyInfo property) =>
        property.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name ?? JsonNamingPolicy.CamelCase.ConvertName(property.Name);

    private static Type[]? GenericArguments(Type type, Type definition) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == definition ? type.GetGenericArguments() : null;
}
