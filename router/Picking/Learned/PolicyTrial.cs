namespace Ops.Picking;

/// <summary>
/// The trial of a learned policy against the price rule in one router, for as long as the policy is in use: a shadow first,
/// then a switchback experiment, and a way back.
/// </summary>
/// <remarks>
/// Shadow: until 100 requests in at least a minute were judged, the rule decides and the policy is only asked.
/// Switchback: of each minute the policy decides the first 45 s and the rule the last 15 s. Requests of the same time share
/// queues, so policies are compared by periods and not by requests; the first 5 s of each period count for neither, since
/// they meet what the other one left behind. What counts is the quality delivered by request: 0 for one that was turned away
/// or failed, which energy does not change.
/// Way back: over the last 30 minutes, d = mean by request of the policy's periods less that of the rule's. The requests of all
/// minutes count alike: a burst has most of the requests and the worst answers, and a mean of the minutes' own means would count
/// it less in short periods than in long ones. The standard error is that of a ratio of sums over minutes (Cochran 1977). With at
/// least 5 minutes that have 10 requests in both periods, d below -0.002 and below -4 standard errors rolls the policy back for
/// good: 4, because this is asked each minute for as long as the policy is in use. A minute is judged two minutes later, when
/// answers that take long are in.
/// </remarks>
public sealed class PolicyTrial
{
    /// <summary>Requests that the shadow lasts for at least.</summary>
    public const int ShadowRequests = 100;

    internal const long MinuteMs = 60_000;
    internal const long FollowMs = 45_000;
    internal const long SettleMs = 5_000;
    internal const int LeastRequests = 10;
    internal const int LeastMinutes = 5;
    internal const double LeastLoss = 0.002;
    internal const double Deviations = 4;

    // The last 30 judged minutes, the two that are waited for and the present one.
    private const int Kept = 33;
    private const int Wait = 2;
    private const int CoverageRequests = 20;

    private readonly Lock _writing = new();
    private readonly Minute[] _minutes = new Minute[Kept];
    private readonly long[] _total = new long[4];
    private readonly long[] _seen = new long[4];
    private long _startedMs = -1;
    private long _minute;
    private double _gain = double.NaN;
    private volatile bool _shadowed;
    private volatile bool _rolledBack;
    private volatile PolicyStanding _coverage = PolicyStanding.InForce;

    /// <summary>Where the policy stands.</summary>
    public PolicyStanding Standing =>
        _rolledBack ? PolicyStanding.RolledBack
        : _coverage != PolicyStanding.InForce ? _coverage
        : _shadowed ? PolicyStanding.InForce : PolicyStanding.Shadow;

    /// <summary>Mean quality delivered by request, the policy's less the rule's, over the judged minutes; null before there are enough.</summary>
    public double? Gain => Volatile.Read(ref _gain) is var gain && double.IsNaN(gain) ? null : gain;

    /// <summary>Choices with this verdict so far.</summary>
    public long Choices(LearnedVerdict verdict) => Volatile.Read(ref _total[(int)verdict]);

    /// <summary>Whether the policy decides at this moment.</summary>
    /// <param name="nowMs">On the clock of <see cref="RequestFeatures.NowMs"/>.</param>
    public bool Follows(long nowMs) => _shadowed && !_rolledBack && InMinute(nowMs) < FollowMs;

    /// <summary>Takes the verdict on a request in. Takes a lock once a minute, else none.</summary>
    internal void Note(long nowMs, LearnedVerdict verdict)
    {
        if (Volatile.Read(ref _startedMs) < 0)
            Interlocked.CompareExchange(ref _startedMs, nowMs, -1);
        Interlocked.Increment(ref _total[(int)verdict]);
        if (MinuteOf(nowMs) > Volatile.Read(ref _minute))
            Turn(MinuteOf(nowMs));
    }

    /// <summary>Takes the end of a request in.</summary>
    /// <param name="chosenMs">When its variant was chosen, or when it was turned away without.</param>
    /// <param name="delivered">Quality delivered, 0..1.</param>
    public void Report(long chosenMs, double delivered)
    {
        if (!_shadowed || _rolledBack)
            return;
        var within = InMinute(chosenMs);
        var followed = within < FollowMs;
        if ((followed ? within : within - FollowMs) < SettleMs)
            return;
        lock (_writing)
        {
            var minute = MinuteOf(chosenMs);
            if (minute > _minute || minute <= _minute - Kept)
                return;
            ref var slot = ref _minutes[minute % Kept];
            if (followed)
                (slot.Followed, slot.FollowedSum) = (slot.Followed + 1, slot.FollowedSum + delivered);
            else
                (slot.Ruled, slot.RuledSum) = (slot.Ruled + 1, slot.RuledSum + delivered);
        }
    }

    private long MinuteOf(long ms) => Math.Max(0, ms - Volatile.Read(ref _startedMs)) / MinuteMs;

    private long InMinute(long ms) => Math.Max(0, ms - Volatile.Read(ref _startedMs)) % MinuteMs;

    private void Turn(long minute)
    {
        lock (_writing)
        {
            if (minute <= _minute)
                return;
            // A minute that nobody asked in is empty; more than all kept ones need not be cleared.
            for (var passed = Math.Max(_minute + 1, minute - Kept + 1); passed <= minute; passed++)
                _minutes[passed % Kept] = default;
            Volatile.Write(ref _minute, minute);
            Cover();
            if (Judged() >= ShadowRequests)
                _shadowed = true;
            Compare(minute);
        }
    }

    private long Judged() => Choices(LearnedVerdict.Agreed) + Choices(LearnedVerdict.Overruled);

    // Of the verdicts since the last turn: which kind the most are, where there are enough to say.
    private void Cover()
    {
        Span<long> since = stackalloc long[4];
        var all = 0L;
        for (var v = 0; v < since.Length; v++)
        {
            since[v] = Choices((LearnedVerdict)v) - _seen[v];
            all += since[v];
        }

        if (all < CoverageRequests)
            return;
        for (var v = 0; v < since.Length; v++)
            _seen[v] += since[v];
        _coverage = since[(int)LearnedVerdict.NotFresh] * 2 > all ? PolicyStanding.NoFreshMetrics
            : (since[(int)LearnedVerdict.OutsideTraining] + since[(int)LearnedVerdict.NotFresh]) * 2 > all ? PolicyStanding.OutsideTraining
            : PolicyStanding.InForce;
    }

    private void Compare(long minute)
    {
        var (first, last) = (Math.Max(0, minute - Kept + 1), minute - 1 - Wait);
        var all = default(Minute);
        var enough = 0;
        for (var past = first; past <= last; past++)
        {
            ref readonly var slot = ref _minutes[past % Kept];
            all.Add(slot);
            enough += slot.Followed >= LeastRequests && slot.Ruled >= LeastRequests ? 1 : 0;
        }

        if (enough < LeastMinutes)
            return;
        var (followed, ruled) = (all.FollowedSum / all.Followed, all.RuledSum / all.Ruled);
        var squares = 0.0;
        for (var past = first; past <= last; past++)
        {
            ref readonly var slot = ref _minutes[past % Kept];
            var part = ((slot.FollowedSum - (followed * slot.Followed)) / all.Followed) - ((slot.RuledSum - (ruled * slot.Ruled)) / all.Ruled);
            squares += part * part;
        }

        // At least 5 minutes, see above.
        var minutes = (double)(last - first + 1);
        var gain = followed - ruled;
        Volatile.Write(ref _gain, gain);
        if (gain < -LeastLoss && gain < -Deviations * Math.Sqrt(squares * minutes / (minutes - 1)))
            _rolledBack = true;
    }

    private struct Minute
    {
        public int Followed;
        public int Ruled;
        public double FollowedSum;
        public double RuledSum;

        public void Add(in Minute other)
        {
            (Followed, FollowedSum) = (Followed + other.Followed, FollowedSum + other.FollowedSum);
            (Ruled, RuledSum) = (Ruled + other.Ruled, RuledSum + other.RuledSum);
        }
    }
}
