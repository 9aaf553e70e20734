using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Ops.Sandbox.Objects;

/// <summary>
/// One node of a structural schema (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema).
/// It is built once, from a CustomResourceDefinition or from a model type, and never changes afterwards.
/// Nodes of model types are shared and may be recursive (JSONSchemaProps).
/// </summary>
public sealed class StructuralSchema
{
    /// <summary>object, array, string, integer, number, boolean; null where any type or int-or-string is allowed.</summary>
    public string? Type { get; internal set; }

    /// <summary>OpenAPI format such as <c>int32</c>, <c>date-time</c>, <c>byte</c>; null where none.</summary>
    public string? Format { get; internal set; }

    /// <summary>Text for <c>kubectl explain</c>; null where none.</summary>
    public string? Description { get; internal set; }

    /// <summary>Name of the component in OpenAPI documents, such as <c>io.k8s.api.v1.PodSpec</c>; null for anonymous nodes.</summary>
    public string? ComponentName { get; internal set; }

    /// <summary>True where JSON null is a value of its own.</summary>
    public bool Nullable { get; internal set; }

    /// <summary>Default, or null where there is none. Clone before use.</summary>
    public JsonNode? Default { get; internal set; }

    /// <summary>Declared members of an object.</summary>
    public IReadOnlyDictionary<string, StructuralSchema> Properties { get; internal set; } = NoProperties;

    /// <summary>Schema of members that are not declared; null where none are allowed.</summary>
    public StructuralSchema? AdditionalProperties { get; internal set; }

    /// <summary>Schema of the elements of an array.</summary>
    public StructuralSchema? Items { get; internal set; }

    /// <summary>Members that must be present.</summary>
    public IReadOnlyList<string> Required { get; internal set; } = [];

    /// <summary>Allowed values; null where any is allowed.</summary>
    public IReadOnlyList<JsonNode?>? Enum { get; internal set; }

    /// <summary>RE2 pattern of a string; null where none.</summary>
    public string? Pattern { get; internal set; }

    /// <summary>Shortest text, in characters.</summary>
    public long? MinLength { get; internal set; }

    /// <summary>Longest text, in characters.</summary>
    public long? MaxLength { get; internal set; }

    /// <summary>Fewest elements.</summary>
    public long? MinItems { get; internal set; }

    /// <summary>Most elements.</summary>
    public long? MaxItems { get; internal set; }

    /// <summary>Fewest members.</summary>
    public long? MinProperties { get; internal set; }

    /// <summary>Most members.</summary>
    public long? MaxProperties { get; internal set; }

    /// <summary>Least number.</summary>
    public double? Minimum { get; internal set; }

    /// <summary>Greatest number.</summary>
    public double? Maximum { get; internal set; }

    /// <summary>True where <see cref="Minimum"/> itself is not allowed.</summary>
    public bool ExclusiveMinimum { get; internal set; }

    /// <summary>True where <see cref="Maximum"/> itself is not allowed.</summary>
    public bool ExclusiveMaximum { get; internal set; }

    /// <summary>The number must be a multiple of this.</summary>
    public double? MultipleOf { get; internal set; }

    /// <summary>True where equal elements are not allowed.</summary>
    public bool UniqueItems { get; internal set; }

    /// <summary>How server-side apply merges an array. Default: atomic.</summary>
    public ListType ListType { get; internal set; } = ListType.Atomic;

    /// <summary>Members that tell elements of a list-map apart.</summary>
    public IReadOnlyList<string> ListMapKeys { get; internal set; } = [];

    /// <summary><see cref="ListMapKeys"/> in ordinal order, the order of element identities.</summary>
    internal IReadOnlyList<string> SortedMapKeys => _sortedMapKeys ??= [.. ListMapKeys.Order(StringComparer.Ordinal)];

    /// <summary>True where server-side apply treats the object as one value.</summary>
    public bool AtomicMap { get; internal set; }

    /// <summary>x-kubernetes-preserve-unknown-fields.</summary>
    public bool PreserveUnknownFields { get; internal set; }

    /// <summary>x-kubernetes-embedded-resource.</summary>
    public bool EmbeddedResource { get; internal set; }

    /// <summary>x-kubernetes-int-or-string.</summary>
    public bool IntOrString { get; internal set; }

    /// <summary>True for resource quantities of built-in kinds: they accept numbers and text and are normalised to text.</summary>
    public bool Quantity { get; internal set; }

    /// <summary>CEL rules of this node.</summary>
    public IReadOnlyList<ValidationRule> Rules { get; internal set; } = [];

    /// <summary>Value validations that must all hold.</summary>
    public IReadOnlyList<StructuralSchema> AllOf { get; internal set; } = [];

    /// <summary>Value validations of which at least one must hold; empty where none.</summary>
    public IReadOnlyList<StructuralSchema> AnyOf { get; internal set; } = [];

    /// <summary>Value validations of which exactly one must hold; empty where none.</summary>
    public IReadOnlyList<StructuralSchema> OneOf { get; internal set; } = [];

    /// <summary>Value validation that must not hold.</summary>
    public StructuralSchema? Not { get; internal set; }

    /// <summary>Key by which strategic merge matches elements; null where it replaces the array (or merges a set of scalars).</summary>
    public string? PatchMergeKey { get; internal set; }

    /// <summary>True where strategic merge merges the array instead of replacing it.</summary>
    public bool PatchMerges { get; internal set; }

    /// <summary>True where the strategic merge strategy includes <c>retainKeys</c>.</summary>
    public bool PatchRetainsKeys { get; internal set; }

    /// <summary>Members by which a strict decoder of a built-in kind would name the Go type; null for custom kinds.</summary>
    internal string? GoType { get; set; }

    private static readonly IReadOnlyDictionary<string, StructuralSchema> NoProperties = new Dictionary<string, StructuralSchema>(0);

    private Regex? _pattern;
    private string[]? _sortedMapKeys;

    /// <summary>True where the node is known as an object, by type or by its members.</summary>
    public bool IsObject => Type == "object" || (Type is null && (Properties.Count > 0 || AdditionalProperties is not null));

    /// <summary>True where an object of this node may carry any member.</summary>
    public bool AllowsAnyMember => PreserveUnknownFields || (IsObject && Properties.Count == 0 && AdditionalProperties is null && Type is null);

    /// <summary>
    /// Reads an <c>openAPIV3Schema</c>. The schema must have passed <see cref="CrdValidation"/>;
    /// unknown keywords are ignored here. CEL rules are compiled; a rule that does not compile throws <see cref="Cel.CelException"/>.
    /// </summary>
    public static StructuralSchema Parse(JsonObject openApiV3Schema) => SchemaReader.Read(openApiV3Schema);

    /// <summary>The schema of a model type of the Kubernetes client library, by reflection; cached.</summary>
    public static StructuralSchema FromModelType(Type modelType) => ModelSchemas.Of(modelType);

    /// <summary>
    /// The OpenAPI v3 form. With <paramref name="components"/>, nodes that have a name are written there once and referred to;
    /// without, everything is written in place and recursion is cut with x-kubernetes-preserve-unknown-fields.
    /// </summary>
    public JsonObject ToOpenApi(JsonObject? components = null) => SchemaWriter.Write(this, components);

    /// <summary>The child schema of a member, or null where the schema does not know it.</summary>
    public StructuralSchema? Member(string name) =>
        Properties.TryGetValue(name, out var schema) ? schema : AdditionalProperties;

    /// <summary>True where this node or one below carries a CEL rule. Model types never do.</summary>
    internal bool HasRulesBelow { get; set; }

    internal StructuralSchema Copy() => (StructuralSchema)MemberwiseClone();

    /// <summary>
    /// The pattern as a regular expression. RE2 (which the real server uses) and .NET's non-backtracking engine are both
    /// linear and both refuse look-around and back-references.
    /// </summary>
    internal Regex? PatternRegex => Pattern is null ? null : _pattern ??= Re2.Compile(Pattern);
}

/// <summary>x-kubernetes-list-type.</summary>
public enum ListType
{
    /// <summary>The list is one value.</summary>
    Atomic,

    /// <summary>Elements are scalars, each owned by itself.</summary>
    Set,

    /// <summary>Elements are objects told apart by keys.</summary>
    Map,
}
