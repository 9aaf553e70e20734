using System.Buffers;

namespace Ops.Router;

/// <summary>
/// Buffers for request bodies. Long prompts have a store of their own: the shared pool keeps 32 of a size for each
/// core, so a few hundred long prompts at once would allocate, and collect, a quarter of a megabyte each.
/// </summary>
internal static class BodyBuffers
{
    /// <summary>Size of the buffers in the store; a prompt of 220 KB fits.</summary>
    internal const int LongBytes = 256 << 10;

    // Below this the shared pool is as good.
    private const int ShortBytes = 64 << 10;

    // 256 x 256 KiB = 64 MiB at most, kept until the process ends.
    private const int MostKept = 256;

    private static readonly Lock Gate = new();
    private static readonly Stack<byte[]> Kept = new(MostKept);

    /// <summary>A buffer of at least the given size, with anything in it.</summary>
    internal static byte[] Rent(int bytes)
    {
        if (bytes is <= ShortBytes or > LongBytes)
            return ArrayPool<byte>.Shared.Rent(bytes);
        lock (Gate)
        {
            if (Kept.TryPop(out var kept))
                return kept;
        }

        return GC.AllocateUninitializedArray<byte>(LongBytes);
    }

    /// <summary>Takes a buffer back that nobody reads any more.</summary>
    internal static void Return(byte[] buffer)
    {
        if (buffer.Length is <= ShortBytes or > LongBytes)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            return;
        }

        lock (Gate)
        {
            if (Kept.Count < MostKept)
                Kept.Push(buffer);
        }
    }
}
