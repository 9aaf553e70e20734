using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Ops.Api;

namespace Ops.Dashboard.Health;

/// <summary>
/// Checks the hash chain of an audit on its own account, not by the code that wrote it. An entry's hash is SHA-256 over the
/// hash before it (nothing for the first), the time as 2026-03-04T12:00:00Z, the event and the detail, joined by line feeds.
/// Pure.
/// </summary>
internal static class AuditChain
{
    /// <summary>The first entry whose hash does not fit the ones before it, counted from 1; null where all fit.</summary>
    public static int? FirstBroken(IReadOnlyList<AuditEntry> audit)
    {
        string? previous = null;
        for (var i = 0; i < audit.Count; i++)
        {
            if (audit[i].Hash != Hash(previous, audit[i]))
                return i + 1;
            previous = audit[i].Hash;
        }

        return null;
    }

    /// <summary>What an entry's hash has to be.</summary>
    public static string Hash(string? previous, AuditEntry entry) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture, $"{previous}\n{(entry.Time is { } time ? Format.Utc(time).UtcDateTime : default):yyyy-MM-ddTHH:mm:ssZ}\n{entry.Event}\n{entry.Detail}"))));
}
