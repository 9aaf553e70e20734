using System.Collections.Immutable;
using Ops.Storage.Slots;

namespace Ops.Storage.Load;

/// <summary>
/// What is known of a store's load: forecast, heat over a sliding window, hottest keys, slots that moved lately. In memory
/// only: after a restart nothing is moved by load until enough was seen anew. Some 1 MB a store (7 arrays of 16,384
/// doubles). Not safe for several threads.
/// </summary>
public sealed class LoadWindow
{
    /// <summary>How far ahead slots are placed: a plan of moves takes seconds, and its slots then rest.</summary>
    public static readonly TimeSpan Horizon = TimeSpan.FromSeconds(20);

    // A node's share of a third of all has a standard error of 2 points at 500 commands, well below what a move is worth.
    private const double EnoughObservations = 500;
    private const int Buckets = 5;
    private const int KeysKept = 256;
    private static readonly TimeSpan BucketLength = TimeSpan.FromMinutes(1);
    // A sample older than this says nothing of now.
    private static readonly TimeSpan Stale = TimeSpan.FromMinutes(1);

    private readonly SlotForecast _forecast = new();
    private readonly double[][] _buckets = [.. Enumerable.Range(0, Buckets).Select(_ => new double[SlotSet.Slots])];
    private readonly Dictionary<string, KeyLoad> _keys = new(StringComparer.Ordinal);
    private readonly Dictionary<int, DateTimeOffset> _moved = [];
    private double _observations;
    private int _bucket;
    private DateTimeOffset _bucketSince;
    private DateTimeOffset? _last;

    /// <summary>How the load was learnt last.</summary>
    public LoadSource Source { get; private set; }

    /// <summary>Takes a sample in. One without load counts too: silence is information.</summary>
    public void Add(LoadSample sample, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(sample);
        if (sample.Source == LoadSource.None || sample.Interval <= TimeSpan.Zero)
            return;
        (Source, _last) = (sample.Source, now);
        _forecast.Add(sample);
        // The same memory as the forecast's fast mean has, in commands.
        _observations = (_observations * Math.Exp(-sample.Interval.TotalSeconds / 10)) + sample.Observations;
        TurnBucket(now);
        foreach (var slot in sample.Measured.Enumerate())
            _buckets[_bucket][slot] += sample.Rates[slot] * sample.Interval.TotalSeconds;
        AddKeys(sample);
    }

    /// <summary>Load by slot in a moment's time; empty while too little was seen to move anything by it.</summary>
    public ImmutableArray<double> Forecast(DateTimeOffset now) => IsKnown(now) ? _forecast.After(Horizon) : [];

    /// <summary>Load by slot now; empty while too little was seen.</summary>
    public ImmutableArray<double> Level(DateTimeOffset now) => IsKnown(now) ? _forecast.Level() : [];

    /// <summary>Slots by their load over the last five minutes; null when there was none.</summary>
    public SlotHeat? Heat(DateTimeOffset now)
    {
        TurnBucket(now);
        return SlotHeat.Of([.. Enumerable.Range(0, SlotSet.Slots).Select(slot => _buckets.Sum(bucket => bucket[slot]))]);
    }

    /// <summary>The hottest keys that were seen, hottest first.</summary>
    public ImmutableArray<KeyLoad> HottestKeys() => [.. _keys.Values.OrderByDescending(key => key.Rate).ThenBy(key => key.Key, StringComparer.Ordinal).Take(KeysKept)];

    /// <summary>Remembers that slots were moved.</summary>
    public void Moved(IEnumerable<int> slots, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(slots);
        foreach (var slot in slots)
            _moved[slot] = now;
    }

    /// <summary>Slots that were moved within the cooldown.</summary>
    public SlotSet Resting(TimeSpan cooldown, DateTimeOffset now) => SlotSet.Of(_moved.Where(moved => now - moved.Value < cooldown).Select(moved => moved.Key));

    private bool IsKnown(DateTimeOffset now) => now - _last < Stale && _observations >= EnoughObservations;

    private void TurnBucket(DateTimeOffset now)
    {
        for (var turned = 0; turned < Buckets && now - _bucketSince >= BucketLength; turned++)
        {
            _bucket = (_bucket + 1) % Buckets;
            Array.Clear(_buckets[_bucket]);
            _bucketSince = now - _bucketSince >= Buckets * BucketLength ? now - ((Buckets - 1 - turned) * BucketLength) : _bucketSince + BucketLength;
        }
    }

    private void AddKeys(LoadSample sample)
    {
        var keep = Math.Exp(-sample.Interval.TotalSeconds / 10);
        foreach (var (key, load) in _keys.Where(known => sample.Measured.Contains(known.Value.Slot)).ToList())
            _keys[key] = load with { Rate = load.Rate * keep };
        foreach (var key in sample.Keys)
        {
            var before = _keys.TryGetValue(key.Key, out var known) ? known.Rate : 0;
            _keys[key.Key] = key with { Rate = before + ((1 - keep) * key.Rate) };
        }

        foreach (var coldest in _keys.Values.OrderByDescending(key => key.Rate).Skip(KeysKept).ToList())
            _keys.Remove(coldest.Key);
    }
}
