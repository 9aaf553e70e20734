using StackExchange.Redis;

namespace Ops.Storage.Engines;

/// <summary>Parts keys of one node so that each part can go by one MIGRATE, which holds up every other client of that node until it is confirmed.</summary>
/// <remarks>
/// One part has at most a megabyte, or one key that is larger, which stalls for its own size, since engines move keys whole.
/// 200 values of 1 MiB between two nodes that write logs, on two cores under a load of 35: 100 keys at once, 100 MiB, stalled a
/// client of another key for 1.9 to 2.4 s, with a default of 2 s after which a primary is taken for dead; 10 keys for 1.0 s;
/// 1 key, which is 1 MiB, for 0.05 to 0.1 s, in no more time for all of them.
/// </remarks>
internal static class KeyBatches
{
    private const long MaxBytes = 1 << 20;

    /// <summary>The keys in their order, parted by what the node says of their sizes.</summary>
    internal static async Task<IReadOnlyList<RedisKey[]>> OfAsync(IServer source, RedisKey[] keys) =>
        Part(keys, await Task.WhenAll(keys.Select(key => SizeAsync(source, key))), MaxBytes);

    /// <summary>Parts of at most so many bytes each; a larger key is alone.</summary>
    internal static IReadOnlyList<T[]> Part<T>(IReadOnlyList<T> keys, IReadOnlyList<long> sizes, long most)
    {
        var (parts, part, bytes) = (new List<T[]>(), new List<T>(), 0L);
        for (var index = 0; index < keys.Count; index++)
        {
            if (part.Count > 0 && bytes + sizes[index] > most)
            {
                parts.Add([.. part]);
                (part, bytes) = ([], 0);
            }

            part.Add(keys[index]);
            bytes += sizes[index];
        }

        if (part.Count > 0)
            parts.Add([.. part]);
        return parts;
    }

    // Of a collection the engine looks at five elements. A key that is gone meanwhile has no size.
    private static async Task<long> SizeAsync(IServer source, RedisKey key)
    {
        try
        {
            return (long?)await source.ExecuteAsync("MEMORY", ["USAGE", key], CommandFlags.NoRedirect) ?? 0;
        }
        catch (RedisServerException)
        {
            return 0;
        }
    }
}
