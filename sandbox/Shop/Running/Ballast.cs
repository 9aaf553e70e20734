namespace Ops.Sandbox.Shop.Running;

/// <summary>Memory that a leak keeps, in blocks of 1 MiB; every request searches it as a list without an index would be.</summary>
internal sealed class Ballast
{
    private const int BlockBytes = 1 << 20;

    // A pod of the shop asks for 256 MiB.
    private const int MostBlocks = 128;

    private readonly List<byte[]> blocks = [];
    private readonly Lock gate = new();

    /// <summary>Keeps as many blocks as told, within the bound.</summary>
    public void Keep(int count)
    {
        lock (gate)
        {
            while (blocks.Count > count)
                blocks.RemoveAt(blocks.Count - 1);
            while (blocks.Count < Math.Min(count, MostBlocks))
            {
                var block = new byte[BlockBytes];
                // Touched, so that the process really has it.
                Array.Fill(block, (byte)1);
                blocks.Add(block);
            }
        }
    }

    /// <summary>Looks at every cache line.</summary>
    public int Search()
    {
        lock (gate)
        {
            var found = 0;
            foreach (var block in blocks)
                for (var at = 0; at < block.Length; at += 64)
                    found += block[at];
            return found;
        }
    }

    /// <summary>Whether there is anything to search.</summary>
    public bool Any
    {
        get
        {
            lock (gate)
                return blocks.Count > 0;
        }
    }
}
