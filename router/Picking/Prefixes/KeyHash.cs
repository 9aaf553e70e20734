using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Ops.Picking;

/// <summary>Hashes of keys. They hold no text, and are the same in every router.</summary>
public static class KeyHash
{
    /// <summary>Hash of a key; never 0, which stands for no key.</summary>
    public static ulong Of(ReadOnlySpan<byte> key) => Math.Max(1, XxHash3.HashToUInt64(key));

    /// <summary>Hash of a key as text; never 0.</summary>
    public static ulong Of(ReadOnlySpan<char> key) => Of(MemoryMarshal.AsBytes(key));

    /// <summary>One hash of two, in which the order counts.</summary>
    public static ulong Combine(ulong first, ulong second) => Mix((first * 0x9E3779B97F4A7C15) + second);

    /// <summary>Spreads every bit over all others: the finalizer of MurmurHash3 with the constants of SplitMix64.</summary>
    internal static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
