using System.Runtime.InteropServices;

namespace Ops.Learning;

/// <summary>A sequence that decodes: it ends when its engine has made a known number of steps.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct Decoding
{
    /// <summary>The engine's step count at which its last token is there.</summary>
    public long EndStep;

    /// <summary>Index of the request in the workload.</summary>
    public int Request;

    /// <summary>When it got its place in the batch.</summary>
    public double Scheduled;

    /// <summary>When its first token was there.</summary>
    public double FirstToken;
}

/// <summary>
/// The decoding sequences of an engine as a binary heap, soonest end first. A step gives every one of them a token, so
/// no sequence is touched between its first token and its last.
/// </summary>
internal sealed class DecodeHeap
{
    private Decoding[] _items = new Decoding[64];

    public int Count { get; private set; }

    public ref readonly Decoding First => ref _items[0];

    public ReadOnlySpan<Decoding> Items => _items.AsSpan(0, Count);

    public void Add(in Decoding item)
    {
        if (Count == _items.Length)
            Array.Resize(ref _items, Count * 2);
        var i = Count++;
        while (i > 0 && Before(item, _items[(i - 1) / 2]))
        {
            _items[i] = _items[(i - 1) / 2];
            i = (i - 1) / 2;
        }

        _items[i] = item;
    }

    public Decoding Take()
    {
        var first = _items[0];
        var last = _items[--Count];
        var i = 0;
        while ((2 * i) + 1 < Count)
        {
            var child = (2 * i) + 1;
            if (child + 1 < Count && Before(_items[child + 1], _items[child]))
                child++;
            if (!Before(_items[child], last))
                break;
            _items[i] = _items[child];
            i = child;
        }

        _items[i] = last;
        return first;
    }

    public void Clear() => Count = 0;

    public void CopyFrom(DecodeHeap other)
    {
        if (_items.Length < other.Count)
            _items = new Decoding[other._items.Length];
        Array.Copy(other._items, _items, other.Count);
        Count = other.Count;
    }

    // Equal ends in order of arrival, so that a run does not depend on the history of the heap.
    private static bool Before(in Decoding a, in Decoding b) =>
        a.EndStep < b.EndStep || (a.EndStep == b.EndStep && a.Request < b.Request);
}
