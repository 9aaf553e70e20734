using System.Collections.Immutable;
using System.Globalization;
using StackExchange.Redis;

namespace Ops.Storage.Engines;

/// <summary>Commands that a node ran in a short time, out of its slow log.</summary>
/// <param name="LastId">Number of the newest entry.</param>
/// <param name="Commands">Commands of clients, with or without a key.</param>
/// <param name="Own">Commands of the operator itself.</param>
/// <param name="Keys">First keys of the clients' commands.</param>
internal sealed record CommandSample(long LastId, int Commands, int Own, ImmutableArray<string> Keys)
{
    /// <summary>The name that the operator's connections bear.</summary>
    internal const string OwnName = "ops-store";

    /// <summary>Reads SLOWLOG GET; entries up to the given number were read before.</summary>
    /// <remarks>1) 1) (integer) 14  2) (integer) 1309448221  3) (integer) 15  4) 1) "GET" 2) "key"  5) "127.0.0.1:58217"  6) "name"</remarks>
    internal static CommandSample Of(RedisResult answer, long after)
    {
        var (last, commands, own) = (after, 0, 0);
        var keys = ImmutableArray.CreateBuilder<string>();
        foreach (var entry in (RedisResult[]?)answer ?? [])
        {
            var fields = (RedisResult[]?)entry ?? [];
            if (fields.Length < 6 || !long.TryParse((string?)fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out var id) || id <= after)
                continue;
            last = Math.Max(last, id);
            if ((string?)fields[5] == OwnName)
            {
                own++;
                continue;
            }

            commands++;
            if (CommandKey.Of([.. ((string?[]?)fields[3] ?? []).Select(word => word ?? "")]) is { } key)
                keys.Add(key);
        }

        return new(last, commands, own, keys.DrainToImmutable());
    }
}
