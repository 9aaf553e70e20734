using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using Ops.Storage.Cluster;
using Ops.Storage.Load;
using Ops.Storage.Slots;
using StackExchange.Redis;

namespace Ops.Storage.Engines;

/// <summary>
/// Learns the load of the slots of each primary: from its own counters where it has them (CLUSTER SLOT-STATS), else from a
/// sample of the commands that it runs.
/// </summary>
/// <remarks>
/// The sample is the slow log with a threshold of 0 for as long as some 256 commands take, at most half a second, once a
/// round; then the threshold is the engine's default again. It sees reads and writes of every type with their keys, costs
/// the node a copy of the words of some 256 commands a round, and needs no MONITOR. The node's slow log is ours for that:
/// a threshold of somebody else does not stay. Counted are all commands (INFO stats), shared out as the sample says.
/// </remarks>
internal sealed class LoadSampler(TimeProvider time)
{
    private const int Entries = 256;
    private const long EngineDefaultThreshold = 10_000;
    // Below this a node's load moves nothing, and a sample would need seconds.
    private const double WorthSampling = 20;
    private static readonly TimeSpan ShortestBurst = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestBurst = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<string, Counters> _before = new();

    /// <summary>The load since the last round; null on the first one.</summary>
    /// <exception cref="RedisException">A node did not answer.</exception>
    internal async Task<LoadSample?> SampleAsync(IReadOnlyList<(NodeView Node, IServer Server)> primaries, CancellationToken cancellation)
    {
        foreach (var gone in _before.Keys.Except(primaries.Select(primary => Name(primary.Node))).ToList())
            _before.TryRemove(gone, out _);
        var samples = await Task.WhenAll(primaries.Select(primary => OfNodeAsync(primary.Node, primary.Server, cancellation)));
        var known = samples.OfType<LoadSample>().ToList();
        // Units do not mix: while an upgrade changes what nodes can count, the better half speaks.
        var source = known.Select(sample => sample.Source).DefaultIfEmpty(LoadSource.None).Min();
        known.RemoveAll(sample => sample.Source != source);
        if (known.Count == 0)
            return null;
        var rates = new double[SlotSet.Slots];
        foreach (var sample in known)
        {
            foreach (var slot in sample.Measured.Enumerate())
                rates[slot] = sample.Rates[slot];
        }

        return new LoadSample(
            source,
            TimeSpan.FromSeconds(known.Average(sample => sample.Interval.TotalSeconds)),
            known.Aggregate(SlotSet.Empty, (slots, sample) => slots.Union(sample.Measured)),
            [.. rates],
            known.Sum(sample => sample.Observations),
            [.. known.SelectMany(sample => sample.Keys)]);
    }

    private async Task<LoadSample?> OfNodeAsync(NodeView node, IServer server, CancellationToken cancellation)
    {
        var before = _before.GetValueOrDefault(Name(node)) ?? new Counters(0, 0, -1, null, true);
        if (before.HasSlotStats && await CpuAsync(node, server) is { } cpu)
        {
            var now = time.GetTimestamp();
            _before[Name(node)] = before with { Timestamp = now, Cpu = cpu };
            return before.Cpu is { } earlier ? OfCounters(node, earlier, cpu, time.GetElapsedTime(before.Timestamp, now)) : null;
        }

        var sample = before.Timestamp == 0 ? null : await ListenAsync(node, server, before.LastId, cancellation);
        var (commands, at) = (await CommandsAsync(server), time.GetTimestamp());
        _before[Name(node)] = new Counters(at, commands, sample?.LastId ?? before.LastId, null, false);
        return before.Timestamp == 0 || commands < before.Commands ? null : OfCommands(node, sample, commands - before.Commands, time.GetElapsedTime(before.Timestamp, at));
    }

    // A node that was restarted counts from zero, perhaps as another version.
    private static string Name(NodeView node) => $"{node.Id} {node.Address}";

    // Counting costs about 1 % of a node's time, so it is asked for and not assumed; an engine without it refuses both.
    private static async Task<Dictionary<int, long>?> CpuAsync(NodeView node, IServer server)
    {
        try
        {
            await server.ExecuteAsync("CONFIG", "SET", "cluster-slot-stats-enabled", "yes");
            var counters = new Dictionary<int, long>();
            foreach (var (first, last) in node.Slots.Ranges())
            {
                if (SlotStats.CpuMicroseconds(await server.ExecuteAsync("CLUSTER", "SLOT-STATS", "SLOTSRANGE", first, last)) is not { } part)
                    return null;
                foreach (var (slot, cpu) in part)
                    counters[slot] = cpu;
            }

            return counters;
        }
        catch (RedisServerException)
        {
            return null;
        }
    }

    private async Task<CommandSample?> ListenAsync(NodeView node, IServer server, long after, CancellationToken cancellation)
    {
        if (node.OperationsPerSecond < WorthSampling)
            return null;
        var burst = TimeSpan.FromSeconds(Math.Clamp(Entries / (double)node.OperationsPerSecond, ShortestBurst.TotalSeconds, LongestBurst.TotalSeconds));
        await server.ExecuteAsync("CONFIG", "SET", "slowlog-max-len", Entries);
        await server.ExecuteAsync("CONFIG", "SET", "slowlog-log-slower-than", 0);
        try
        {
            await Task.Delay(burst, time, cancellation);
            return CommandSample.Of(await server.ExecuteAsync("SLOWLOG", "GET", Entries), after);
        }
        finally
        {
            await server.ExecuteAsync("CONFIG", "SET", "slowlog-log-slower-than", EngineDefaultThreshold);
        }
    }

    private static async Task<long> CommandsAsync(IServer server)
    {
        var stats = (await server.InfoAsync("stats")).SelectMany(group => group).FirstOrDefault(fact => fact.Key == "total_commands_processed").Value;
        return long.TryParse(stats, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
    }

    private static LoadSample OfCounters(NodeView node, Dictionary<int, long> before, Dictionary<int, long> now, TimeSpan interval)
    {
        var rates = new double[SlotSet.Slots];
        // A slot that has just come begins to count; one that was counted elsewhere meanwhile may count backwards.
        foreach (var (slot, cpu) in now)
            rates[slot] = Math.Max(0, cpu - before.GetValueOrDefault(slot, cpu)) / interval.TotalSeconds;
        // Counters have no noise of sampling.
        return new(LoadSource.SlotStats, interval, node.Slots, [.. rates], Entries * 4, []);
    }

    private static LoadSample OfCommands(NodeView node, CommandSample? sample, long commands, TimeSpan interval)
    {
        var rates = new double[SlotSet.Slots];
        if (sample is not { Commands: > 0 })
            return new(LoadSource.Commands, interval, node.Slots, [.. rates], 0, []);
        // A primary runs only commands for its own slots; a key elsewhere is a word that only looks like one.
        var keys = sample.Keys.Select(key => (Key: key, Slot: HashSlot.Of(key))).Where(key => node.Slots.Contains(key.Slot)).ToList();
        var each = commands / interval.TotalSeconds / (sample.Commands + sample.Own);
        foreach (var (_, slot) in keys)
            rates[slot] += each;
        return new(
            LoadSource.Commands,
            interval,
            node.Slots,
            [.. rates],
            keys.Count,
            [.. keys.GroupBy(key => key).Select(key => new KeyLoad(key.Key.Key, key.Key.Slot, key.Count() * each))]);
    }

    // Timestamp 0: the node was not asked before.
    private sealed record Counters(long Timestamp, long Commands, long LastId, Dictionary<int, long>? Cpu, bool HasSlotStats);
}
