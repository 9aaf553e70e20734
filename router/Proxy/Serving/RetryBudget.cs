namespace Ops.Router;

/// <summary>
/// Bounds how much load retries add: a share of the requests of the last 10 to 20 s, and a few in any case so that a
/// quiet route retries as well. Without it a pool that fails would get twice its load just then.
/// </summary>
internal sealed class RetryBudget
{
    /// <summary>Retries that need no requests to earn them: 3 a second.</summary>
    internal const int FreePerWindow = 30;

    private const long WindowMs = 10_000;

    private readonly Lock _turning = new();
    private long _windowStart = long.MinValue;
    private int _requests;
    private int _retries;
    private int _earlierRequests;
    private int _earlierRetries;

    /// <summary>A request came.</summary>
    internal void Earn(long nowMs)
    {
        Turn(nowMs);
        Interlocked.Increment(ref _requests);
    }

    /// <summary>Takes a retry out of the budget.</summary>
    /// <param name="nowMs">When.</param>
    /// <param name="percent">Retries by 100 requests.</param>
    /// <returns>False when it is spent.</returns>
    internal bool TrySpend(long nowMs, int percent)
    {
        Turn(nowMs);
        var allowed = FreePerWindow + ((long)(Volatile.Read(ref _requests) + Volatile.Read(ref _earlierRequests)) * percent / 100);
        if (Interlocked.Increment(ref _retries) + Volatile.Read(ref _earlierRetries) <= allowed)
            return true;
        Interlocked.Decrement(ref _retries);
        return false;
    }

    private void Turn(long nowMs)
    {
        if (nowMs - Volatile.Read(ref _windowStart) < WindowMs && Volatile.Read(ref _windowStart) != long.MinValue)
            return;
        lock (_turning)
        {
            var passed = _windowStart == long.MinValue ? WindowMs * 2 : nowMs - _windowStart;
            if (passed < WindowMs)
                return;
            // What lies further back than one whole window is forgotten.
            (_earlierRequests, _earlierRetries) = passed < WindowMs * 2 ? (_requests, _retries) : (0, 0);
            Volatile.Write(ref _requests, 0);
            Volatile.Write(ref _retries, 0);
            Volatile.Write(ref _windowStart, nowMs);
        }
    }
}
