using System.Collections.Immutable;
using System.Numerics;
using System.Text;

namespace Ops.Storage.Slots;

/// <summary>
/// A set of hash slots. Immutable: 256 words of 64 bits, so union, difference and count cost 256 operations whatever the
/// set holds.
/// </summary>
public sealed class SlotSet : IEquatable<SlotSet>
{
    /// <summary>Hash slots of a cluster; fixed by the protocol of Redis Cluster.</summary>
    public const int Slots = 16_384;

    /// <summary>No slot.</summary>
    public static readonly SlotSet Empty = new(new ulong[Words]);

    /// <summary>Every slot.</summary>
    public static readonly SlotSet All = Range(0, Slots - 1);

    private const int Words = Slots / 64;

    private readonly ulong[] _words;

    private SlotSet(ulong[] words)
    {
        _words = words;
        foreach (var word in words)
            Count += BitOperations.PopCount(word);
    }

    /// <summary>Slots in the set.</summary>
    public int Count { get; }

    /// <summary>Whether the set is empty.</summary>
    public bool IsEmpty => Count == 0;

    /// <summary>The slots from <paramref name="first"/> to <paramref name="last"/>, both included.</summary>
    public static SlotSet Range(int first, int last) => Of(Enumerable.Range(first, Math.Max(0, last - first + 1)));

    /// <summary>The given slots.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A slot is not in 0..16383.</exception>
    public static SlotSet Of(IEnumerable<int> slots)
    {
        ArgumentNullException.ThrowIfNull(slots);
        var words = new ulong[Words];
        foreach (var slot in slots)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(slot, nameof(slots));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(slot, Slots, nameof(slots));
            words[slot / 64] |= 1UL << (slot % 64);
        }

        return new SlotSet(words);
    }

    /// <summary>Whether the slot is in the set.</summary>
    public bool Contains(int slot) => (_words[slot / 64] >> (slot % 64) & 1) != 0;

    /// <summary>Slots of either set.</summary>
    public SlotSet Union(SlotSet other) => Combine(other, static (a, b) => a | b);

    /// <summary>Slots of this set that the other lacks.</summary>
    public SlotSet Except(SlotSet other) => Combine(other, static (a, b) => a & ~b);

    /// <summary>Slots of both sets.</summary>
    public SlotSet Intersect(SlotSet other) => Combine(other, static (a, b) => a & b);

    /// <summary>The slots in rising order.</summary>
    public IEnumerable<int> Enumerate()
    {
        for (var word = 0; word < Words; word++)
        {
            for (var rest = _words[word]; rest != 0; rest &= rest - 1)
                yield return word * 64 + BitOperations.TrailingZeroCount(rest);
        }
    }

    /// <summary>The set as the fewest ranges, both ends included.</summary>
    public ImmutableArray<(int First, int Last)> Ranges()
    {
        var ranges = ImmutableArray.CreateBuilder<(int First, int Last)>();
        foreach (var slot in Enumerate())
        {
            if (ranges.Count > 0 && ranges[^1].Last == slot - 1)
                ranges[^1] = (ranges[^1].First, slot);
            else
                ranges.Add((slot, slot));
        }

        return ranges.DrainToImmutable();
    }

    /// <summary>As CLUSTER NODES writes it, for example "0-5460 10923".</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var (first, last) in Ranges())
            text.Append(text.Length > 0 ? " " : "").Append(first).Append(last > first ? $"-{last}" : "");
        return text.ToString();
    }

    /// <inheritdoc/>
    public bool Equals(SlotSet? other) => other is not null && _words.AsSpan().SequenceEqual(other._words);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as SlotSet);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var word in _words)
            hash.Add(word);
        return hash.ToHashCode();
    }

    private SlotSet Combine(SlotSet other, Func<ulong, ulong, ulong> combine)
    {
        var words = new ulong[Words];
        for (var i = 0; i < Words; i++)
            words[i] = combine(_words[i], other._words[i]);
        return new SlotSet(words);
    }
}
