namespace Ops.Rca.Sources;

/// <summary>All series of one metric of one service towards one peer, from every process and with every other label.</summary>
internal sealed class SignalGroup(string service, string name, string? peer, string? caller)
{
    // Fewer requests in one round say nothing about a 99th percentile: one of ten is its 90th.
    private const double FewestForQuantile = 10;

    private readonly SortedList<double, double> buckets = [];
    private readonly bool isMilliseconds = name.Contains("milliseconds", StringComparison.Ordinal) || name.EndsWith("_ms", StringComparison.Ordinal);
    private double sum;
    private double count;
    private double total;
    private double failed;
    private double refused;
    private bool knowsOutcome;
    private double levels;
    private double highest;
    private int level;
    private bool isLevel;
    private bool isCount;
    private bool any;

    public string Service { get; } = service;

    public string Name { get; } = name;

    public string? Peer { get; } = peer;

    public string? Caller { get; } = caller;

    /// <summary>True once a distribution's sum and count were seen.</summary>
    public bool IsDistribution { get; private set; }

    /// <summary>Mean of the distribution in this round; NaN without requests.</summary>
    public double Mean => IsDistribution && count > 0 ? sum / count : double.NaN;

    /// <summary>Whether it is a distribution of times.</summary>
    public bool IsTime => IsDistribution && SignalKinds.OfDistribution(Name) == MetricKind.Latency;

    /// <summary>Sum of the distribution in this round, in seconds where it is one of times.</summary>
    // Istio measures in milliseconds, everybody else in seconds; the two sides of a call may differ.
    public double Seconds => isMilliseconds ? sum / 1000 : sum;

    /// <summary>Whether it counts the seconds that calls waited before they were made, for a pooled connection for example.</summary>
    public bool IsWait { get; } = peer is not null && name.Contains("wait", StringComparison.Ordinal) && name.Contains("seconds", StringComparison.Ordinal);

    /// <summary>Growth of the counter in this round.</summary>
    public double Total => total;

    /// <summary>Requests of the distribution in this round.</summary>
    public double Count => count;

    /// <summary>Whether any series of the group had a value in this round.</summary>
    public bool Any => any;

    /// <summary>Begins a round.</summary>
    public void Clear()
    {
        (sum, count, total, failed, refused, levels, level, highest, any) = (0, 0, 0, 0, 0, 0, 0, double.NegativeInfinity, false);
        for (var i = 0; i < buckets.Count; i++)
            buckets.SetValueAtIndex(i, 0);
    }

    public void AddSum(double growth)
    {
        (IsDistribution, any) = (true, true);
        sum += growth;
    }

    public void AddCount(double growth, IReadOnlyDictionary<string, string> labels)
    {
        (IsDistribution, any) = (true, true);
        count += growth;
        AddOutcome(growth, labels);
    }

    public void AddBucket(double upTo, double growth)
    {
        any = true;
        buckets[upTo] = buckets.GetValueOrDefault(upTo) + growth;
    }

    public void AddTotal(double growth, IReadOnlyDictionary<string, string> labels)
    {
        (isCount, any) = (true, true);
        total += growth;
        AddOutcome(growth, labels);
    }

    public void AddLevel(double value)
    {
        (isLevel, any) = (true, true);
        levels += value;
        level++;
        highest = Math.Max(highest, value);
    }

    /// <summary>What the group says of this round. Which signals come depends on what was ever seen, not on this round's values.</summary>
    public IEnumerable<(string Suffix, MetricKind Kind, SignalRole Role, double Value)> Values(double seconds)
    {
        var missing = any ? 0 : double.NaN;
        if (IsDistribution)
        {
            var kind = SignalKinds.OfDistribution(Name);
            var role = kind != MetricKind.Latency ? SignalRole.Plain : Peer is null ? SignalRole.RequestTime : SignalRole.CallTime;
            yield return ("mean", kind, role, Mean);
            if (buckets.Count > 1)
                yield return ("p99", kind, role, Quantile(0.99));
            yield return ("rate", MetricKind.Load, Peer is null ? SignalRole.RequestRate : SignalRole.CallRate, (count / seconds) + missing);
        }

        if (isCount)
        {
            var kind = SignalKinds.OfCounter(Name);
            yield return ("rate", kind, RoleOfCounter(kind), (total / seconds) + missing);
        }

        if (knowsOutcome)
        {
            var all = count + total;
            yield return ("failed share", MetricKind.Errors, Peer is null ? SignalRole.Plain : SignalRole.CallFailures, all > 0 ? failed / all : double.NaN);
            yield return ("refused share", MetricKind.Other, SignalRole.RefusalShare, all > 0 ? refused / all : double.NaN);
        }

        // The busiest process shows a hog that a mean over many would hide; work in progress adds up.
        if (isLevel)
        {
            var kind = SignalKinds.OfGauge(Name);
            yield return ("", kind, SignalKinds.IsProcesses(Name) ? SignalRole.Processes : SignalRole.Plain, level == 0 ? double.NaN : kind == MetricKind.Resource ? highest : levels / level);
        }
    }

    private SignalRole RoleOfCounter(MetricKind kind) =>
        kind == MetricKind.Resource && Name.Contains("cpu", StringComparison.Ordinal) ? SignalRole.ProcessorCores
        : kind == MetricKind.Load && SignalKinds.IsSentBytes(Name) ? SignalRole.SentBytes
        : kind != MetricKind.Load || !knowsOutcome ? SignalRole.Plain
        : Peer is null ? SignalRole.RequestRate : SignalRole.CallRate;

    private void AddOutcome(double growth, IReadOnlyDictionary<string, string> labels)
    {
        if (Outcome.IsFailure(labels) is not { } isFailure)
            return;
        knowsOutcome = true;
        if (isFailure)
            failed += growth;
        else if (Outcome.IsRefusal(labels))
            refused += growth;
    }

    // Linear inside the bucket, as histogram_quantile does; what is above the highest finite bound counts as that bound.
    private double Quantile(double share)
    {
        var all = buckets.GetValueAtIndex(buckets.Count - 1);
        if (all < FewestForQuantile)
            return double.NaN;
        var (wanted, below, from) = (share * all, 0.0, 0.0);
        for (var i = 0; i < buckets.Count; i++)
        {
            var (upTo, cumulative) = (buckets.GetKeyAtIndex(i), buckets.GetValueAtIndex(i));
            if (cumulative >= wanted)
                return double.IsInfinity(upTo) ? from : from + ((upTo - from) * (cumulative > below ? (wanted - below) / (cumulative - below) : 1));
            (below, from) = (cumulative, upTo);
        }

        return from;
    }
}
