using System.Reflection;
using System.Text.Json.Nodes;
using k8s.Models;
using Ops.Api;
using Ops.Api.Schema;

namespace Ops.Operator.Crds;

/// <summary>CustomResourceDefinitions from the types of Ops.Api.</summary>
internal static class CrdGenerator
{
    /// <summary>The kinds that have a definition.</summary>
    public static IReadOnlyList<Type> Kinds { get; } = 
    [
        typeof(ModelPool), typeof(ModelRoute), typeof(Incident), typeof(EnergyBudget),
        typeof(ShardedStore), typeof(HealingPolicy), typeof(Remediation), typeof(Approver),
    ];

    /// <summary>File name and YAML text of every definition.</summary>
    public static IEnumerable<(string FileName, string Yaml)> Files()
    {
        var docs = XmlDocs.For(typeof(ModelPool).Assembly);
        return Kinds.Select(kind => (
            kind.GetCustomAttribute<KubernetesEntityAttribute>()!.PluralName + ".yaml",
            "# Generated from the types in controller/Api; `Ops.Operator crds --out manifests/crds` writes it anew.\n"
                + Yaml.Write(Definition(kind, docs))));
    }

    /// <summary>One definition.</summary>
    public static JsonObject Definition(Type kind, XmlDocs docs)
    {
        var entity = kind.GetCustomAttribute<KubernetesEntityAttribute>()!;
        return new()
        {
            ["apiVersion"] = "apiextensions.k8s.io/v1",
            ["kind"] = "CustomResourceDefinition",
            ["metadata"] = new JsonObject { ["name"] = $"{entity.PluralName}.{entity.Group}" },
            ["spec"] = new JsonObject
            {
                ["group"] = entity.Group,
                ["names"] = Names(kind, entity),
                ["scope"] = kind.IsDefined(typeof(ClusterScopedAttribute)) ? "Cluster" : "Namespaced",
                ["versions"] = new JsonArray(new JsonObject
                {
                    ["name"] = entity.ApiVersion,
                    ["served"] = true,
                    ["storage"] = true,
                    ["additionalPrinterColumns"] = new JsonArray([.. kind.GetCustomAttributes<PrinterColumnAttribute>().Select(Column)]),
                    ["schema"] = new JsonObject { ["openAPIV3Schema"] = Root(kind, docs) },
                    ["subresources"] = Subresources(kind),
                }),
            },
        };
    }

    private static JsonObject Names(Type kind, KubernetesEntityAttribute entity)
    {
        var names = kind.GetCustomAttribute<KubectlNamesAttribute>();
        return new()
        {
            ["kind"] = entity.Kind,
            ["listKind"] = entity.Kind + "List",
            ["plural"] = entity.PluralName,
            ["singular"] = entity.Kind.ToLowerInvariant(),
            ["shortNames"] = Texts(names?.ShortNames ?? []),
            ["categories"] = Texts(names?.Categories ?? []),
        };
    }

    private static JsonNode Column(PrinterColumnAttribute column)
    {
        var result = new JsonObject { ["name"] = column.Name, ["type"] = column.Type, ["jsonPath"] = column.JsonPath };
        if (column.Description is { } description)
            result["description"] = description;
        if (column.Priority > 0)
            result["priority"] = column.Priority;
        return result;
    }

    private static JsonObject Root(Type kind, XmlDocs docs)
    {
        var builder = new SchemaBuilder(docs);
        var root = new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject
            {
                ["apiVersion"] = new JsonObject { ["description"] = "Group and version of this representation.", ["type"] = "string" },
                ["kind"] = new JsonObject { ["description"] = "The kind of this object.", ["type"] = "string" },
                // The API server brings the schema of metadata itself.
                ["metadata"] = new JsonObject { ["type"] = "object" },
                ["spec"] = builder.Object(kind.GetProperty("Spec")!.PropertyType),
                ["status"] = builder.Object(kind.GetProperty("Status")!.PropertyType),
            },
            ["required"] = Texts(["spec"]),
        };
        SchemaBuilder.AddRules(root, kind);
        return SchemaBuilder.Describe(root, docs.Of(kind));
    }

    private static JsonObject Subresources(Type kind)
    {
        var result = new JsonObject { ["status"] = new JsonObject() };
        if (kind.GetCustomAttribute<ScaleSubresourceAttribute>() is { } scale)
        {
            result["scale"] = new JsonObject
            {
                ["specReplicasPath"] = scale.SpecReplicas,
                ["statusReplicasPath"] = scale.StatusReplicas,
                ["labelSelectorPath"] = scale.LabelSelector,
            };
        }

        return result;
    }

    private static JsonArray Texts(IEnumerable<string> values) => new([.. values.Select(value => JsonValue.Create(value))]);
}
