using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>Checks an object against its kind.</summary>
public static class Validation
{
    /// <summary>
    /// Returns every problem: metadata, schema, then the rules of built-in kinds or the CEL rules of custom ones. Empty means valid.
    /// Linear in the size of the object; CEL is bounded by a cost budget.
    /// </summary>
    /// <param name="obj">The object as it would be stored: pruned and defaulted.</param>
    /// <param name="old">The stored object on updates, null on creation.</param>
    /// <param name="kind">Its kind.</param>
    public static IReadOnlyList<FieldCause> Validate(JsonObject obj, JsonObject? old, KindDefinition kind)
    {
        var causes = new List<FieldCause>();
        MetadataValidation.Validate(obj, old, kind, causes);
        SchemaValidation.Validate(obj, kind.Schema, causes);
        if (kind.IsCustom)
            RuleValidation.Validate(obj, old, kind.Schema, causes);
        else
            BuiltInValidation.Validate(obj, old, kind, causes);
        return causes;
    }

    /// <summary>
    /// For built-in kinds: what a decoder into Go types would refuse, such as
    /// <c>json: cannot unmarshal number into Go struct field ConfigMap.data of type string</c>; null where it decodes.
    /// The server answers 400 <c>KIND in version "V" cannot be handled as a KIND: …</c>. Call it before anything else.
    /// </summary>
    public static string? DecodingError(JsonObject obj, KindDefinition kind) =>
        kind.IsCustom ? null : GoDecoding.Error(obj, kind);
}
