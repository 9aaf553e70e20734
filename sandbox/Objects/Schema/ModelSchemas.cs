using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using k8s.Models;

namespace Ops.Sandbox.Objects;

/// <summary>
/// Schemas of built-in kinds, by reflection over the model types of the Kubernetes client library. What reflection cannot
/// see (which text members are required, merge keys, list types, enums) comes from <see cref="ModelFacts"/>.
/// Each type is reflected once; nothing is reflected while serving.
/// </summary>
internal static partial class ModelSchemas
{
    private static readonly Dictionary<Type, StructuralSchema> Known = [];
    private static readonly Lock Gate = new();

    public static StructuralSchema Of(Type model)
    {
        lock (Gate)
            return ObjectOf(model);
    }

    private static StructuralSchema ObjectOf(Type model)
    {
        if (Known.TryGetValue(model, out var known))
            return known;
        var facts = ModelFacts.Of(model.Name);
        var schema = new StructuralSchema
        {
            Type = "object",
            ComponentName = ComponentNameOf(model.Name),
            AtomicMap = facts.AtomicObject,
            GoType = GoNameOf(model.Name),
        };
        // Registered before its members are read: JSONSchemaProps refers to itself.
        Known[model] = schema;
        var members = new Dictionary<string, StructuralSchema>(StringComparer.Ordinal);
        var required = new List<string>(facts.Required);
        foreach (var property in model.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (property.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name is not { } name)
                continue;
            members[name] = WithDefault(MemberOf(property.PropertyType, model.Name + "." + name), model.Name + "." + name);
            // A value type that cannot be null is a required number or flag.
            if (property.PropertyType.IsValueType && Nullable.GetUnderlyingType(property.PropertyType) is null && !required.Contains(name))
                required.Add(name);
        }

        schema.Properties = members;
        schema.Required = required;
        return schema;
    }

    private static StructuralSchema WithDefault(StructuralSchema schema, string path)
    {
        if (!ModelDefaults.Of.TryGetValue(path, out var json))
            return schema;
        // A shared object schema must not carry the default of one of its users.
        var own = schema.ComponentName is null ? schema : schema.Copy();
        own.Default = JsonNode.Parse(json);
        return own;
    }

    /// <param name="type">The .NET type of the member.</param>
    /// <param name="path">Such as <c>V1PodSpec.containers</c>, the key into the facts.</param>
    private static StructuralSchema MemberOf(Type type, string path)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        if (plain.IsGenericType && plain.GetGenericTypeDefinition() == typeof(IDictionary<,>))
            return new StructuralSchema
            {
                Type = "object",
                AdditionalProperties = MemberOf(plain.GetGenericArguments()[1], path + ".*"),
                AtomicMap = ModelFacts.AtomicMaps.Contains(path),
                GoType = "map",
            };
        if (plain.IsGenericType && plain.GetGenericTypeDefinition() == typeof(IList<>))
            return ArrayOf(plain.GetGenericArguments()[0], path);
        if (Scalar(plain, path) is { } scalar)
            return scalar;
        var shared = ObjectOf(plain);
        // deployment.spec.strategy keeps only the keys that the patch names; the type is used nowhere else.
        if (ModelFacts.RetainKeys.Contains(path))
            shared.PatchRetainsKeys = true;
        return shared;
    }

    private static StructuralSchema ArrayOf(Type element, string path)
    {
        var list = ModelFacts.ListOf(path, element);
        return new StructuralSchema
        {
            Type = "array",
            Items = MemberOf(element, path + "[]"),
            ListType = list.Type,
            ListMapKeys = list.Keys,
            PatchMergeKey = list.PatchMergeKey,
            PatchMerges = list.PatchMerges,
            PatchRetainsKeys = ModelFacts.RetainKeys.Contains(path),
            GoType = "slice",
        };
    }

    private static StructuralSchema? Scalar(Type type, string path)
    {
        if (type == typeof(string))
            return new StructuralSchema
            {
                Type = "string",
                GoType = "string",
                Enum = ModelFacts.Enums.TryGetValue(path, out var values) ? [.. values.Select(v => (JsonNode)v)] : null,
            };
        if (type == typeof(int))
            return new StructuralSchema { Type = "integer", Format = "int32", GoType = "int32" };
        if (type == typeof(long))
            return new StructuralSchema { Type = "integer", Format = "int64", GoType = "int64" };
        if (type == typeof(double))
            return new StructuralSchema { Type = "number", Format = "double", GoType = "float64" };
        if (type == typeof(bool))
            return new StructuralSchema { Type = "boolean", GoType = "bool" };
        if (type == typeof(byte[]))
            return new StructuralSchema { Type = "string", Format = "byte", GoType = "[]uint8" };
        if (type == typeof(DateTime))
            return new StructuralSchema
            {
                Type = "string",
                Format = ModelFacts.MicroTimes.Contains(path) ? "date-time-micro" : "date-time",
                GoType = ModelFacts.MicroTimes.Contains(path) ? "v1.MicroTime" : "v1.Time",
            };
        if (type == typeof(IntOrString))
            return new StructuralSchema { IntOrString = true, Format = "int-or-string", GoType = "intstr.IntOrString" };
        if (type == typeof(ResourceQuantity))
            return new StructuralSchema { Quantity = true, IntOrString = true, GoType = "resource.Quantity" };
        if (type == typeof(object))
            return new StructuralSchema { PreserveUnknownFields = true, Nullable = true, GoType = "interface" };
        return null;
    }

    /// <summary>V1PodSpec becomes io.k8s.api.v1.PodSpec; Corev1EndpointPort becomes io.k8s.api.core.v1.EndpointPort.</summary>
    private static string ComponentNameOf(string typeName)
    {
        var match = ModelName().Match(typeName);
        if (!match.Success)
            return "io.k8s.api." + typeName;
        var prefix = match.Groups["group"].Value.ToLowerInvariant();
        return "io.k8s.api." + (prefix.Length > 0 ? prefix + "." : "") + match.Groups["version"].Value.ToLowerInvariant() + "." + match.Groups["name"].Value;
    }

    private static string GoNameOf(string typeName)
    {
        var match = ModelName().Match(typeName);
        return match.Success ? match.Groups["name"].Value : typeName;
    }

    [GeneratedRegex("^(?<group>[A-Z][a-z]+)?(?<version>[Vv][0-9]+((alpha|beta)[0-9]+)?)(?<name>[A-Z].*)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ModelName();
}
