using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace Ops.Storage.Access;

/// <summary>The passwords of a store. Its text names none of them.</summary>
/// <param name="Current">What nodes and the operator use.</param>
/// <param name="Kept">Others that clients may go on using.</param>
/// <param name="Earlier">Others that a node may still have; tried to get in, and then taken out.</param>
public sealed record StorePasswords(string Current, ImmutableArray<string> Kept, ImmutableArray<string> Earlier)
{
    /// <summary>All that may open a node, the likeliest first.</summary>
    public IEnumerable<string> Keys => [Current, .. Kept, .. Earlier];

    /// <summary>Digests of those that nodes shall accept.</summary>
    public ImmutableHashSet<string> Wanted => [Digest(Current), .. Kept.Select(Digest)];

    /// <summary>SHA-256 in lower-case hex, as the engine's ACL keeps and shows passwords.</summary>
    public static string Digest(string password) => Digest(Encoding.UTF8.GetBytes(password));

    /// <summary>The same of a password that may be no text.</summary>
    public static string Digest(ReadOnlySpan<byte> password) => Convert.ToHexStringLower(SHA256.HashData(password));

    /// <inheritdoc/>
    public override string ToString() => nameof(StorePasswords);
}
