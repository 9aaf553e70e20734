using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>What server-side apply came to.</summary>
public abstract record ApplyOutcome
{
    private ApplyOutcome()
    {
    }

    /// <summary>The merged object with its managedFields; defaulting, validation and storing are the caller's.</summary>
    public sealed record Merged(JsonObject Object) : ApplyOutcome;

    /// <summary>Other managers own fields with other values.</summary>
    /// <param name="Message">The message of the 409 Status.</param>
    /// <param name="Causes">One cause a field.</param>
    public sealed record Conflicts(string Message, IReadOnlyList<FieldCause> Causes) : ApplyOutcome;
}

/// <summary>
/// Server-side apply (https://kubernetes.io/docs/reference/using-api/server-side-apply/). The algorithm is that of
/// structured-merge-diff's merge.Updater: merge, take out what only this manager declared and no longer does, compare
/// with the live object, and let every other manager either keep, lose or dispute the changed fields.
/// </summary>
public static class ServerSideApply
{
    /// <summary>Merges an applied intent into the live object. Neither argument is changed. Linear in the size of both.</summary>
    /// <param name="live">The stored object; null creates.</param>
    /// <param name="applied">The intent, as the client sent it, pruned.</param>
    /// <param name="kind">Its kind.</param>
    /// <param name="manager">The field manager.</param>
    /// <param name="force">True takes disputed fields over.</param>
    /// <param name="subresource"><c>status</c>, <c>scale</c>, or null for the main URL.</param>
    /// <param name="now">Time of the entry, to the second.</param>
    public static ApplyOutcome Apply(JsonObject? live, JsonObject applied, KindDefinition kind, string manager, bool force, string? subresource, DateTimeOffset now)
    {
        var intent = UntrackedFields.Applicable(applied, kind, subresource);
        if (!kind.IsCustom)
            BuiltInNormalization.Normalize(intent, kind.Schema);
        var entries = ManagerEntry.ReadAll(live);
        if (live is not null && entries.Count == 0)
            entries.Add(BeforeFirstApply(live, kind));
        var mine = entries.Find(e => e.IsSameManager(manager, ManagerEntry.Apply, kind.ApiVersion, subresource));
        entries.RemoveAll(e => ReferenceEquals(e, mine));

        var declared = FieldSets.Of(intent, kind.Schema);
        var merged = (JsonObject)ObjectMerge.Merge(WithoutManagedFields(live), intent, kind.Schema)!;
        if (mine is not null)
            ObjectMerge.Prune(merged, kind.Schema, mine.Fields, entries.Aggregate(declared, (all, e) => all.Union(e.Fields)));

        var changes = FieldChanges.Between(WithoutManagedFields(live), merged, kind.Schema);
        UntrackedFields.StripFrom(changes.Added);
        UntrackedFields.StripFrom(changes.Modified);
        UntrackedFields.StripFrom(declared);
        var touched = changes.Modified.Union(changes.Added);
        var disputable = force ? new FieldSet() : manager == LastApplied.Manager ? touched.Except(LastApplied.Unchanged(live, kind)) : touched;
        if (Disputes(entries, disputable) is { } conflicts)
            return conflicts;

        var fields = entries.Select(e => e with { Fields = e.Fields.Except(touched).Except(changes.Removed) }).ToList();
        var isSame = live is not null && changes.IsEmpty && mine is not null && mine.Fields.Same(declared);
        fields.Add(new ManagerEntry(manager, ManagerEntry.Apply, kind.ApiVersion, subresource, isSame ? mine!.Time : ManagerEntry.TimeText(now), declared));
        if (manager == LastApplied.Manager)
            LastApplied.Follow(live, merged, intent);
        ManagerEntry.WriteAll(merged, fields);
        return new ApplyOutcome.Merged(merged);
    }

    private static ApplyOutcome.Conflicts? Disputes(List<ManagerEntry> entries, FieldSet touched)
    {
        var disputes = entries
            .OrderBy(e => e.Text, StringComparer.Ordinal)
            .SelectMany(e => e.Fields.Intersect(touched).Paths().Select(p => (Manager: e.Text, Path: string.Concat(p.Select(FieldElement.Text)))))
            .ToList();
        if (disputes.Count == 0)
            return null;
        var causes = disputes.Select(d => new FieldCause("FieldManagerConflict", "conflict with " + d.Manager, d.Path)).ToList();
        return new ApplyOutcome.Conflicts(Message(disputes), causes);
    }

    private static string Message(List<(string Manager, string Path)> disputes)
    {
        if (disputes.Count == 1)
            return $"Apply failed with 1 conflict: conflict with {disputes[0].Manager}: {disputes[0].Path}";
        var lines = disputes
            .GroupBy(d => d.Manager, StringComparer.Ordinal)
            .SelectMany(g => g.Select(d => "- " + d.Path).Prepend($"conflicts with {g.Key}:"));
        return $"Apply failed with {disputes.Count} conflicts: {string.Join('\n', lines)}";
    }

    /// <summary>An object that was written before its fields were tracked belongs to this manager, so that no field is lost unasked.</summary>
    private static ManagerEntry BeforeFirstApply(JsonObject live, KindDefinition kind)
    {
        var fields = FieldSets.Of(live, kind.Schema);
        UntrackedFields.StripFrom(fields);
        return new ManagerEntry("before-first-apply", ManagerEntry.Update, kind.ApiVersion, null, null, fields);
    }

    private static JsonObject WithoutManagedFields(JsonObject? live)
    {
        if (live is null)
            return [];
        var copy = (JsonObject)live.DeepClone();
        (copy["metadata"] as JsonObject)?.Remove("managedFields");
        return copy;
    }
}
