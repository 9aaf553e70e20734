namespace Ops.Picking.Replay;

/// <summary>A simulated KV cache: whole blocks, the least recently used one makes room.</summary>
internal sealed class BlockCache(int capacity)
{
    private readonly Dictionary<int, LinkedListNode<int>> _nodes = [];
    private readonly LinkedList<int> _order = new();

    /// <summary>Serves a prompt: counts the leading blocks that are here, then holds all of them.</summary>
    internal int Serve(ReadOnlySpan<int> blocks)
    {
        var hits = 0;
        while (hits < blocks.Length && _nodes.ContainsKey(blocks[hits]))
            hits++;
        foreach (var block in blocks)
            Touch(block);
        return hits;
    }

    private void Touch(int block)
    {
        if (_nodes.TryGetValue(block, out var node))
        {
            _order.Remove(node);
        }
        else
        {
            if (_nodes.Count == capacity)
            {
                _nodes.Remove(_order.First!.Value);
                _order.RemoveFirst();
            }

            node = new LinkedListNode<int>(block);
            _nodes.Add(block, node);
        }

        _order.AddLast(node);
    }
}
