using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>Tracks who owns which field across writes that are not applies.</summary>
public static class ManagedFields
{
    // MaxUpdateManagers of the real server: more updaters than this are folded into one entry.
    private const int MaxUpdaters = 10;

    private const string Ancient = "ancient-changes";

    /// <summary>
    /// Sets <c>metadata.managedFields</c> of <paramref name="updated"/>: the manager owns what it changed, others lose it.
    /// A write that changes nothing leaves the entries as they were. The client's own managedFields count on the main URL
    /// (that is how clients edit them; a single empty entry resets), and are ignored on subresources.
    /// </summary>
    /// <param name="live">The stored object; null on creation.</param>
    /// <param name="updated">The object as it will be stored; changed in place.</param>
    /// <param name="kind">Its kind.</param>
    /// <param name="manager">The field manager.</param>
    /// <param name="subresource"><c>status</c>, <c>scale</c>, or null for the main URL.</param>
    /// <param name="now">Time of the entry, to the second.</param>
    public static void RecordUpdate(JsonObject? live, JsonObject updated, KindDefinition kind, string manager, string? subresource, DateTimeOffset now)
    {
        var entries = Entries(live, updated, subresource);
        var changes = FieldChanges.Between(live, updated, kind.Schema);
        foreach (var set in new[] { changes.Added, changes.Modified, changes.Removed })
            UntrackedFields.StripFrom(set);
        if (changes.IsEmpty)
        {
            ManagerEntry.WriteAll(updated, entries);
            return;
        }

        var touched = changes.Modified.Union(changes.Added);
        var mine = entries.Find(e => e.IsSameManager(manager, ManagerEntry.Update, kind.ApiVersion, subresource));
        var kept = entries
            .Where(e => !ReferenceEquals(e, mine))
            .Select(e => e with { Fields = e.Fields.Except(touched).Except(changes.Removed) })
            .ToList();
        var fields = (mine?.Fields ?? new FieldSet()).Except(changes.Removed).Union(touched);
        kept.Add(new ManagerEntry(manager, ManagerEntry.Update, kind.ApiVersion, subresource, ManagerEntry.TimeText(now), fields));
        ManagerEntry.WriteAll(updated, Capped(kept));
    }

    /// <summary>True when two objects differ in nothing but the times of their managedFields; such a write is no change.</summary>
    public static bool SameExceptTimes(JsonObject a, JsonObject b) => JsonEquality.Same(WithoutTimes(a), WithoutTimes(b));

    private static List<ManagerEntry> Entries(JsonObject? live, JsonObject updated, string? subresource)
    {
        if (!string.IsNullOrEmpty(subresource))
            return ManagerEntry.ReadAll(live);
        if ((updated["metadata"] as JsonObject)?["managedFields"] is JsonArray { Count: 1 } reset && reset[0] is JsonObject { Count: 0 })
            return [];
        var own = ManagerEntry.ReadAll(updated);
        // A client that does not know managedFields must not delete them by leaving them out.
        return own.Count > 0 ? own : ManagerEntry.ReadAll(live);
    }

    private static List<ManagerEntry> Capped(List<ManagerEntry> entries)
    {
        var updaters = entries.Where(e => e.Operation == ManagerEntry.Update && string.IsNullOrEmpty(e.Subresource)).OrderBy(e => e.Time ?? "", StringComparer.Ordinal).ToList();
        if (updaters.Count <= MaxUpdaters)
            return entries;
        var oldest = updaters.Take(updaters.Count - MaxUpdaters + 1).ToList();
        var folded = oldest[0] with { Manager = Ancient, Fields = oldest.Aggregate(new FieldSet(), (all, e) => all.Union(e.Fields)) };
        return [.. entries.Where(e => !oldest.Contains(e)), folded];
    }

    private static JsonObject WithoutTimes(JsonObject obj)
    {
        var copy = (JsonObject)obj.DeepClone();
        foreach (var entry in ((copy["metadata"] as JsonObject)?["managedFields"] as JsonArray ?? []).OfType<JsonObject>())
            entry.Remove("time");
        return copy;
    }
}
