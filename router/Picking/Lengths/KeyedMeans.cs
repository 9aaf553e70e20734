namespace Ops.Picking;

/// <summary>
/// Recent means by key: 65,536 slots of 8 bytes, 512 KB whatever happens. A key whose slot belongs to another one takes
/// it over, so a mean that is asked for often stays.
/// </summary>
/// <remarks>
/// A slot is one number, so that readers need no lock: 16 bits of the key, 16 bits of count, 32 bits of mean.
/// The count stops at 64: from there on the mean forgets, with a memory of 64 observations.
/// </remarks>
internal sealed class KeyedMeans
{
    internal const int MaxCount = 64;
    private const int Slots = 1 << 16;

    private readonly ulong[] _slots = new ulong[Slots];

    /// <summary>The mean and how many observations are behind it; 0 and 0 for an unknown key.</summary>
    internal (float Mean, int Count) Find(ulong key)
    {
        var slot = Volatile.Read(ref _slots[Index(key)]);
        return slot >> 48 == Tag(key) ? (BitConverter.UInt32BitsToSingle((uint)slot), (int)((slot >> 32) & 0xFFFF)) : (0, 0);
    }

    /// <summary>Takes an observation in. One writer at a time.</summary>
    internal void Add(ulong key, float value)
    {
        var (mean, count) = Find(key);
        count = Math.Min(count + 1, MaxCount);
        mean += (value - mean) / count;
        Volatile.Write(ref _slots[Index(key)], (Tag(key) << 48) | ((ulong)count << 32) | BitConverter.SingleToUInt32Bits(mean));
    }

    private static int Index(ulong key) => (int)(key & (Slots - 1));

    private static ulong Tag(ulong key) => key >> 48;
}
