using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ops.Picking;

/// <summary>
/// sessionAffinity: 1 for the session's home, 0 for all others. The home is the replica that this router last sent the
/// session to, because its cache holds the conversation; for a session that this router does not know it is the replica
/// with the largest rendezvous hash, so that several routers agree without talking and a replica that leaves moves only
/// its own sessions.
/// </summary>
internal static class SessionAffinityScorer
{
    private const uint PlaceMask = RouteSnapshot.MaxReplicas - 1;

    /// <summary>A key's hash as claims are made from it.</summary>
    internal static uint Fold(ulong hash) => (uint)(hash ^ (hash >> 32));

    /// <summary>What a replica claims of a session: the finalizer of MurmurHash3 over both.</summary>
    /// <param name="both">Session and identity of the replica, folded, one xor the other.</param>
    internal static uint Claim(uint both)
    {
        both = (both ^ (both >> 16)) * 0x85EBCA6B;
        both = (both ^ (both >> 13)) * 0xC2B2AE35;
        return both ^ (both >> 16);
    }

    /// <summary>The replica with the largest claim among those that may be taken; of claims that agree in their upper 22 bits the last one.</summary>
    /// <param name="session">The session, folded.</param>
    /// <param name="identities">The replicas, folded; at most <see cref="RouteSnapshot.MaxReplicas"/>.</param>
    /// <param name="loads">A number for each.</param>
    /// <param name="ceiling">A replica may be taken when its number is not above this; at least one is not.</param>
    internal static int Home(uint session, ReadOnlySpan<uint> identities, ReadOnlySpan<int> loads, int ceiling)
    {
        // A choice asks this of every variant, so eight replicas at once: one by one they cost a third of it. The lower ten
        // bits of a claim give way to the place, and the largest number is then both.
        var eights = MemoryMarshal.Cast<uint, Vector256<uint>>(identities);
        var theirs = MemoryMarshal.Cast<int, Vector256<int>>(loads);
        var (claims, sessions, places) = (Vector256<uint>.Zero, Vector256.Create(session), Vector256<uint>.Indices);
        for (var i = 0; i < eights.Length; i++)
        {
            var claim = (Claim(eights[i] ^ sessions) & Vector256.Create(~PlaceMask)) | places;
            claims = Vector256.Max(claims, claim & Vector256.LessThanOrEqual(theirs[i], Vector256.Create(ceiling)).AsUInt32());
            places += Vector256.Create((uint)Vector256<uint>.Count);
        }

        var best = Largest(claims);
        for (var i = eights.Length * Vector256<uint>.Count; i < identities.Length; i++)
        {
            if (loads[i] <= ceiling)
                best = Math.Max(best, (Claim(identities[i] ^ session) & ~PlaceMask) | (uint)i);
        }

        return (int)(best & PlaceMask);
    }

    private static Vector256<uint> Claim(Vector256<uint> both)
    {
        both = (both ^ (both >> 16)) * 0x85EBCA6B;
        both = (both ^ (both >> 13)) * 0xC2B2AE35;
        return both ^ (both >> 16);
    }

    private static uint Largest(Vector256<uint> numbers)
    {
        var half = Vector128.Max(numbers.GetLower(), numbers.GetUpper());
        half = Vector128.Max(half, Vector128.Shuffle(half, Vector128.Create(2u, 3, 0, 1)));
        return Vector128.Max(half, Vector128.Shuffle(half, Vector128.Create(1u, 0, 3, 2))).ToScalar();
    }
}
