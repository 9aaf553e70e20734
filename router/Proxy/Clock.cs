namespace Ops.Router;

/// <summary>Reads of a monotonic clock in the units that choices use.</summary>
internal static class Clock
{
    /// <summary>Milliseconds since an arbitrary moment.</summary>
    internal static long NowMs(this TimeProvider time) => ToMs(time, time.GetTimestamp());

    /// <summary>A timestamp in milliseconds.</summary>
    internal static long ToMs(this TimeProvider time, long timestamp) => (long)(timestamp * (1000.0 / time.TimestampFrequency));
}
