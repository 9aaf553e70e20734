using System.Globalization;

namespace Ops.Rca.Sources;

/// <summary>Bounds of a <see cref="SignalBuilder"/>.</summary>
public sealed record SignalLimits
{
    /// <summary>Derived series in all. Default 10,000: 5,000 raw series give at most about as many again.</summary>
    public int Signals { get; init; } = 10_000;

    /// <summary>Derived series of one service, so that one with a label of unbounded values cannot crowd out the others. Default 500.</summary>
    public int SignalsOfService { get; init; } = 500;

    /// <summary>Rounds without a value after which a series, and then its signals, are forgotten. Default 1,000: over four hours at 15 s.</summary>
    public int ForgetAfter { get; init; } = 1000;
}

/// <summary>
/// Turns raw series into signals of services: counters into rates, distributions into mean and 99th percentile, outcomes
/// into shares, both sides of calls into edge gaps and own times. Values of all processes of a service go into one signal.
/// </summary>
public sealed class SignalBuilder(LabelMapping mapping, SignalLimits? limits = null)
{
    // Looking for what can be forgotten, or placed at last, costs a pass over all series; once in so many rounds is free.
    private const int TidyEvery = 64;

    private readonly SignalLimits limits = limits ?? new();
    private readonly Dictionary<RawSeries, Entry> entries = [];
    private readonly Dictionary<(string Service, string Name, string? Peer, string? Caller), GroupEntry> groups = [];
    private readonly SignalSlots slots = new();
    private readonly CallSides sides = new();
    private readonly HitShares hitShares = new();
    private int round;
    private double before = double.NaN;
    private double[] values = [];

    /// <summary>Every signal by its index in a row; null where one was forgotten and none has taken its place.</summary>
    public IReadOnlyList<Signal?> Signals => slots.All;

    /// <summary>Who calls whom, as the traffic's metrics tell.</summary>
    public IReadOnlyList<CallEdge> Calls => sides.Calls;

    /// <summary>Signals that found no room.</summary>
    public int LeftOut => slots.LeftOut;

    /// <summary>Takes one round.</summary>
    /// <returns>The value of every signal by its index, NaN where it has none. Overwritten by the next round.</returns>
    public ReadOnlySpan<double> Take(SampleRound samples)
    {
        round++;
        var seconds = samples.Seconds - before;
        before = samples.Seconds;
        foreach (var entry in groups.Values)
            entry.Group.Clear();
        foreach (var (series, value) in samples.Samples)
            if (double.IsFinite(value))
                Add(series, value);
        if (round % TidyEvery == 0)
            Tidy();
        // The first round has no growth of any counter yet.
        Publish(seconds > 0 ? seconds : double.NaN);
        return values.AsSpan(0, slots.All.Count);
    }

    private void Add(RawSeries series, double value)
    {
        if (!entries.TryGetValue(series, out var entry))
            entries[series] = entry = new Entry { Group = Place(series, out var part, out var bound), Part = part, Bound = bound };
        entry.LastRound = round;
        if (entry.Group is not { } owner)
            return;
        owner.LastRound = round;
        var group = owner.Group;
        if (entry.Part == SeriesPart.Level)
        {
            group.AddLevel(value);
            return;
        }

        var growth = entry.Counter.Next(value, round);
        if (double.IsNaN(growth))
            return;
        switch (entry.Part)
        {
            case SeriesPart.Sum: group.AddSum(growth); break;
            case SeriesPart.Count: group.AddCount(growth, series.Labels); break;
            case SeriesPart.Bucket: group.AddBucket(entry.Bound, growth); break;
            default: group.AddTotal(growth, series.Labels); break;
        }
    }

    private GroupEntry? Place(RawSeries series, out SeriesPart part, out double bound)
    {
        (var name, part) = SeriesParts.Of(series);
        bound = double.NaN;
        if (part == SeriesPart.None || SignalKinds.IsIgnored(series.Name) || mapping.Of(series) is not { } place)
            return null;
        if (part == SeriesPart.Bucket && !(series.Labels.TryGetValue("le", out var le) && double.TryParse(le is "+Inf" ? "Infinity" : le, NumberStyles.Float, CultureInfo.InvariantCulture, out bound)))
            return null;
        var key = (place.Service, Tainted.Clean(name), place.Peer, place.Caller);
        if (!groups.TryGetValue(key, out var entry))
        {
            groups[key] = entry = new GroupEntry(new SignalGroup(key.Service, key.Item2, key.Peer, key.Caller));
            entry.Group.Clear();
            sides.Add(entry.Group);
            hitShares.Add(entry.Group);
        }

        return entry;
    }

    private void Publish(double seconds)
    {
        foreach (var entry in groups.Values)
            foreach (var (suffix, kind, role, value) in entry.Group.Values(seconds))
            {
                if (!entry.Slots.TryGetValue(suffix, out var slot))
                    entry.Slots[suffix] = slot = slots.Take(SignalOf(entry.Group, suffix, kind, role), limits);
                Set(slot, value);
            }

        foreach (var (derived, signal, value) in sides.Values().Concat(hitShares.Values()))
        {
            if (derived.Slot is not { } slot)
                derived.Slot = slot = slots.Take(signal, limits);
            Set(slot, value);
        }
    }

    private void Set(int slot, double value)
    {
        if (slot < 0)
            return;
        if (values.Length < slots.All.Count)
            Array.Resize(ref values, Math.Max(256, slots.All.Count * 2));
        values[slot] = value;
    }

    private static Signal SignalOf(SignalGroup group, string suffix, MetricKind kind, SignalRole role)
    {
        var towards = group.Peer is { } peer ? $" to {peer}" : group.Caller is { } caller ? $" from {caller}" : "";
        return new(new(group.Service, $"{group.Name}{towards}{(suffix.Length > 0 ? " " : "")}{suffix}", kind), group.Peer, role);
    }

    private void Tidy()
    {
        var oldest = round - limits.ForgetAfter;
        // A series without a place may get one when the topology is known better.
        foreach (var (series, entry) in entries)
            if (entry.LastRound < oldest || (entry.Group is null && entry.Part != SeriesPart.None))
                entries.Remove(series);
        foreach (var (key, entry) in groups)
            if (entry.LastRound < oldest)
            {
                groups.Remove(key);
                foreach (var slot in entry.Slots.Values)
                    slots.Free(slot);
                foreach (var slot in sides.Remove(entry.Group).Concat(hitShares.Remove(entry.Group)))
                    slots.Free(slot);
            }

        for (var slot = 0; slot < slots.All.Count; slot++)
            if (slots.All[slot] is null)
                Set(slot, double.NaN);
    }

    private sealed class Entry
    {
        public DeltaCounter Counter = new();

        public GroupEntry? Group { get; init; }

        public SeriesPart Part { get; init; }

        public double Bound { get; init; }

        public int LastRound { get; set; }
    }

    private sealed class GroupEntry(SignalGroup group)
    {
        public SignalGroup Group { get; } = group;

        public Dictionary<string, int> Slots { get; } = [];

        public int LastRound { get; set; }
    }
}
