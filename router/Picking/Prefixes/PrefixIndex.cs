namespace Ops.Picking;

/// <summary>
/// Remembers which replica's KV cache probably holds which prompt blocks, and which replica served which session, from
/// what this router itself sent where. Bounded; a lookup takes no lock and allocates nothing.
/// </summary>
/// <remarks>
/// A set-associative table: the hash of a block picks a bucket of 8 entries, and a new entry takes the place of the one
/// touched longest ago. An entry names the 12 caches that were sent the block last. One entry is 8 (key) + 4 (touched)
/// + 12 x 4 (holders) = 60 bytes: the default of 262,144 entries is 15.7 MB and covers 134 million prompt tokens.
/// Each cache has a clock that counts the blocks that were new to it. Engines evict the least recently used block, so a
/// block is taken for gone once as many new ones came as the cache has room for.
/// A lookup races with writers without harm: it may miss a block or see one too many, and both only cost time.
/// </remarks>
public sealed class PrefixIndex
{
    /// <summary>Blocks that a cache holds when its engine does not say: 512 x 1,024 tokens, a 14B model on one 80 GB GPU.</summary>
    public const int DefaultCapacity = 1_024;

    /// <summary>Default number of entries.</summary>
    public const int DefaultEntries = 262_144;

    internal const int Holders = 12;
    private const int Ways = 8;
    private const int Stripes = 64;
    private const int MaxCaches = ushort.MaxValue + 1;

    // A holder is cache id << 16 | clock / 32. The clock's part wraps after 2 million blocks, a billion tokens: a block
    // that old may then look young once, which costs one wrong preference.
    private const int ClockShift = 5;

    private readonly int _buckets;
    private readonly ulong[] _keys;
    private readonly uint[] _touched;
    private readonly uint[] _holders;
    private readonly CacheClock[] _caches = new CacheClock[MaxCaches];
    private readonly Lock[] _stripes = new Lock[Stripes];
    private uint _now;
    private int _lastCache;

    /// <summary>Creates an empty index.</summary>
    /// <param name="entries">Blocks and sessions remembered; rounded up to a power of two, at least 512.</param>
    public PrefixIndex(int entries = DefaultEntries)
    {
        _buckets = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Clamp(entries, Stripes * Ways, 1 << 26)) / Ways;
        _keys = new ulong[_buckets * Ways];
        _touched = new uint[_buckets * Ways];
        _holders = new uint[_buckets * Ways * Holders];
        for (var i = 0; i < Stripes; i++)
            _stripes[i] = new Lock();
    }

    /// <summary>Bytes of all tables together; they never grow.</summary>
    public long Bytes => ((long)_keys.Length * (sizeof(ulong) + sizeof(uint) + (Holders * sizeof(uint)))) + ((long)MaxCaches * 2 * sizeof(int));

    /// <summary>
    /// A new, empty cache. A replica asks for one when it appears and again when its engine restarted; ids come round
    /// again after 65,535 of them.
    /// </summary>
    public ushort NewCache()
    {
        ushort id;
        do
        {
            id = (ushort)Interlocked.Increment(ref _lastCache);
        }
        while (id == 0);
        SetCapacity(id, DefaultCapacity);
        return id;
    }

    /// <summary>Says how many blocks a cache has room for.</summary>
    public void SetCapacity(ushort cache, int blocks) => Volatile.Write(ref _caches[cache].Capacity, Math.Max(1, blocks));

    /// <summary>Notes that a cache was sent a prompt.</summary>
    /// <param name="blocks">The prompt's chain, from <see cref="PromptHasher"/>.</param>
    /// <param name="salt">Keeps apart what engines keep apart, for example by adapter; 0 for nothing.</param>
    /// <param name="session">The session's hash; 0 for none.</param>
    /// <param name="cache">The replica's cache.</param>
    public void Record(ReadOnlySpan<ulong> blocks, ulong salt, ulong session, ushort cache)
    {
        if (cache == 0)
            return;
        var now = Interlocked.Increment(ref _now);
        var clock = (ushort)(Volatile.Read(ref _caches[cache].Blocks) >> ClockShift);
        var holder = ((uint)cache << 16) | clock;
        var fresh = 0;
        foreach (var block in blocks)
            fresh += Touch(Key(block, salt), holder, now) ? 1 : 0;
        if (session != 0)
            Touch(SessionKey(session), holder, now);
        if (fresh > 0)
            Interlocked.Add(ref _caches[cache].Blocks, fresh);
    }

    /// <summary>Finds the caches that hold the beginning of a prompt or served its session.</summary>
    /// <remarks>
    /// A cache that holds block n holds all blocks before it, so the deepest known block is found by halving: at most 9
    /// lookups for 256 blocks. Every block met on the way credits its holders with its depth.
    /// </remarks>
    internal void Find(ReadOnlySpan<ulong> blocks, ulong salt, ulong session, ref CacheMatch match)
    {
        Span<uint> found = stackalloc uint[Holders];
        var (known, unknown) = (0, blocks.Length + 1);
        while (unknown - known > 1)
        {
            var middle = (known + unknown) / 2;
            if (Credit(Key(blocks[middle - 1], salt), middle, found, ref match))
                known = middle;
            else
                unknown = middle;
        }

        if (session == 0 || !TryRead(SessionKey(session), found))
            return;
        for (var i = 0; i < Holders && found[i] != 0; i++)
            match.AddSession((ushort)(found[i] >> 16), i);
    }

    private static ulong Key(ulong block, ulong salt) => Math.Max(1, salt == 0 ? block : KeyHash.Combine(block, salt));

    private static ulong SessionKey(ulong session) => Math.Max(1, KeyHash.Combine(session, 0x5E55_1055_E551_0155));

    private bool Credit(ulong key, int depth, scoped Span<uint> found, ref CacheMatch match)
    {
        if (!TryRead(key, found))
            return false;
        var any = false;
        for (var i = 0; i < Holders && found[i] != 0; i++)
        {
            var cache = (ushort)(found[i] >> 16);
            if (!Holds(cache, (ushort)found[i]))
                continue;
            match.AddDepth(cache, depth);
            any = true;
        }

        return any;
    }

    private bool Holds(ushort cache, ushort clock)
    {
        ref var state = ref _caches[cache];
        var age = (ushort)((Volatile.Read(ref state.Blocks) >> ClockShift) - clock);
        return age <= Volatile.Read(ref state.Capacity) >> ClockShift;
    }

    private bool TryRead(ulong key, Span<uint> holders)
    {
        var first = Bucket(key) * Ways;
        for (var i = first; i < first + Ways; i++)
        {
            if (Volatile.Read(ref _keys[i]) != key)
                continue;
            _holders.AsSpan(i * Holders, Holders).CopyTo(holders);
            // Taken over by another block meanwhile: those are not this one's holders.
            return Volatile.Read(ref _keys[i]) == key;
        }

        return false;
    }

    // Moves the holder to the front of the block's list. True when it was not in the list or is there no longer.
    private bool Touch(ulong key, uint holder, uint now)
    {
        var bucket = Bucket(key);
        lock (_stripes[bucket & (Stripes - 1)])
        {
            var entry = Entry(key, bucket * Ways, now);
            _touched[entry] = now;
            var holders = _holders.AsSpan(entry * Holders, Holders);
            var at = 0;
            while (at < Holders - 1 && holders[at] != 0 && holders[at] >> 16 != holder >> 16)
                at++;
            var wasThere = holders[at] >> 16 == holder >> 16 && Holds((ushort)(holder >> 16), (ushort)holders[at]);
            holders[..at].CopyTo(holders[1..]);
            holders[0] = holder;
            return !wasThere;
        }
    }

    private int Entry(ulong key, int first, uint now)
    {
        var oldest = first;
        for (var i = first; i < first + Ways; i++)
        {
            if (_keys[i] == key)
                return i;
            if (now - _touched[i] > now - _touched[oldest])
                oldest = i;
        }

        // Holders first: a reader that still sees the old key finds nobody, never somebody else.
        _holders.AsSpan(oldest * Holders, Holders).Clear();
        Volatile.Write(ref _keys[oldest], key);
        return oldest;
    }

    private int Bucket(ulong key) => (int)(key & (uint)(_buckets - 1));

    private struct CacheClock
    {
        public int Blocks;
        public int Capacity;
    }
}
