using k8s.Models;

namespace Ops.Kube;

/// <summary>Something that was said about an object.</summary>
internal sealed record EventNote(V1ObjectReference Subject, string Type, string Reason, string Message);

/// <summary>What to write for a note: a new event, or a higher count of the named one.</summary>
internal sealed record CorrelatedEvent(V1ObjectReference Subject, string Type, string Reason, string Message, int Count, string? Name, string Key);

/// <summary>
/// Decides what becomes of a note, with the rules of client-go's correlator: the same note again raises a count; the
/// eleventh different message of one reason within ten minutes, and each after it, joins one combined event; an object
/// has 25 events at once and then one every five minutes. Used by one task.
/// </summary>
internal sealed class EventCorrelator(TimeProvider time)
{
    internal const string CombinedPrefix = "(combined from similar events): ";
    private const int MaxSimilar = 10;
    private const int Burst = 25;

    // Notes, groups and objects remembered, 4096 each at under 1 KB: when full, everything is forgotten, which costs
    // at most one repeated event a note.
    private const int Capacity = 4096;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Refill = TimeSpan.FromMinutes(5);

    private readonly Dictionary<string, Sighting> sightings = [];
    private readonly Dictionary<string, Group> groups = [];
    private readonly Dictionary<string, Bucket> buckets = [];

    /// <summary>What to write, or null when the object has used up its share.</summary>
    public CorrelatedEvent? Correlate(EventNote note)
    {
        var subject = $"{note.Subject.Kind}/{note.Subject.NamespaceProperty}/{note.Subject.Name}/{note.Subject.Uid}";
        if (!Allow(subject))
            return null;
        var groupKey = $"{subject}|{note.Type}|{note.Reason}";
        var combined = IsOneOfMany(groupKey, note.Message);
        var key = combined ? groupKey : $"{groupKey}|{note.Message}";
        var message = combined ? CombinedPrefix + note.Message : note.Message;
        var sighting = Fetch(sightings, key, () => new Sighting());
        if (time.GetElapsedTime(sighting.LastAt, time.GetTimestamp()) > Window && sighting.Count > 0)
            (sighting.Count, sighting.Name) = (0, null);
        sighting.LastAt = time.GetTimestamp();
        sighting.Count++;
        return new CorrelatedEvent(note.Subject, note.Type, note.Reason, message, sighting.Count, sighting.Name, key);
    }

    /// <summary>Remembers under which name an event was created.</summary>
    public void Named(CorrelatedEvent e, string name)
    {
        if (sightings.TryGetValue(e.Key, out var sighting))
            sighting.Name = name;
    }

    private bool IsOneOfMany(string groupKey, string message)
    {
        var group = Fetch(groups, groupKey, () => new Group { StartedAt = time.GetTimestamp() });
        if (time.GetElapsedTime(group.StartedAt) > Window)
        {
            group.StartedAt = time.GetTimestamp();
            group.Messages.Clear();
        }

        if (group.Messages.Contains(message))
            return false;
        if (group.Messages.Count >= MaxSimilar)
            return true;
        group.Messages.Add(message);
        return false;
    }

    private bool Allow(string subject)
    {
        var bucket = Fetch(buckets, subject, () => new Bucket { Tokens = Burst, At = time.GetTimestamp() });
        var earned = time.GetElapsedTime(bucket.At) / Refill;
        bucket.At = time.GetTimestamp();
        bucket.Tokens = Math.Min(Burst, bucket.Tokens + earned);
        if (bucket.Tokens < 1)
            return false;
        bucket.Tokens--;
        return true;
    }

    private static TValue Fetch<TValue>(Dictionary<string, TValue> all, string key, Func<TValue> create)
    {
        if (all.TryGetValue(key, out var value))
            return value;
        if (all.Count >= Capacity)
            all.Clear();
        return all[key] = create();
    }

    private sealed class Sighting
    {
        public int Count { get; set; }

        public string? Name { get; set; }

        public long LastAt { get; set; }
    }

    private sealed class Group
    {
        public long StartedAt { get; set; }

        public HashSet<string> Messages { get; } = [];
    }

    private sealed class Bucket
    {
        public double Tokens { get; set; }

        public long At { get; set; }
    }
}
