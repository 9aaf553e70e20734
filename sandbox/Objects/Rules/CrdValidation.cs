using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>Checks a CustomResourceDefinition beyond its own schema.</summary>
public static class CrdValidation
{
    /// <summary>Returns every problem; empty means valid and safe for <see cref="KindDefinition.FromCrd"/>.</summary>
    public static IReadOnlyList<FieldCause> Validate(JsonObject crd)
    {
        var causes = new List<FieldCause>();
        if (crd["spec"] is not JsonObject spec)
            return causes;
        Name(crd, spec, causes);
        NamesOf(spec["names"] as JsonObject ?? [], causes);
        var versions = spec["versions"] as JsonArray ?? [];
        Versions(versions, causes);
        for (var i = 0; i < versions.Count; i++)
            if (versions[i] is JsonObject version)
                Version(version, $"spec.versions[{i}]", causes);
        return causes;
    }

    private static void Name(JsonObject crd, JsonObject spec, List<FieldCause> causes)
    {
        var group = spec["group"].TextOrNull() ?? "";
        var wanted = $"{(spec["names"] as JsonObject)?["plural"].TextOrNull()}.{group}";
        var name = (crd["metadata"] as JsonObject)?["name"];
        if (name.TextOrNull() != wanted)
            causes.Add(FieldCauses.Invalid("metadata.name", name, "must be spec.names.plural+\".\"+spec.group"));
        if (group.Length > 0 && Names.NameProblem(group, NameRule.Subdomain) is { } problem)
            causes.Add(FieldCauses.Invalid("spec.group", spec["group"], problem));
        else if (group.Length > 0 && !group.Contains('.'))
            causes.Add(FieldCauses.Invalid("spec.group", spec["group"], "should be a domain with at least one dot"));
    }

    private static void NamesOf(JsonObject names, List<FieldCause> causes)
    {
        foreach (var member in new[] { "plural", "singular" })
            if (names[member].TextOrNull() is { Length: > 0 } name && Names.NameProblem(name, NameRule.Label1035) is { } problem)
                causes.Add(FieldCauses.Invalid("spec.names." + member, names[member], problem));
        foreach (var member in new[] { "kind", "listKind" })
            if (names[member].TextOrNull() is { Length: > 0 } name && Names.NameProblem(name.ToLowerInvariant(), NameRule.Label1035) is not null)
                causes.Add(FieldCauses.Invalid("spec.names." + member, names[member], "may have mixed case, but should otherwise match: " + Names.Label1035Message));
        if (names["kind"].TextOrNull() is { } kind && kind == names["listKind"].TextOrNull())
            causes.Add(FieldCauses.Invalid("spec.names.listKind", names["listKind"], "kind and listKind may not be the same"));
    }

    private static void Versions(JsonArray versions, List<FieldCause> causes)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < versions.Count; i++)
        {
            var name = (versions[i] as JsonObject)?["name"];
            if (name.TextOrNull() is not { } text)
                continue;
            if (Names.NameProblem(text, NameRule.Label1035) is { } problem)
                causes.Add(FieldCauses.Invalid($"spec.versions[{i}].name", name, problem));
            if (!seen.Add(text))
                causes.Add(FieldCauses.Invalid("spec.versions", versions, "must contain unique version names"));
        }

        if (versions.OfType<JsonObject>().Count(v => v["storage"].BoolOrNull() == true) != 1)
            causes.Add(FieldCauses.Invalid("spec.versions", "null", "must have exactly one version marked as storage version"));
    }

    private static void Version(JsonObject version, string path, List<FieldCause> causes)
    {
        if ((version["schema"] as JsonObject)?["openAPIV3Schema"] is not JsonObject schema)
            causes.Add(FieldCauses.Required(path + ".schema.openAPIV3Schema", "schemas are required"));
        else
            CrdSchemaValidation.Root(schema, path + ".schema.openAPIV3Schema", causes);
        if ((version["subresources"] as JsonObject)?["scale"] is JsonObject scale)
            Scale(scale, path + ".subresources.scale", causes);
        Columns(version["additionalPrinterColumns"] as JsonArray, path + ".additionalPrinterColumns", causes);
    }

    private static void Scale(JsonObject scale, string path, List<FieldCause> causes)
    {
        foreach (var (member, start) in new[] { ("specReplicasPath", ".spec."), ("statusReplicasPath", ".status.") })
            if (scale[member].TextOrNull() is { } json && !json.StartsWith(start, StringComparison.Ordinal))
                causes.Add(FieldCauses.Invalid($"{path}.{member}", scale[member], $"should be a json path under {start.TrimEnd('.')}"));
        if (scale["labelSelectorPath"].TextOrNull() is { Length: > 0 } selector
            && !selector.StartsWith(".status.", StringComparison.Ordinal) && !selector.StartsWith(".spec.", StringComparison.Ordinal))
            causes.Add(FieldCauses.Invalid($"{path}.labelSelectorPath", scale["labelSelectorPath"], "should be a json path under either .spec or .status"));
    }

    private static void Columns(JsonArray? columns, string path, List<FieldCause> causes)
    {
        string[] types = ["boolean", "date", "integer", "number", "string"];
        for (var i = 0; i < (columns?.Count ?? 0); i++)
        {
            if (columns![i] is not JsonObject column)
                continue;
            if (column["type"].TextOrNull() is { } type && !types.Contains(type))
                causes.Add(FieldCauses.Invalid($"{path}[{i}].type", column["type"], $"must be one of {string.Join(",", types)}"));
            if (column["jsonPath"].TextOrNull() is { } json && !json.StartsWith('.'))
                causes.Add(FieldCauses.Invalid($"{path}[{i}].jsonPath", column["jsonPath"], "must be a simple json path starting with ."));
        }
    }
}
