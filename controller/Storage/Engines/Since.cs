using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace Ops.Storage.Engines;

/// <summary>How long members have been in a state, by looks that found them so one after the other.</summary>
internal sealed class Since(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, long> _since = new();

    /// <summary>Whether any member was in the state at the last look.</summary>
    internal bool Any => !_since.IsEmpty;

    /// <summary>Whether a member was in the state at the last look.</summary>
    internal bool Holds(string member) => _since.ContainsKey(member);

    /// <summary>Takes in a look.</summary>
    /// <param name="members">Who is in the state; nobody else is.</param>
    /// <param name="began">When the look began, as a timestamp of the clock.</param>
    /// <param name="lasting">
    /// How long it was to last. The first look alone counts for no more than that: were this process held up in it, the silence
    /// of the others would be its own.
    /// </param>
    /// <returns>How long each has been so, from the beginning of the first look of those that found it so without a gap.</returns>
    internal ImmutableDictionary<string, TimeSpan> HowLong(HashSet<string> members, long began, TimeSpan lasting)
    {
        var now = time.GetTimestamp();
        foreach (var member in _since.Keys.Where(member => !members.Contains(member)))
            End(member);
        return members.ToImmutableDictionary(member => member, member =>
        {
            var first = _since.TryAdd(member, began);
            var elapsed = time.GetElapsedTime(_since.GetValueOrDefault(member, began), now);
            return first && elapsed > lasting ? lasting : elapsed;
        });
    }

    /// <summary>Notes that a member is in the state no longer, also between two looks.</summary>
    internal void End(string member) => _since.TryRemove(member, out _);
}
