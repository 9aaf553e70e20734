using System.Collections.Immutable;

namespace Ops.Healing.Goals;

/// <summary>A histogram of how long requests took, as Prometheus keeps one: counts since the start of a process, or of a time.</summary>
/// <param name="Count">Requests.</param>
/// <param name="Seconds">Their durations together.</param>
/// <param name="Buckets">By upper bound in seconds, how many took at most so long.</param>
public sealed record RequestTimes(double Count, double Seconds, ImmutableSortedDictionary<double, double> Buckets)
{
    /// <summary>No request.</summary>
    public static RequestTimes None { get; } = new(0, 0, ImmutableSortedDictionary<double, double>.Empty);

    /// <summary>Mean duration in seconds; not a number without requests.</summary>
    public double Mean => Seconds / Count;

    /// <summary>Both together.</summary>
    /// <param name="other">Times of another process.</param>
    public RequestTimes Plus(RequestTimes other) => Combined(other, 1);

    /// <summary>What came since.</summary>
    /// <param name="earlier">The same process' times before.</param>
    public RequestTimes Since(RequestTimes earlier) => Combined(earlier, -1);

    /// <summary>
    /// The duration in seconds that a share of the requests did not exceed, linear within a bucket as Prometheus'
    /// histogram_quantile; beyond the last bound that bound. Not a number without requests.
    /// </summary>
    /// <param name="share">0 to 1.</param>
    public double Quantile(double share)
    {
        var wanted = share * Count;
        var (below, counted) = (0.0, 0.0);
        if (!(Count > 0))
            return double.NaN;
        foreach (var (bound, count) in Buckets)
        {
            if (count >= wanted)
                return count > counted ? below + ((bound - below) * (wanted - counted) / (count - counted)) : bound;
            (below, counted) = (bound, count);
        }

        return below;
    }

    private RequestTimes Combined(RequestTimes other, int sign)
    {
        var buckets = Buckets.ToBuilder();
        foreach (var (bound, count) in other.Buckets)
            buckets[bound] = buckets.GetValueOrDefault(bound) + (sign * count);
        return new(Count + (sign * other.Count), Seconds + (sign * other.Seconds), buckets.ToImmutable());
    }
}
