using System.Runtime.CompilerServices;

namespace Ops.Picking;

/// <summary>
/// Which caches hold how much of one request's prompt, and which ones served its session. A small hash table on the
/// stack: the choice asks it once for every replica.
/// </summary>
internal ref struct CacheMatch
{
    /// <summary>Slots that the caller provides, all zero.</summary>
    internal const int Slots = 64;

    // Three quarters: a lookup then ends after two slots on average, and always at an empty one.
    private const int MaxCaches = 48;

    // cache id in the upper 16 bits, depth in blocks in the lower 10, rank of the session + 1 in the 4 between.
    private const int IdShift = 16;
    private const int RankShift = 10;
    private const uint DepthMask = (1u << RankShift) - 1;
    private const uint RankMask = 15;

    private readonly Span<uint> _slots;
    private int _count;

    internal CacheMatch(Span<uint> slots) => _slots = slots;

    internal readonly bool IsEmpty => _count == 0;

    /// <summary>Notes that a cache holds at least the first blocks.</summary>
    internal void AddDepth(ushort cache, int blocks)
    {
        ref var slot = ref Claim(cache);
        if (slot != 0 && (slot & DepthMask) < (uint)blocks)
            slot = (slot & ~DepthMask) | (uint)blocks;
    }

    /// <summary>Notes that a cache served the session; rank 0 is the last one that did.</summary>
    internal void AddSession(ushort cache, int rank)
    {
        ref var slot = ref Claim(cache);
        if (slot != 0)
            slot |= ((uint)rank + 1) << RankShift;
    }

    /// <summary>Finds what is known about a cache.</summary>
    /// <param name="cache">The cache.</param>
    /// <param name="sessionRank">0 for the last one that served the session, growing with age; -1 for none.</param>
    /// <returns>The first blocks of the prompt that it probably holds; 0 for none.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly int Depth(ushort cache, out int sessionRank)
    {
        // Nearly every replica: an empty slot, looked at without a call.
        if (_slots[cache & (Slots - 1)] != 0)
            return Search(cache, out sessionRank);
        sessionRank = -1;
        return 0;
    }

    private readonly int Search(ushort cache, out int sessionRank)
    {
        for (var i = cache & (Slots - 1); _slots[i] != 0; i = (i + 1) & (Slots - 1))
        {
            if (_slots[i] >> IdShift != cache)
                continue;
            sessionRank = (int)((_slots[i] >> RankShift) & RankMask) - 1;
            return (int)(_slots[i] & DepthMask);
        }

        sessionRank = -1;
        return 0;
    }

    // The cache's slot; one that stays 0 when the table is full.
    private ref uint Claim(ushort cache)
    {
        var i = cache & (Slots - 1);
        while (_slots[i] != 0 && _slots[i] >> IdShift != cache)
            i = (i + 1) & (Slots - 1);
        if (_slots[i] == 0 && _count < MaxCaches)
        {
            _slots[i] = (uint)cache << IdShift;
            _count++;
        }

        return ref _slots[i];
    }
}
