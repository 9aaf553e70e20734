namespace Ops.Picking;

/// <summary>
/// The newest outcomes of exploration. What the requests got is counted in buckets of 100 ms, by the moment of their choice; a draw
/// is complete when the answers of its 20 s have come or their hard deadline has passed.
/// </summary>
/// <remarks>
/// Bound: 16,384 draws of 32 bytes and two rows of 29 figures of 4 bytes (264 bytes) are 4.3 MB by route, made at the first draw;
/// buckets of 32 bytes over 20 s and the deadline are 26 KB for 60 s and 199 KB at most. Where more draws wait for their answers
/// than there is room for, with a share of 0.05 and 60 s above 1,020 requests a second that have something to explore, none is made.
/// </remarks>
public sealed class OutcomeRing
{
    /// <summary>Draws that are kept.</summary>
    public const int Capacity = 16_384;

    /// <summary>
    /// Seconds that a choice is judged by, here and in the labels of a training: longer than most bursts and what they leave
    /// behind. With 5 s, policies lost on the long swells of days and crowds what they gained elsewhere.
    /// </summary>
    public const int WindowSeconds = 20;

    internal const long WindowMs = WindowSeconds * 1_000;
    internal const long BucketMs = 100;

    // A later answer counts as none.
    private const double MostDeadline = 600;
    private const int RowFigures = 2 * PolicyFeatures.Count;

    private readonly Lock _gate = new();
    private readonly long _waitMs;
    private readonly Bucket[] _buckets;
    private LiveOutcome[] _draws = [];
    private float[] _rows = [];
    private long _next;
    private long _incomplete;

    internal OutcomeRing(double hardDeadline)
    {
        _waitMs = WindowMs + (long)(1000 * Math.Clamp(hardDeadline, 0, MostDeadline)) + BucketMs;
        _buckets = new Bucket[(_waitMs / BucketMs) + 10];
    }

    /// <summary>Remembers a draw; false when too many wait for their outcome.</summary>
    internal bool Add(in LiveOutcome draw, ReadOnlySpan<float> candidate, ReadOnlySpan<float> choice)
    {
        lock (_gate)
        {
            if (_draws.Length == 0)
                (_draws, _rows) = (new LiveOutcome[Capacity], new float[Capacity * RowFigures]);
            Complete(draw.AtMs);
            if (_next - _incomplete == Capacity)
                return false;
            var slot = (int)(_next++ % Capacity);
            _draws[slot] = draw;
            candidate.CopyTo(_rows.AsSpan(slot * RowFigures));
            choice.CopyTo(_rows.AsSpan((slot * RowFigures) + PolicyFeatures.Count));
            return true;
        }
    }

    /// <summary>Counts a request that arrived, whatever becomes of it.</summary>
    /// <param name="nowMs">Now.</param>
    /// <param name="promptTokens">Its prompt's length.</param>
    /// <param name="best">Quality of the route's best variant for its task.</param>
    public void Arrived(long nowMs, int promptTokens, double best)
    {
        if (_draws.Length == 0)
            return;
        lock (_gate)
        {
            ref var bucket = ref BucketOf(nowMs / BucketMs);
            bucket.Arrivals++;
            bucket.PromptTokens += promptTokens;
            bucket.Best += (float)best;
        }
    }

    /// <summary>Counts what a request got in the end.</summary>
    /// <param name="chosenMs">When its variant was chosen, or when it was turned away without.</param>
    /// <param name="nowMs">Now.</param>
    /// <param name="delivered">Quality delivered, 0..1.</param>
    public void Report(long chosenMs, long nowMs, double delivered)
    {
        if (_draws.Length == 0 || nowMs - chosenMs > _waitMs - WindowMs)
            return;
        lock (_gate)
        {
            BucketOf(chosenMs / BucketMs).Delivered += (float)delivered;
            Complete(nowMs);
        }
    }

    /// <summary>The complete draws, the oldest first, each with the candidate's row and after it the choice's.</summary>
    public (LiveOutcome[] Draws, float[] Rows) Read(long nowMs)
    {
        lock (_gate)
        {
            if (_draws.Length == 0)
                return ([], []);
            Complete(nowMs);
            var count = (int)(_incomplete - Math.Max(0, _next - Capacity));
            var (draws, rows) = (new LiveOutcome[count], new float[count * RowFigures]);
            for (var i = 0; i < count; i++)
            {
                var slot = (int)((_incomplete - count + i) % Capacity);
                draws[i] = _draws[slot];
                _rows.AsSpan(slot * RowFigures, RowFigures).CopyTo(rows.AsSpan(i * RowFigures));
            }

            return (draws, rows);
        }
    }

    private void Complete(long nowMs)
    {
        for (; _incomplete < _next && nowMs - _draws[_incomplete % Capacity].AtMs > _waitMs; _incomplete++)
            Sum(ref _draws[_incomplete % Capacity]);
    }

    private void Sum(ref LiveOutcome draw)
    {
        var from = draw.AtMs / BucketMs;
        long tokens = 0;
        for (var number = from; number < from + (WindowMs / BucketMs); number++)
        {
            ref readonly var bucket = ref _buckets[number % _buckets.Length];
            if (bucket.Number != number)
                continue;
            draw.Delivered += bucket.Delivered;
            draw.Arrivals += bucket.Arrivals;
            draw.Best += bucket.Best;
            tokens += bucket.PromptTokens;
        }

        draw.PromptKilotokens = tokens / 1000f;
    }

    private ref Bucket BucketOf(long number)
    {
        ref var bucket = ref _buckets[number % _buckets.Length];
        if (bucket.Number < number)
            bucket = new Bucket { Number = number };
        return ref bucket;
    }

    private struct Bucket
    {
        public long Number;
        public long PromptTokens;
        public float Delivered;
        public float Best;
        public int Arrivals;
    }
}
