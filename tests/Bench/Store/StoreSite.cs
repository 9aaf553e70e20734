using System.Collections.Immutable;
using System.Diagnostics;
using Ops.Storage.Cluster;
using Ops.Storage.Engines;
using Ops.Storage.Planning;
using Ops.Storage.Slots;

namespace Ops.Bench.Store;

/// <summary>One store under test, whoever runs it: its members, what they say, and when it is whole.</summary>
/// <param name="name">For messages.</param>
/// <param name="shards">Shards that it shall have.</param>
/// <param name="members">Member and present address.</param>
/// <param name="unrest">Why its owner is not content yet; null when it is.</param>
/// <param name="restarted">How often its owner has let a member that hung start anew; null where it has no owner.</param>
/// <param name="drop">Takes the store away with what this sees of it; null where its owner does.</param>
internal sealed class StoreSite(string name, int shards, Func<ImmutableSortedDictionary<string, StoreAddress>> members, Func<string?> unrest, Func<int>? restarted = null, Func<Task>? drop = null) : IAsyncDisposable
{
    // Long, because two cores may be busy with other work; a healthy run needs a small part of it. A member that hangs starts
    // anew after a minute of silence, and two of them one after the other.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private readonly RedisEngine _engine = new(TimeProvider.System);

    /// <summary>For messages.</summary>
    internal string Name => name;

    /// <summary>Shards that it shall have; a change is the caller's to carry out.</summary>
    internal int Shards { get; set; } = shards;

    /// <summary>How often a member that hung was started anew so far.</summary>
    internal int Restarted => restarted?.Invoke() ?? 0;

    /// <summary>Addresses of its nodes now.</summary>
    internal IEnumerable<StoreAddress> Seeds() => members().Values.Where(address => address != default);

    /// <summary>Its members.</summary>
    internal IEnumerable<string> Members => members().Keys;

    /// <summary>The member at an address.</summary>
    internal string MemberAt(StoreAddress address) => members().First(member => member.Value == address).Key;

    /// <summary>Asks all nodes.</summary>
    internal Task<StoreView> ObserveAsync(CancellationToken cancellation) => _engine.ObserveAsync(members(), StoreGoal.LongestAnswer, cancellation);

    /// <summary>Waits until every slot has a primary that answers, every other node follows one, and its owner is content.</summary>
    internal async Task WholeAsync(CancellationToken cancellation)
    {
        for (var began = Stopwatch.GetTimestamp(); await WhyNotAsync(cancellation) is { } reason; await Task.Delay(100, cancellation))
        {
            if (Stopwatch.GetElapsedTime(began) > Patience)
                throw new BenchCannotRunException($"{name} did not become whole within {Patience.TotalSeconds:0} s: {reason}");
        }
    }

    /// <summary>What each member says of itself now, and for how long those that say nothing have been silent; a line each.</summary>
    internal async Task<string> DescribeAsync(CancellationToken cancellation)
    {
        // Of two looks the second knows who gives no sign of life.
        await ObserveAsync(cancellation);
        var view = await ObserveAsync(cancellation);
        return string.Join('\n', members().Select(member => $"  {member.Key} at {member.Value.Host}: {(view.Nodes.TryGetValue(member.Key, out var node) ? Described(node, view) : view.Mute.ContainsKey(member.Key) ? "gives no sign of life" : "does not answer")}"));
    }

    private static string Described(NodeView node, StoreView view)
    {
        var others = string.Join(", ", node.Peers.Where(peer => !peer.Connected || peer.Failed || peer.Unheard).Select(peer => $"{view.ById(peer.Id)?.Member ?? peer.Id} at {peer.Address.Host} {(peer.Failed ? "failed" : peer.Connected ? "unheard" : "not connected")}"));
        var role = node.PrimaryId is not { } id
            ? $"primary of {node.Slots.Count} slots{(node.Serves ? "" : ", does not serve")}"
            : $"replica of {view.ById(id)?.Member ?? id}, known at {node.Peer(id)?.Address.Host}, copies from {node.CopiesFrom?.Host}, link {(node.LinkUp ? "up" : "down")}{(node.Copying ? ", copying" : "")}";
        return $"{role}, offset {node.Offset}, epoch {node.Epoch}, {node.Keys} keys{(others.Length > 0 ? $"; {others}" : "")}";
    }

    /// <summary>Slots of which no answering primary is the owner.</summary>
    internal static int Uncovered(StoreView view) =>
        SlotSet.Slots - view.Nodes.Values.Where(node => node.IsPrimary).Aggregate(SlotSet.Empty, (slots, node) => slots.Union(node.Slots)).Count;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        if (drop is not null)
            await drop();
    }

    private async Task<string?> WhyNotAsync(CancellationToken cancellation)
    {
        if (unrest() is { } reason)
            return reason;
        var view = await ObserveAsync(cancellation);
        if (members().FirstOrDefault(member => !view.Nodes.ContainsKey(member.Key)) is { Key: { } silent })
            return $"{silent} does not answer";
        if (Uncovered(view) is > 0 and var uncovered)
            return $"{uncovered} slots have no primary";
        if (view.Nodes.Values.Count(node => node.IsPrimary) is var primaries && primaries != Shards)
            return $"{primaries} primaries of {Shards}";
        if (view.Nodes.Values.FirstOrDefault(node => !node.IsPrimary && (!node.LinkUp || node.Copying)) is { } late)
            return $"{late.Member} does not follow";
        if (view.Nodes.Values.FirstOrDefault(node => node.Peers.Length != view.Nodes.Count - 1) is { } lonely)
            return $"{lonely.Member} knows {lonely.Peers.Length} others";
        foreach (var node in view.Nodes.Values)
        {
            if (!await IsUpAsync(node.Address, cancellation))
                return $"{node.Member} calls its cluster down";
        }

        return null;
    }

    // A node refuses commands until it has called its cluster up, which is a moment after the last slot has an owner.
    private static async Task<bool> IsUpAsync(StoreAddress address, CancellationToken cancellation)
    {
        var within = TimeSpan.FromSeconds(1);
        try
        {
            using var connection = await RespConnection.OpenAsync(address, within, cancellation);
            return (await connection.AskAsync(within, cancellation, ["CLUSTER", "INFO"]))[0] is string info && info.Contains("cluster_state:ok", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
