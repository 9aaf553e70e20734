using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>Validation by structural schema. Messages follow kube-openapi's validator.</summary>
internal static class SchemaValidation
{
    public static void Validate(JsonNode? obj, StructuralSchema schema, List<FieldCause> causes) =>
        Node(obj, schema, "", causes);

    private static void Node(JsonNode? node, StructuralSchema schema, string path, List<FieldCause> causes)
    {
        if (node is null)
        {
            if (!schema.Nullable && schema.Type is not null)
                causes.Add(FieldCauses.TypeInvalid(path, "null", schema.Type));
            return;
        }

        if (!HasType(node, schema, path, causes))
            return;
        switch (node)
        {
            case JsonObject obj:
                Members(obj, schema, path, causes);
                break;
            case JsonArray array:
                Elements(array, schema, path, causes);
                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                SchemaScalars.Text(value, schema, path, causes);
                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.Number:
                SchemaScalars.Number(value, schema, path, causes);
                break;
        }

        if (schema.Enum is { } allowed && !allowed.Any(e => JsonEquality.Same(e, node)))
            causes.Add(FieldCauses.NotSupported(path, node, allowed));
        Junctors(node, schema, path, causes);
    }

    private static bool HasType(JsonNode node, StructuralSchema schema, string path, List<FieldCause> causes)
    {
        var actual = TypeOf(node);
        if (schema.IntOrString)
        {
            if (actual is "string" or "integer" || (schema.Quantity && actual == "number"))
                return true;
            causes.Add(FieldCauses.TypeInvalid(path, actual, "integer,string"));
            return false;
        }

        if (schema.Type is not { } wanted || actual == wanted || (wanted == "number" && actual == "integer"))
            return true;
        causes.Add(FieldCauses.TypeInvalid(path, actual, wanted));
        return false;
    }

    /// <summary>JSON schema's name of the value's type; a number without fraction is an integer however it is written.</summary>
    public static string TypeOf(JsonNode? node) => node switch
    {
        null => "null",
        JsonObject => "object",
        JsonArray => "array",
        JsonValue value => value.GetValueKind() switch
        {
            JsonValueKind.String => "string",
            JsonValueKind.True or JsonValueKind.False => "boolean",
            JsonValueKind.Number => value.TryInteger(out _) || double.IsInteger(value.Number()) ? "integer" : "number",
            _ => "null",
        },
        _ => "null",
    };

    private static void Members(JsonObject obj, StructuralSchema schema, string path, List<FieldCause> causes)
    {
        foreach (var name in schema.Required)
            if (!obj.ContainsKey(name))
                causes.Add(FieldCauses.Required(Join(path, name)));
        if (schema.MaxProperties is { } most && obj.Count > most)
            causes.Add(FieldCauses.TooMany(path, obj.Count, most));
        if (schema.MinProperties is { } least && obj.Count < least)
            causes.Add(FieldCauses.Invalid(path, obj.Count.ToString(CultureInfo.InvariantCulture), $"{Body(path)} should have at least {least} properties"));
        foreach (var (name, value) in obj)
            if (schema.Properties.TryGetValue(name, out var member))
                Node(value, member, Join(path, name), causes);
            else if (schema.AdditionalProperties is { } additional)
                Node(value, additional, Join(path, name), causes);
        if (schema.EmbeddedResource)
            foreach (var name in new[] { "apiVersion", "kind" })
                if (string.IsNullOrEmpty(obj[name].TextOrNull()))
                    causes.Add(FieldCauses.Required(Join(path, name), "must not be empty"));
    }

    private static void Elements(JsonArray array, StructuralSchema schema, string path, List<FieldCause> causes)
    {
        if (schema.MaxItems is { } most && array.Count > most)
            causes.Add(FieldCauses.TooMany(path, array.Count, most));
        if (schema.MinItems is { } least && array.Count < least)
            causes.Add(FieldCauses.Invalid(path, array.Count.ToString(CultureInfo.InvariantCulture), $"{Body(path)} should have at least {least} items"));
        if (schema.Items is { } items)
            for (var i = 0; i < array.Count; i++)
                Node(array[i], items, $"{path}[{i}]", causes);
        if (schema.ListType != ListType.Atomic || schema.UniqueItems)
            Duplicates(array, schema, path, causes);
    }

    /// <summary>One pass with a set of identities, so that long lists stay linear.</summary>
    private static void Duplicates(JsonArray array, StructuralSchema schema, string path, List<FieldCause> causes)
    {
        var seen = new HashSet<string>(array.Count, StringComparer.Ordinal);
        for (var i = 0; i < array.Count; i++)
        {
            var identity = schema.ListType == ListType.Map ? ListMapKey.Text(array[i] as JsonObject, schema) : CanonicalJson.Text(array[i]);
            if (identity is not null && !seen.Add(identity))
                causes.Add(FieldCauses.Duplicate($"{path}[{i}]", identity));
        }
    }

    private static void Junctors(JsonNode node, StructuralSchema schema, string path, List<FieldCause> causes)
    {
        foreach (var all in schema.AllOf)
            Node(node, all, path, causes);
        if (schema.AnyOf.Count > 0 && !schema.AnyOf.Any(s => Holds(node, s)))
            causes.Add(FieldCauses.Invalid(path, "\"\"", $"\"{path}\" must validate at least one schema (anyOf)"));
        if (schema.OneOf.Count > 0 && schema.OneOf.Count(s => Holds(node, s)) != 1)
            causes.Add(FieldCauses.Invalid(path, "\"\"", $"\"{path}\" must validate one and only one schema (oneOf)"));
        if (schema.Not is { } not && Holds(node, not))
            causes.Add(FieldCauses.Invalid(path, "\"\"", $"\"{path}\" must not validate the schema (not)"));
    }

    private static bool Holds(JsonNode node, StructuralSchema schema)
    {
        var causes = new List<FieldCause>();
        Node(node, schema, "", causes);
        return causes.Count == 0;
    }

    internal static string Join(string path, string name)
    {
        // The real server writes keys of maps as metadata.labels[x] only in hand-written checks; the schema validator joins with dots.
        return path.Length == 0 ? name : path + "." + name;
    }

    internal static string Body(string path) => path + " in body";
}
