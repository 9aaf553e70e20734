namespace Ops.Rca.Service.Detection;

/// <summary>What a signal was like before now.</summary>
/// <param name="Median">Its median.</param>
/// <param name="Scale">Its robust standard deviation.</param>
/// <param name="Threshold">Deviations that two values in a row have to exceed to be a change.</param>
internal readonly record struct Reference(float Median, float Scale, float Threshold)
{
    /// <summary>Fewer values than this are no reference.</summary>
    public const int FewestValues = 12;

    // Six robust deviations: for normal noise 1e-9 a value. Real noise has tails, which the second rule below learns.
    private const float LeastThreshold = 6;

    // A signal that was quiet by accident must not alarm at the next breath: the scale is at least 5 % of the median.
    private const float LeastShare = 0.05f;

    /// <summary>Deviations of a value in the bad direction; in either where both count.</summary>
    public float Deviations(float value, MetricKind kind)
    {
        var z = (value - Median) / Scale;
        return kind.BadDirection() switch { 0 => Math.Abs(z), var direction => direction * z };
    }

    // A start takes some values, each cut shows the next one better; a signal that falls all the time is no start.
    private const int MostCuts = 8;

    /// <summary>
    /// The reference of values in order of time; null if there are too few. Values at the beginning that the rest calls a change
    /// are left out: a process that has just started is slow, and what is so once would hide a fault for as long as it is kept.
    /// </summary>
    /// <remarks>
    /// Scale: the largest of IQR/1.349, half of the 95 % range over 3.92 and 5 % of the median. Threshold: the largest of 6,
    /// one and a half times the 99th percentile of the reference's own deviations, and twice the 98th percentile of what two
    /// of its values in a row exceeded together, so that a signal that bursts now and then has to burst higher than it uses to.
    /// </remarks>
    public static Reference? Of(Span<float> values, Span<float> work, MetricKind kind)
    {
        var reference = OfAll(values, work, kind);
        for (var cut = 0; cut < MostCuts && reference is { } made && Start(values, made, kind) is > 0 and var start; cut++)
            reference = OfAll(values = values[start..], work, kind);
        return reference;
    }

    // How many values come before the first two in a row that are no change; 0 where there are none such.
    private static int Start(ReadOnlySpan<float> values, Reference reference, MetricKind kind)
    {
        var first = -1;
        for (var i = 0; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]))
                continue;
            if (reference.Deviations(values[i], kind) > LeastThreshold)
                first = -1;
            else if (first >= 0)
                return first;
            else
                first = i;
        }

        return 0;
    }

    private static Reference? OfAll(ReadOnlySpan<float> values, Span<float> work, MetricKind kind)
    {
        var count = 0;
        foreach (var value in values)
            if (float.IsFinite(value))
                work[count++] = value;
        if (count < FewestValues)
            return null;
        var sorted = work[..count];
        sorted.Sort();
        var median = Quantile(sorted, 0.5);
        var scale = Math.Max(
            Math.Max((Quantile(sorted, 0.75) - Quantile(sorted, 0.25)) / 1.349f, (Quantile(sorted, 0.975) - Quantile(sorted, 0.025)) / 7.84f),
            LeastScale(kind, median));
        var plain = new Reference(median, scale, LeastThreshold);
        // Sorted by value is not sorted by deviation where both directions are bad, so these are sorted anew.
        for (var i = 0; i < count; i++)
            sorted[i] = plain.Deviations(sorted[i], kind);
        sorted.Sort();
        var single = Quantile(sorted, 0.99);
        var pairs = 0;
        var before = float.NaN;
        foreach (var value in values)
        {
            if (!float.IsFinite(value))
                continue;
            var z = plain.Deviations(value, kind);
            if (!float.IsNaN(before))
                work[pairs++] = Math.Min(z, before);
            before = z;
        }

        work[..pairs].Sort();
        // Few values know little of a signal's tails: twelve ask for twice the distance, a hundred for an eighth more.
        var doubt = 1 + (FewestValues / (float)count);
        return plain with { Threshold = doubt * Math.Max(LeastThreshold, Math.Max(1.5f * single, 2 * Quantile(work[..pairs], 0.98))) };
    }

    /// <summary>The least deviation that a signal is given: 5 % of its median, and what its kind asks.</summary>
    public static float LeastScale(MetricKind kind, float median) => Math.Max(LeastShare * Math.Abs(median), LeastOf(kind));

    // A share of 1 % failures is worth a look after none at all. Nobody feels three milliseconds (six times half of one) of
    // a latency in seconds, however constant it was; where it is in others the floor says nothing. Else only constants need one.
    private static float LeastOf(MetricKind kind) => kind switch
    {
        MetricKind.Errors => 0.01f,
        MetricKind.Availability => 0.02f,
        MetricKind.Latency or MetricKind.EdgeGap => 0.0005f,
        _ => 1e-6f,
    };

    private static float Quantile(ReadOnlySpan<float> sorted, double share)
    {
        var position = share * (sorted.Length - 1);
        var below = (int)position;
        return below + 1 < sorted.Length ? sorted[below] + ((float)(position - below) * (sorted[below + 1] - sorted[below])) : sorted[below];
    }
}
