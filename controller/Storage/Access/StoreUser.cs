using System.Collections.Immutable;

namespace Ops.Storage.Access;

/// <summary>A user that nodes shall have. Its text is its name and tells no password.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Digest">Digest of its password; null while that is not known: then it stays as each node has it.</param>
/// <param name="Enabled">Whether it may log in.</param>
/// <param name="Rules">What it may do, as words of ACL SETUSER, for a user that may do nothing yet.</param>
public sealed record StoreUser(string Name, string? Digest, bool Enabled, ImmutableArray<string> Rules)
{
    /// <summary>The user of nodes and operator, which is not among these.</summary>
    public const string Own = "default";

    /// <summary>All words that ACL SETUSER takes after the name. They say the whole user, whatever it was before.</summary>
    internal IEnumerable<string> Words => ["reset", Enabled ? "on" : "off", $"#{Digest}", .. Rules];

    /// <summary>The words as one text: two users with the same are the same.</summary>
    internal string Definition => string.Join(' ', [Name, Enabled ? "on" : "off", $"#{Digest}", .. Rules]);

    /// <inheritdoc/>
    public override string ToString() => Name;
}
