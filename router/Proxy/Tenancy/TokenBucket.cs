using System.Runtime.InteropServices;

namespace Ops.Router;

/// <summary>
/// A bucket that fills evenly with a minute's allowance and holds no more than that. What was really used is settled
/// afterwards, so it may stand below zero; then nothing is taken until it has filled up again.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal struct TokenBucket
{
    private double _level;
    private long _atMs;
    private bool _begun;

    /// <summary>Whole units left now, never negative.</summary>
    internal readonly long Remaining => (long)Math.Max(0, Math.Floor(_level));

    /// <summary>Lets time pass.</summary>
    internal void Fill(int perMinute, long nowMs)
    {
        _level = _begun ? Math.Min(perMinute, _level + (Math.Max(0, nowMs - _atMs) * (perMinute / 60_000.0))) : perMinute;
        (_begun, _atMs) = (true, nowMs);
    }

    internal readonly bool Has(double amount) => _level >= amount;

    internal void Take(double amount) => _level -= amount;

    /// <summary>Seconds until the bucket holds the amount.</summary>
    internal readonly double SecondsUntil(double amount, int perMinute) => Math.Max(0, amount - _level) * 60 / perMinute;
}
