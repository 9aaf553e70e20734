namespace Ops.Picking;

/// <summary>
/// What this router itself knows about a replica at this very moment. The only mutable thing a choice reads:
/// it outlives snapshots, so that a count survives a change of configuration.
/// </summary>
public sealed class ReplicaLoad
{
    // While a replica returns, it is open for a growing share of each such slice of time.
    private const long SliceMs = 100;

    private int _inFlight;
    private long _promptTokens;
    private long _suspectUntil = long.MinValue;
    private long _returnMs;

    /// <summary>Requests that this router has sent and that have not ended.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Prompt tokens of those among them that have not begun to answer: work that stands before a new request.</summary>
    public long PendingPromptTokens => Volatile.Read(ref _promptTokens);

    /// <summary>A prompt is on its way. Pair with <see cref="Began"/>.</summary>
    public void Sent(int promptTokens) => Interlocked.Add(ref _promptTokens, promptTokens);

    /// <summary>Its answer has begun, or there will be none.</summary>
    public void Began(int promptTokens) => Interlocked.Add(ref _promptTokens, -promptTokens);

    /// <summary>Counts a request in. Pair with <see cref="Leave"/>.</summary>
    public void Enter() => Interlocked.Increment(ref _inFlight);

    /// <summary>Counts a request out.</summary>
    public void Leave() => Interlocked.Decrement(ref _inFlight);

    /// <summary>
    /// Prefers other replicas until the given moment. A dead replica has nothing in flight, so without this mark it
    /// would look like the least loaded one and attract every request until its endpoint is withdrawn.
    /// </summary>
    /// <param name="untilMs">Milliseconds on the clock of <see cref="RequestFeatures.NowMs"/>.</param>
    /// <param name="returnMs">
    /// How long the replica then takes to return: its share of the requests that it would get grows from a tenth to the
    /// whole, so that cold caches and a fault that is still there meet few requests.
    /// </param>
    public void Suspect(long untilMs, long returnMs = 0)
    {
        Volatile.Write(ref _returnMs, returnMs);
        Volatile.Write(ref _suspectUntil, untilMs);
    }

    /// <summary>Ends the mark: the replica answered.</summary>
    public void Trust()
    {
        // Most calls find no mark; a read keeps the cache line shared between cores.
        if (Volatile.Read(ref _suspectUntil) != long.MinValue)
            Volatile.Write(ref _suspectUntil, long.MinValue);
    }

    /// <summary>Takes over the counts of another cell; for simulations, not for a cell that others count in.</summary>
    public void CopyFrom(ReplicaLoad other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Volatile.Write(ref _inFlight, other.InFlight);
        Volatile.Write(ref _promptTokens, other.PendingPromptTokens);
        Suspect(Volatile.Read(ref other._suspectUntil), Volatile.Read(ref other._returnMs));
    }

    /// <summary>Whether the replica failed to answer shortly before <paramref name="nowMs"/>, or is only returning.</summary>
    public bool IsSuspect(long nowMs)
    {
        var until = Volatile.Read(ref _suspectUntil);
        if (until > nowMs)
            return true;
        var returning = Volatile.Read(ref _returnMs);
        if (returning == 0 || until == long.MinValue || nowMs - until >= returning)
            return false;
        // By time and not by lot: the least loaded replica gets every request of a moment, so its share of the moments
        // is its share of the requests, however replicas are chosen among.
        return nowMs % SliceMs >= Math.Max(SliceMs / 10, SliceMs * (nowMs - until) / returning);
    }
}
