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

    private readonly ImmutableArray<(Caller Caller, byte[] Digest)> _keys;

    private ApiKeys(ImmutableArray<(Caller Caller, byte[] Digest)> keys) => _keys = keys;

    internal int Count => _keys.Length;

    /// <summary>Makes the set; a key that is empty or too long can never match and is left out.</summary>
    /// <param name="keys">Who asks with which key.</param>
    internal static ApiKeys From(IEnumerable<(Caller Caller, byte[] Key)> keys) =>
        new([.. keys.Where(k => k.Key.Length is > 0 and <= MaxKeyBytes).Select(k => (k.Caller, SHA256.HashData(k.Key)))]);

    /// <summary>
    /// Finds who asks with a presented key. Digests are compared in constant time and all of them every time, so the
    /// time taken tells nothing about how much of a key was right or which one it was near.
    /// </summary>
    /// <returns>The caller, or null.</returns>
    internal Caller? Find(ReadOnlySpan<char> presented)
    {
        Span<byte> utf8 = stackalloc byte[MaxKeyBytes];
        if (presented.IsEmpty || !Encoding.UTF8.TryGetBytes(presented, utf8, out var length))
            return null;
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(utf8[..length], digest);
        CryptographicOperations.ZeroMemory(utf8);

        Caller? found = null;
        foreach (var (caller, known) in _keys)
        {
            if (CryptographicOperations.FixedTimeEquals(known, digest))
                found = caller;
        }

        return found;
    }
}
