using System.Globalization;
using Ops.Storage.Slots;
using StackExchange.Redis;

namespace Ops.Storage.Engines;

/// <summary>Reads CLUSTER SLOT-STATS (Valkey 8.0 and newer, Redis 8.2 and newer).</summary>
/// <remarks>1) 1) (integer) 7  2) 1) "key-count" 2) (integer) 3 3) "cpu-usec" 4) (integer) 810 5) "network-bytes-in" ...</remarks>
internal static class SlotStats
{
    /// <summary>CPU time by slot in microseconds since the counters began; null where the engine does not count it.</summary>
    internal static Dictionary<int, long>? CpuMicroseconds(RedisResult answer)
    {
        var counters = new Dictionary<int, long>();
        foreach (var row in Rows(answer).Take(SlotSet.Slots))
        {
            var columns = Rows(row);
            if (columns.Length < 2 || !int.TryParse((string?)columns[0], NumberStyles.None, CultureInfo.InvariantCulture, out var slot) || slot >= SlotSet.Slots)
                return null;
            var facts = Rows(columns[1]);
            var at = Array.FindIndex(facts, fact => (string?)fact == "cpu-usec");
            if (at < 0 || at + 1 >= facts.Length || !long.TryParse((string?)facts[at + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var cpu))
                return null;
            counters[slot] = cpu;
        }

        return counters;
    }

    private static RedisResult[] Rows(RedisResult answer) => (RedisResult[]?)answer ?? [];
}
