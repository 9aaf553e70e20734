namespace Ops.Kube;

/// <summary>Exponential back-off with jitter from a seeded source, so that a run can be repeated.</summary>
internal sealed class BackOff(TimeSpan first, TimeSpan max, Random random)
{
    /// <summary>Failures since the last reset.</summary>
    public int Failures { get; private set; }

    /// <summary>Counts one more failure and gives the wait before the next attempt.</summary>
    public TimeSpan Next() => Delay(++Failures, first, max, random);

    /// <summary>Things went well: the next failure waits the shortest time again.</summary>
    public void Reset() => Failures = 0;

    /// <summary>
    /// The wait after the n-th failure in a row: first * 2^(n-1), at most max, of which the upper half is random.
    /// Half is kept so that a wait is never almost nothing; half is drawn so that many clients do not return together.
    /// </summary>
    public static TimeSpan Delay(int failures, TimeSpan first, TimeSpan max, Random random)
    {
        // 2^30 times the smallest useful first delay is beyond any max, and keeps the product finite.
        var full = Math.Min(first.TotalMilliseconds * Math.Pow(2, Math.Clamp(failures - 1, 0, 30)), max.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(full * (0.5 + (0.5 * random.NextDouble())));
    }
}
