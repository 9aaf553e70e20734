using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>
/// How kubectl's own manager moves an object from client-side to server-side apply: what client-side apply last set, and
/// nobody changed since, is no conflict; and the annotation of client-side apply follows what is applied now.
/// </summary>
internal static class LastApplied
{
    /// <summary>The field manager of <c>kubectl apply --server-side</c>; others opt out by another name.</summary>
    public const string Manager = "kubectl";

    private const string Annotation = "kubectl.kubernetes.io/last-applied-configuration";

    /// <summary>The fields that the annotation declares and that still have its values; empty where there is no annotation.</summary>
    public static FieldSet Unchanged(JsonObject? live, KindDefinition kind)
    {
        if (Read(live) is not { } applied)
            return new FieldSet();
        var changes = FieldChanges.Between(applied, live!, kind.Schema);
        return FieldSets.Of(applied, kind.Schema).Except(changes.Modified).Except(changes.Removed);
    }

    /// <summary>Writes the intent into the annotation of <paramref name="merged"/>, where the live object carries one.</summary>
    public static void Follow(JsonObject? live, JsonObject merged, JsonObject intent)
    {
        if (Read(live) is null || (merged["metadata"] as JsonObject)?["annotations"] is not JsonObject annotations)
            return;
        annotations[Annotation] = intent.ToJsonString(JsonTexts.Relaxed) + "\n";
    }

    private static JsonObject? Read(JsonObject? live)
    {
        var text = ((live?["metadata"] as JsonObject)?["annotations"] as JsonObject)?[Annotation].TextOrNull();
        if (string.IsNullOrEmpty(text))
            return null;
        try
        {
            return JsonNode.Parse(text) as JsonObject;
        }
        catch (JsonException)
        {
            // A broken annotation entitles to nothing.
            return null;
        }
    }
}
