using Ops.Picking;

namespace Ops.Router;

/// <summary>
/// The verdict about one replica, from the requests it answered or failed and from questions after its health. A
/// replica that fails is ejected: others are preferred to it until a moment that lies further away each time, and then
/// it returns slowly. It is still taken where nothing else is left, so a pool is never without any replica.
/// </summary>
/// <remarks>
/// ejected at once     no connection, a broken connection: the process is gone or going
/// else                5 failures in a row, or half of at least 20 requests within 10 s
/// for                 2 s x 2^n, at most a minute; n counts ejections that followed each other within a minute
/// return              over 5 s the share of its requests grows from a tenth to the whole (see ReplicaLoad.Suspect)
/// by its health       two unanswered questions in a row, until one is answered
/// never more than     half of a pool, so that the sound rest is not overrun
/// </remarks>
internal sealed class ReplicaHealth(ReplicaLoad load)
{
    internal const int ConsecutiveLimit = 5;
    internal const int BaseMs = 2_000;
    internal const int MaxMs = 60_000;
    internal const int ReturnMs = 5_000;

    private const int WindowMs = 10_000;
    private const int MinRequests = 20;
    private const int ProbeLimit = 2;

    private readonly Lock _verdict = new();
    private long _windowStart;
    private int _successes;
    private int _failures;
    private int _consecutive;
    private int _level;
    private long _ejectedUntil = -2L * MaxMs;
    private int _unanswered;
    private bool _unhealthy;

    /// <summary>Whether its health should be asked after: it is ejected, or the last question was not answered.</summary>
    internal bool IsDoubtful(long nowMs) => Volatile.Read(ref _unanswered) > 0 || load.IsSuspect(nowMs);

    /// <summary>A request was answered.</summary>
    internal void Succeeded(long nowMs)
    {
        if (Volatile.Read(ref _consecutive) != 0)
            Volatile.Write(ref _consecutive, 0);
        if (nowMs - Volatile.Read(ref _windowStart) > WindowMs)
            BeginWindow(nowMs);
        Interlocked.Increment(ref _successes);
    }

    /// <summary>A request failed.</summary>
    /// <param name="nowMs">When.</param>
    /// <param name="isGone">Whether the replica cannot be reached, so that the next request would fail as well.</param>
    /// <param name="siblings">All replicas of the pool.</param>
    /// <returns>Whether it is ejected now and was not before.</returns>
    internal bool Failed(long nowMs, bool isGone, ReadOnlySpan<Replica> siblings)
    {
        if (nowMs - Volatile.Read(ref _windowStart) > WindowMs)
            BeginWindow(nowMs);
        var failures = Interlocked.Increment(ref _failures);
        var consecutive = Interlocked.Increment(ref _consecutive);
        var requests = failures + Volatile.Read(ref _successes);
        var isBad = isGone || consecutive >= ConsecutiveLimit || (requests >= MinRequests && failures * 2 >= requests);
        return isBad && Eject(nowMs, siblings);
    }

    /// <summary>A question after its health was answered, or not.</summary>
    /// <param name="nowMs">When.</param>
    /// <param name="isAlive">Whether it was answered.</param>
    /// <param name="nextMs">When the next question will have been answered at the latest.</param>
    /// <param name="siblings">All replicas of the pool.</param>
    /// <returns>Whether the replica is ejected now and was not before.</returns>
    internal bool Probed(long nowMs, bool isAlive, long nextMs, ReadOnlySpan<Replica> siblings)
    {
        lock (_verdict)
        {
            _unanswered = isAlive ? 0 : _unanswered + 1;
            if (isAlive)
            {
                if (_unhealthy && nowMs >= _ejectedUntil)
                    load.Suspect(nowMs, ReturnMs);
                _unhealthy = false;
                return false;
            }

            var before = load.IsSuspect(nowMs);
            if (_unanswered < ProbeLimit || (!before && !HasRoom(nowMs, siblings)))
                return false;
            _unhealthy = true;
            load.Suspect(Math.Max(nextMs, _ejectedUntil), ReturnMs);
            return !before;
        }
    }

    private bool Eject(long nowMs, ReadOnlySpan<Replica> siblings)
    {
        lock (_verdict)
        {
            // Requests that were under way when it was ejected fail after it; they add nothing.
            if (nowMs < _ejectedUntil || !HasRoom(nowMs, siblings))
                return false;
            _level = nowMs - _ejectedUntil > MaxMs ? 0 : _level + 1;
            _ejectedUntil = nowMs + Math.Min(MaxMs, (long)BaseMs << Math.Min(_level, 16));
            load.Suspect(_ejectedUntil, ReturnMs);
            BeginWindow(nowMs);
            return true;
        }
    }

    // Half of the pool, but one in any case: where a replica stands alone, the mark only speaks for another variant.
    private bool HasRoom(long nowMs, ReadOnlySpan<Replica> siblings)
    {
        var ejected = 0;
        foreach (var sibling in siblings)
        {
            if (!ReferenceEquals(sibling.Load, load) && sibling.Load.IsSuspect(nowMs))
                ejected++;
        }

        return ejected + 1 <= Math.Max(1, siblings.Length / 2);
    }

    // Not exact when two requests cross the border at once; a few lost counts change no verdict.
    private void BeginWindow(long nowMs)
    {
        Volatile.Write(ref _windowStart, nowMs);
        Volatile.Write(ref _successes, 0);
        Volatile.Write(ref _failures, 0);
    }
}
