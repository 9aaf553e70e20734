using System.Globalization;
using Ops.Api;
using Ops.Llm;

namespace Ops.Healing.Content;

/// <summary>A log whose entries each carry a hash over the one before: an entry cannot be altered or left out unseen.</summary>
public static class Audit
{
    private const int MaxDetail = 1024;

    /// <summary>The log with one more entry; a log that is full keeps what it has and its last entry says so.</summary>
    /// <param name="log">The log so far, or null.</param>
    /// <param name="time">When.</param>
    /// <param name="what">One CamelCase word.</param>
    /// <param name="detail">One sentence.</param>
    public static IReadOnlyList<AuditEntry> Add(IReadOnlyList<AuditEntry>? log, DateTimeOffset time, string what, string detail)
    {
        var entries = log ?? [];
        if (entries.Count >= RemediationStatus.MaxAudit)
            return entries;
        if (entries.Count == RemediationStatus.MaxAudit - 1)
            (what, detail) = ("Full", "The log is full; later entries are Events only.");
        var second = new DateTime(time.UtcTicks - (time.UtcTicks % TimeSpan.TicksPerSecond), DateTimeKind.Utc);
        var text = TaintedText.Clean(detail, MaxDetail);
        return [.. entries, new() { Time = second, Event = what, Detail = text, Hash = Hash(entries.Count > 0 ? entries[^1].Hash : null, second, what, text) }];
    }

    /// <summary>Whether every entry's hash fits the entries before it.</summary>
    /// <param name="log">A log, or null.</param>
    public static bool IsWhole(IReadOnlyList<AuditEntry>? log)
    {
        string? previous = null;
        foreach (var entry in log ?? [])
        {
            if (entry.Hash != Hash(previous, entry.Time ?? default, entry.Event, entry.Detail))
                return false;
            previous = entry.Hash;
        }

        return true;
    }

    private static string Hash(string? previous, DateTime time, string? what, string? detail) =>
        CanonicalJson.Digest(string.Create(CultureInfo.InvariantCulture, $"{previous}\n{time.ToUniversalTime():yyyy-MM-ddTHH:mm:ssZ}\n{what}\n{detail}"));
}
