using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>
/// Everything the sandbox needs to know about one kind in one version. Built-in kinds and kinds from a
/// CustomResourceDefinition are described by the same type, so that they run through the same code.
/// </summary>
public sealed record KindDefinition
{
    /// <summary>API group; the empty string is the core group.</summary>
    public required string Group { get; init; }

    /// <summary>API version, such as <c>v1</c>.</summary>
    public required string Version { get; init; }

    /// <summary>Kind, such as <c>Deployment</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Kind of a list, such as <c>DeploymentList</c>.</summary>
    public required string ListKind { get; init; }

    /// <summary>Resource name in URLs, such as <c>deployments</c>.</summary>
    public required string Plural { get; init; }

    /// <summary>Singular resource name, such as <c>deployment</c>.</summary>
    public required string Singular { get; init; }

    /// <summary>Names that kubectl accepts beside the plural and the singular. Default: none.</summary>
    public IReadOnlyList<string> ShortNames { get; init; } = [];

    /// <summary>Categories such as <c>all</c>. Default: none.</summary>
    public IReadOnlyList<string> Categories { get; init; } = [];

    /// <summary>True where objects live in a namespace.</summary>
    public required bool Namespaced { get; init; }

    /// <summary>Schema of the whole object, metadata included.</summary>
    public required StructuralSchema Schema { get; init; }

    /// <summary>True where <c>/status</c> exists.</summary>
    public bool HasStatus { get; init; }

    /// <summary>Paths of the scale subresource; null where there is none.</summary>
    public ScalePaths? Scale { get; init; }

    /// <summary>Columns of a custom kind. Built-in kinds leave it empty: their tables are computed by the server.</summary>
    public IReadOnlyList<PrinterColumn> PrinterColumns { get; init; } = [];

    /// <summary>Dotted paths without a leading dot that a field selector may name, beside metadata.name and metadata.namespace.</summary>
    public IReadOnlyList<string> SelectableFields { get; init; } = [];

    /// <summary>True for kinds from a CustomResourceDefinition.</summary>
    public bool IsCustom { get; init; }

    /// <summary>Which changes raise <c>metadata.generation</c>. Default: none; such kinds carry no generation at all.</summary>
    public GenerationRule GenerationRule { get; init; } = GenerationRule.None;

    /// <summary>The form of <c>metadata.name</c>. Default: a DNS subdomain, as for custom kinds.</summary>
    public NameRule NameRule { get; init; } = NameRule.Subdomain;

    /// <summary>True for the version that objects are stored in. Always true for built-in kinds.</summary>
    public bool IsStorageVersion { get; init; } = true;

    /// <summary>Text for the <c>Warning</c> header when the version is deprecated; null when it is not.</summary>
    public string? DeprecationWarning { get; init; }

    /// <summary><c>v1</c> or <c>group/version</c>.</summary>
    public string ApiVersion => Group.Length == 0 ? Version : Group + "/" + Version;

    /// <summary><c>plural</c> or <c>plural.group</c>, as error messages write it.</summary>
    public string QualifiedResource => Group.Length == 0 ? Plural : Plural + "." + Group;

    /// <summary>
    /// The kinds of a CustomResourceDefinition, one per served version in the order of the definition.
    /// The definition must have passed <see cref="CrdValidation"/>.
    /// </summary>
    public static IReadOnlyList<KindDefinition> FromCrd(JsonObject crd) => CrdKinds.Read(crd);

    /// <inheritdoc/>
    public override string ToString() => $"{ApiVersion} {Kind}";
}

/// <summary>Where the scale subresource reads and writes: dotted paths with a leading dot.</summary>
/// <param name="SpecReplicasPath">Such as <c>.spec.replicas</c>.</param>
/// <param name="StatusReplicasPath">Such as <c>.status.replicas</c>.</param>
/// <param name="LabelSelectorPath">
/// For custom kinds the path of a selector in text form. For built-in kinds <c>.spec.selector</c>, a LabelSelector object
/// that the server turns into text. Null where the kind declares none.
/// </param>
public sealed record ScalePaths(string SpecReplicasPath, string StatusReplicasPath, string? LabelSelectorPath);

/// <summary>One additionalPrinterColumn of a CustomResourceDefinition.</summary>
/// <param name="Name">Heading.</param>
/// <param name="Type">integer, number, string, boolean or date.</param>
/// <param name="Format">OpenAPI format or the empty string.</param>
/// <param name="Description">Text or the empty string.</param>
/// <param name="Priority">0 is always shown, above 0 only by <c>-o wide</c>.</param>
/// <param name="JsonPath">JSONPath without braces, such as <c>.spec.replicas</c>.</param>
public sealed record PrinterColumn(string Name, string Type, string Format, string Description, int Priority, string JsonPath);

/// <summary>Which part of an object, when changed, raises its generation.</summary>
public enum GenerationRule
{
    /// <summary>The kind has no generation.</summary>
    None,

    /// <summary>A change of <c>spec</c>.</summary>
    Spec,

    /// <summary>A change of <c>spec</c> or of the annotations (Deployment).</summary>
    SpecAndAnnotations,

    /// <summary>Any change outside metadata and status (custom kinds).</summary>
    AllButMetadataAndStatus,

    /// <summary>Any change outside metadata (EndpointSlice, webhook configurations, custom kinds without a status subresource).</summary>
    AllButMetadata,
}

/// <summary>Decides whether a write raises the generation.</summary>
public static class GenerationRules
{
    /// <summary>True when <paramref name="updated"/> differs from <paramref name="live"/> in what the rule looks at.</summary>
    public static bool RaisesGeneration(this GenerationRule rule, JsonObject live, JsonObject updated) => rule switch
    {
        GenerationRule.None => false,
        GenerationRule.Spec => !Same(live["spec"], updated["spec"]),
        GenerationRule.SpecAndAnnotations => !Same(live["spec"], updated["spec"])
            || !Same((live["metadata"] as JsonObject)?["annotations"], (updated["metadata"] as JsonObject)?["annotations"]),
        GenerationRule.AllButMetadataAndStatus => AnyOther(live, updated, skipStatus: true),
        GenerationRule.AllButMetadata => AnyOther(live, updated, skipStatus: false),
        _ => throw new ArgumentOutOfRangeException(nameof(rule)),
    };

    private static bool AnyOther(JsonObject live, JsonObject updated, bool skipStatus)
    {
        bool Skips(string key) => key is "metadata" or "apiVersion" or "kind" || (skipStatus && key == "status");
        foreach (var (key, value) in updated)
            if (!Skips(key) && !Same(value, live[key]))
                return true;
        return live.Any(p => !Skips(p.Key) && !updated.ContainsKey(p.Key));
    }

    private static bool Same(JsonNode? a, JsonNode? b) => JsonEquality.Same(a, b);
}

/// <summary>The forms of <c>metadata.name</c>.</summary>
public enum NameRule
{
    /// <summary>RFC 1123 subdomain, at most 253 characters.</summary>
    Subdomain,

    /// <summary>RFC 1123 label, at most 63 characters (Namespace).</summary>
    Label,

    /// <summary>RFC 1035 label, at most 63 characters (Service).</summary>
    Label1035,

    /// <summary>Any path segment: no slash, no percent sign, not a dot or two (RBAC kinds).</summary>
    PathSegment,
}
