using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>Reads the kinds that a CustomResourceDefinition declares.</summary>
internal static class CrdKinds
{
    public static IReadOnlyList<KindDefinition> Read(JsonObject crd)
    {
        var spec = crd["spec"] as JsonObject ?? [];
        var names = spec["names"] as JsonObject ?? [];
        var versions = (spec["versions"] as JsonArray ?? []).OfType<JsonObject>();
        return [.. versions.Where(v => v["served"].BoolOrNull() == true).Select(v => Version(spec, names, v))];
    }

    private static KindDefinition Version(JsonObject spec, JsonObject names, JsonObject version)
    {
        var kind = names["kind"].TextOrNull() ?? "";
        var group = spec["group"].TextOrNull() ?? "";
        var versionName = version["name"].TextOrNull() ?? "";
        var subresources = version["subresources"] as JsonObject;
        var hasStatus = subresources?["status"] is JsonObject;
        return new KindDefinition
        {
            Group = group,
            Version = versionName,
            Kind = kind,
            ListKind = names["listKind"].TextOrNull() ?? kind + "List",
            Plural = names["plural"].TextOrNull() ?? "",
            Singular = names["singular"].TextOrNull() ?? kind.ToLowerInvariant(),
            ShortNames = Texts(names["shortNames"]),
            Categories = Texts(names["categories"]),
            Namespaced = spec["scope"].TextOrNull() == "Namespaced",
            Schema = WithObjectMembers((version["schema"] as JsonObject)?["openAPIV3Schema"] as JsonObject ?? []),
            HasStatus = hasStatus,
            Scale = Scale(subresources?["scale"] as JsonObject),
            PrinterColumns = Columns(version["additionalPrinterColumns"] as JsonArray),
            SelectableFields = [.. (version["selectableFields"] as JsonArray ?? []).OfType<JsonObject>()
                .Select(f => f["jsonPath"].TextOrNull()?.TrimStart('.')).OfType<string>()],
            IsCustom = true,
            IsStorageVersion = version["storage"].BoolOrNull() == true,
            GenerationRule = hasStatus ? GenerationRule.AllButMetadataAndStatus : GenerationRule.AllButMetadata,
            DeprecationWarning = version["deprecated"].BoolOrNull() == true
                ? version["deprecationWarning"].TextOrNull() ?? $"{group}/{versionName} {kind} is deprecated"
                : null,
        };
    }

    /// <summary>Every object has apiVersion, kind and metadata, whatever its schema says of them.</summary>
    private static StructuralSchema WithObjectMembers(JsonObject openApi)
    {
        var schema = StructuralSchema.Parse(openApi);
        var metadata = StructuralSchema.FromModelType(typeof(k8s.Models.V1ObjectMeta));
        var members = new Dictionary<string, StructuralSchema>(schema.Properties, StringComparer.Ordinal);
        members["apiVersion"] = new StructuralSchema { Type = "string", Description = "APIVersion defines the versioned schema of this representation of an object." };
        members["kind"] = new StructuralSchema { Type = "string", Description = "Kind is the REST resource that this object represents." };
        members["metadata"] = metadata;
        schema.Properties = members;
        schema.Type ??= "object";
        return schema;
    }

    private static ScalePaths? Scale(JsonObject? scale) => scale is null
        ? null
        : new ScalePaths(
            scale["specReplicasPath"].TextOrNull() ?? ".spec.replicas",
            scale["statusReplicasPath"].TextOrNull() ?? ".status.replicas",
            scale["labelSelectorPath"].TextOrNull());

    private static PrinterColumn[] Columns(JsonArray? columns) => columns is null ? [] :
        [.. columns.OfType<JsonObject>().Select(c => new PrinterColumn(
            c["name"].TextOrNull() ?? "", c["type"].TextOrNull() ?? "string", c["format"].TextOrNull() ?? "",
            c["description"].TextOrNull() ?? "", (int)(c["priority"].IntegerOrNull() ?? 0), c["jsonPath"].TextOrNull() ?? ""))];

    private static string[] Texts(JsonNode? node) =>
        node is JsonArray array ? [.. array.Select(e => e.TextOrNull()).OfType<string>()] : [];
}
