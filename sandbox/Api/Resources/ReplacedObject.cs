using System.Text.Json.Nodes;
using Ops.Sandbox.Objects;

namespace Ops.Sandbox.Api.Resources;

/// <summary>What the server decides when an object is replaced.</summary>
internal static class ReplacedObject
{
    private static readonly string[] ServerOwned =
        ["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "generateName", "resourceVersion"];

    public static void KeepServerMetadata(JsonObject document, JsonObject old)
    {
        var (metadata, live) = (document.Metadata(), old.Metadata());
        metadata.Remove("selfLink");
        foreach (var name in ServerOwned)
        {
            if (live[name] is { } value) metadata[name] = value.DeepClone();
            else metadata.Remove(name);
        }
    }

    public static void AdvanceGeneration(JsonObject document, JsonObject old, KindDefinition kind)
    {
        if (kind.GenerationRule == GenerationRule.None) return;
        var generation = old.Metadata().Number("generation") ?? 1;
        document.Metadata()["generation"] = kind.GenerationRule.RaisesGeneration(old, document) ? generation + 1 : generation;
    }

    public static void RejectNewFinalizers(JsonObject document, JsonObject old, ServedResource resource)
    {
        if (!old.Metadata().ContainsKey("deletionTimestamp")) return;
        var added = document.Metadata().Texts("finalizers").Except(old.Metadata().Texts("finalizers"), StringComparer.Ordinal).ToList();
        if (added.Count == 0) return;
        throw Errors.Invalid(
            resource.Kind.Group,
            resource.Kind.Kind,
            old.Metadata().Text("name") ?? "",
            "FieldValueForbidden",
            $"Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{{{string.Join(", ", added.Select(f => $"\"{f}\""))}}}",
            "metadata.finalizers");
    }

    /// <summary>Records who wrote what, unless the client itself edited the record (kubectl's migration from client-side apply).</summary>
    public static void RecordManagers(JsonObject document, JsonObject old, KindDefinition kind, WriteOptions options, DateTimeOffset now, bool unchanged)
    {
        var metadata = document.Metadata();
        var (sent, live) = (metadata["managedFields"], old.Metadata()["managedFields"]);
        var edited = sent is JsonArray && !JsonEquality.Same(sent, live);
        if (edited) return;
        if (live is null) metadata.Remove("managedFields");
        else metadata["managedFields"] = live.DeepClone();
        if (unchanged) return;
        ManagedFields.RecordUpdate(old, document, kind, options.FieldManager, options.Subresource, now);
    }

    /// <summary>Managers compared without their times: a write that changes nothing else keeps its resourceVersion and wakes nobody.</summary>
    public static bool SameManagers(JsonObject document, JsonObject old) => JsonEquality.Same(ManagersWithoutTimes(document), ManagersWithoutTimes(old));

    /// <summary>Marked for deletion, with nothing left to wait for.</summary>
    public static bool IsFinished(JsonObject document)
    {
        var metadata = document.Metadata();
        if (!metadata.ContainsKey("deletionTimestamp")) return false;
        if (metadata.Texts("finalizers").Count > 0 || (metadata.Number("deletionGracePeriodSeconds") ?? 0) > 0) return false;
        return document.Text("kind") != "Namespace" || document.Child("spec").Texts("finalizers").Count == 0;
    }

    public static bool SameIgnoringManagers(JsonObject left, JsonObject right)
    {
        var (a, b) = (left.Metadata(), right.Metadata());
        foreach (var (name, value) in left)
        {
            if (name != "metadata" && !JsonEquality.Same(value, right[name])) return false;
        }

        if (right.Any(member => member.Value is not null && !left.ContainsKey(member.Key))) return false;
        foreach (var (name, value) in a)
        {
            if (name != "managedFields" && !JsonEquality.Same(value, b[name])) return false;
        }

        return !b.Any(member => member.Key != "managedFields" && member.Value is not null && !a.ContainsKey(member.Key));
    }

    private static JsonArray ManagersWithoutTimes(JsonObject document)
    {
        if (document.Metadata()["managedFields"]?.DeepClone() is not JsonArray managers) return [];
        foreach (var manager in managers.OfType<JsonObject>()) manager.Remove("time");
        return managers;
    }
}
