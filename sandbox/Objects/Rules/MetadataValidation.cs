using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>Rules of <c>metadata</c>, the same for every kind.</summary>
internal static class MetadataValidation
{
    // TotalAnnotationSizeLimitB of the real server.
    private const int MaxAnnotationBytes = 256 * 1024;

    private static readonly string[] Immutable = ["name", "namespace", "uid", "creationTimestamp"];

    public static void Validate(JsonObject obj, JsonObject? old, KindDefinition kind, List<FieldCause> causes)
    {
        var metadata = obj["metadata"] as JsonObject ?? [];
        Name(metadata, kind, causes);
        Namespace(metadata, kind, causes);
        Labels(metadata["labels"] as JsonObject, causes);
        Annotations(metadata["annotations"] as JsonObject, causes);
        Owners(metadata["ownerReferences"] as JsonArray, causes);
        Finalizers(metadata["finalizers"] as JsonArray, causes);
        if (old?["metadata"] is JsonObject before)
            Update(metadata, before, causes);
    }

    private static void Name(JsonObject metadata, KindDefinition kind, List<FieldCause> causes)
    {
        var name = metadata["name"].TextOrNull();
        var prefix = metadata["generateName"].TextOrNull();
        if (string.IsNullOrEmpty(name))
        {
            if (string.IsNullOrEmpty(prefix))
                causes.Add(FieldCauses.Required("metadata.name", "name or generateName is required"));
            // A prefix may end in a dash or a dot: what follows completes the name.
            else if (Names.NameProblem(prefix.TrimEnd('-', '.') + "x", kind.NameRule) is { } problem)
                causes.Add(FieldCauses.Invalid("metadata.generateName", metadata["generateName"], problem));
        }
        else if (Names.NameProblem(name, kind.NameRule) is { } problem)
            causes.Add(FieldCauses.Invalid("metadata.name", metadata["name"], problem));
    }

    private static void Namespace(JsonObject metadata, KindDefinition kind, List<FieldCause> causes)
    {
        var ns = metadata["namespace"].TextOrNull();
        if (kind.Namespaced && ns is not null && Names.NameProblem(ns, NameRule.Label) is { } problem)
            causes.Add(FieldCauses.Invalid("metadata.namespace", metadata["namespace"], problem));
        if (!kind.Namespaced && !string.IsNullOrEmpty(ns))
            causes.Add(FieldCauses.Forbidden("metadata.namespace", "not allowed on this type"));
    }

    private static void Labels(JsonObject? labels, List<FieldCause> causes)
    {
        foreach (var (key, value) in labels ?? [])
        {
            if (Names.QualifiedProblem(key) is { } problem)
                causes.Add(FieldCauses.Invalid("metadata.labels", JsonValue.Create(key), problem));
            var text = value.TextOrNull() ?? "";
            if (text.Length > 63)
                causes.Add(FieldCauses.Invalid("metadata.labels", value, "must be no more than 63 bytes"));
            else if (!Names.IsLabelValue(text))
                causes.Add(FieldCauses.Invalid("metadata.labels", value, Names.LabelValueMessage));
        }
    }

    private static void Annotations(JsonObject? annotations, List<FieldCause> causes)
    {
        var bytes = 0L;
        foreach (var (key, value) in annotations ?? [])
        {
            if (Names.QualifiedProblem(key.ToLowerInvariant()) is { } problem)
                causes.Add(FieldCauses.Invalid("metadata.annotations", JsonValue.Create(key), problem));
            bytes += System.Text.Encoding.UTF8.GetByteCount(key) + System.Text.Encoding.UTF8.GetByteCount(value.TextOrNull() ?? "");
        }

        if (bytes > MaxAnnotationBytes)
            causes.Add(FieldCauses.TooLong("metadata.annotations", MaxAnnotationBytes));
    }

    private static void Owners(JsonArray? owners, List<FieldCause> causes)
    {
        var controllers = 0;
        for (var i = 0; i < (owners?.Count ?? 0); i++)
        {
            if (owners![i] is not JsonObject owner)
                continue;
            foreach (var name in new[] { "apiVersion", "kind", "name", "uid" })
                if (owner[name] is JsonValue value && value.TextOrNull() is "")
                    causes.Add(FieldCauses.Invalid($"metadata.ownerReferences[{i}].{name}", value, "must not be empty"));
            controllers += owner["controller"].BoolOrNull() == true ? 1 : 0;
        }

        if (controllers > 1)
            causes.Add(FieldCauses.Invalid("metadata.ownerReferences", owners, "Only one reference can have Controller set to true"));
    }

    private static void Finalizers(JsonArray? finalizers, List<FieldCause> causes)
    {
        foreach (var finalizer in finalizers ?? [])
            if (finalizer.TextOrNull() is { } name && Names.QualifiedProblem(name) is { } problem)
                causes.Add(FieldCauses.Invalid("metadata.finalizers", finalizer, problem));
    }

    private static void Update(JsonObject metadata, JsonObject before, List<FieldCause> causes)
    {
        foreach (var name in Immutable)
            if (metadata[name] is not null && before[name] is not null && !JsonEquality.Same(metadata[name], before[name]))
                causes.Add(FieldCauses.Immutable("metadata." + name, metadata[name]));
        if (before["deletionTimestamp"] is null)
            return;
        var known = Texts(before["finalizers"]);
        var added = Texts(metadata["finalizers"]).Where(f => !known.Contains(f)).Select(f => $"\"{f}\"").ToArray();
        if (added.Length > 0)
            causes.Add(FieldCauses.Forbidden("metadata.finalizers",
                $"no new finalizers can be added if the object is being deleted, found new finalizers []string{{{string.Join(", ", added)}}}"));
    }

    private static HashSet<string> Texts(JsonNode? node) =>
        node is JsonArray array ? [.. array.Select(e => e.TextOrNull()).OfType<string>()] : [];
}
