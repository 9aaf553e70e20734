using k8s.Models;

namespace Ops.Operator.Stores;

/// <summary>
/// Shards that shall go and have no slot left. Their nodes stay for a moment: clients that remember one of them for a slot are
/// told by it where the slot went (MOVED), instead of meeting nobody. In memory only; another operator waits anew.
/// </summary>
internal sealed class DrainedShards
{
    /// <summary>How long they stay: a client that asks for anything in that time has a new map after it.</summary>
    internal static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private Dictionary<string, DateTimeOffset> _since = [];

    /// <summary>The shards that have been empty for long enough, in the given order; none behind one that has not.</summary>
    /// <param name="empty">The StatefulSets of all that are empty now. One that is absent begins anew.</param>
    /// <param name="now">The moment.</param>
    internal List<V1StatefulSet> Due(IReadOnlyList<V1StatefulSet> empty, DateTimeOffset now)
    {
        _since = empty.ToDictionary(set => set.Metadata.Uid, set => _since.GetValueOrDefault(set.Metadata.Uid, now));
        return [.. empty.TakeWhile(set => now - _since[set.Metadata.Uid] >= Grace)];
    }
}
