using System.Runtime.InteropServices;

namespace Ops.Picking;

/// <summary>How fast requests have come, over three time scales.</summary>
/// <param name="OverSecond">Requests a second over the last second.</param>
/// <param name="Over5Seconds">Requests a second over the last 5 s.</param>
/// <param name="Over30Seconds">Requests a second over the last 30 s.</param>
/// <param name="PromptTokens">Prompt tokens a second over the last 5 s.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct ArrivalRates(double OverSecond, double Over5Seconds, double Over30Seconds, double PromptTokens);

/// <summary>
/// Counts arrivals in buckets of 250 ms, without a lock and without allocation. A router has one for each route; with
/// several routers each sees its own share, which is what its own choices answer for.
/// </summary>
public sealed class ArrivalRateEstimator
{
    private const int BucketMs = 250;

    // 128 x 250 ms = 32 s, a little more than the longest scale, so that a bucket is not reused while it is read.
    private const int Buckets = 128;

    // A bucket is its own number in the upper 32 bits and a count in the lower ones: tokens of 250 ms stay far below 2^32.
    private readonly long[] _requests = new long[Buckets];
    private readonly long[] _tokens = new long[Buckets];

    /// <summary>Counts one request.</summary>
    /// <param name="nowMs">Milliseconds on the clock of <see cref="RequestFeatures.NowMs"/>, at least 0.</param>
    /// <param name="promptTokens">Its prompt's length.</param>
    public void Record(long nowMs, int promptTokens)
    {
        var bucket = nowMs / BucketMs;
        Add(ref _requests[bucket % Buckets], (uint)bucket, 1);
        Add(ref _tokens[bucket % Buckets], (uint)bucket, (uint)promptTokens);
    }

    /// <summary>The rates now.</summary>
    public ArrivalRates Read(long nowMs)
    {
        var newest = nowMs / BucketMs;
        long count = 0, second = 0, five = 0, tokens = 0;
        for (var age = 0; age < 30_000 / BucketMs && age <= newest; age++)
        {
            var bucket = newest - age;
            count += Count(_requests[bucket % Buckets], (uint)bucket);
            if (age < 5_000 / BucketMs)
            {
                tokens += Count(_tokens[bucket % Buckets], (uint)bucket);
                five = count;
            }

            if (age < 1_000 / BucketMs)
                second = count;
        }

        return new ArrivalRates(second, five / 5.0, count / 30.0, tokens / 5.0);
    }

    /// <summary>Takes over the counts of another one; for simulations.</summary>
    public void CopyFrom(ArrivalRateEstimator other)
    {
        ArgumentNullException.ThrowIfNull(other);
        other._requests.CopyTo(_requests, 0);
        other._tokens.CopyTo(_tokens, 0);
    }

    private static void Add(ref long slot, uint bucket, uint amount)
    {
        while (true)
        {
            var seen = Volatile.Read(ref slot);
            var next = ((long)bucket << 32) | (uint)(Count(seen, bucket) + amount);
            if (Interlocked.CompareExchange(ref slot, next, seen) == seen)
                return;
        }
    }

    private static long Count(long slot, uint bucket) => (uint)(slot >> 32) == bucket ? (uint)slot : 0;
}
