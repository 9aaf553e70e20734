using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace Ops.Router;

/// <summary>The API keys that may ask. Holds digests only, so that no dump or log line of it shows a key.</summary>
internal sealed class ApiKeys
{
    /// <summary>Longest key in UTF-8 bytes. Keys of the field have 50 to 200.</summary>
    internal const int MaxKeyBytes = 512;

    internal static readonly ApiKeys None = new([]);

    private readonly ImmutableArray<(string Id, byte[] Digest)> _keys;

    private ApiKeys(ImmutableArray<(string Id, byte[] Digest)> keys) => _keys = keys;

    internal int Count => _keys.Length;

    /// <summary>Makes the set; a key that is empty or too long can never match and is left out.</summary>
    /// <param name="keys">Key id and key.</param>
    internal static ApiKeys From(IEnumerable<(string Id, byte[] Key)> keys) =>
        new([.. keys.Where(k => k.Key.Length is > 0 and <= MaxKeyBytes).Select(k => (k.Id, SHA256.HashData(k.Key)))]);

    /// <summary>
    /// Finds the id of a presented key. Digests are compared in constant time and all of them every time, so the
    /// time taken tells nothing about how much of a key was right or which one it was near.
    /// </summary>
    /// <returns>The key's id, or null.</returns>
    internal string? Find(ReadOnlySpan<char> presented)
    {
        Span<byte> utf8 = stackalloc byte[MaxKeyBytes];
        if (presented.IsEmpty || !Encoding.UTF8.TryGetBytes(presented, utf8, out var length))
            return null;
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(utf8[..length], digest);
        CryptographicOperations.ZeroMemory(utf8);

        string? found = null;
        foreach (var (id, known) in _keys)
        {
            if (CryptographicOperations.FixedTimeEquals(known, digest))
                found = id;
        }

        return found;
    }
}
