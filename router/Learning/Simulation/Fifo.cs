using System.Numerics;

namespace Ops.Learning;

/// <summary>A queue whose items can be changed in place and which can be copied without allocating.</summary>
internal sealed class Fifo<T>
    where T : struct
{
    private T[] _items = new T[16];
    private int _head;

    public int Count { get; private set; }

    /// <summary>The item at a place, 0 is the oldest.</summary>
    public ref T this[int index] => ref _items[(_head + index) & (_items.Length - 1)];

    public void Add(in T item)
    {
        if (Count == _items.Length)
            Grow(Count * 2);
        _items[(_head + Count++) & (_items.Length - 1)] = item;
    }

    public T Take()
    {
        var item = _items[_head];
        _head = (_head + 1) & (_items.Length - 1);
        Count--;
        return item;
    }

    public void Clear() => (_head, Count) = (0, 0);

    public void CopyFrom(Fifo<T> other)
    {
        if (_items.Length < other.Count)
            _items = new T[BitOperations.RoundUpToPowerOf2((uint)other.Count)];
        var first = Math.Min(other.Count, other._items.Length - other._head);
        Array.Copy(other._items, other._head, _items, 0, first);
        Array.Copy(other._items, 0, _items, first, other.Count - first);
        (_head, Count) = (0, other.Count);
    }

    private void Grow(int capacity)
    {
        var items = new T[capacity];
        for (var i = 0; i < Count; i++)
            items[i] = this[i];
        (_items, _head) = (items, 0);
    }
}
