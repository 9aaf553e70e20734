namespace Ops.Rca;

/// <summary>
/// The edge gap of a call: latency seen by the caller minus latency seen by the callee. It rises when time is lost on
/// the way (network delay, packet loss, a full accept queue), where neither side's own work has changed.
/// </summary>
internal static class EdgeGaps
{
    /// <summary>One gap series for each edge that both sides report, kept with the callee.</summary>
    /// <param name="callerSide">By "caller_callee": latency by time.</param>
    /// <param name="calleeSide">By the same names.</param>
    public static IEnumerable<(Metric Metric, Dictionary<double, double> Values)> FromPairs(
        Dictionary<string, Dictionary<double, double>> callerSide, Dictionary<string, Dictionary<double, double>> calleeSide)
    {
        foreach (var (name, caller) in callerSide)
        {
            var split = name.IndexOf('_', StringComparison.Ordinal);
            if (split <= 0 || !calleeSide.TryGetValue(name, out var callee))
                continue;
            var values = new Dictionary<double, double>();
            foreach (var (time, seconds) in caller)
                values[time] = callee.TryGetValue(time, out var own) ? seconds - own : double.NaN;
            yield return (new Metric(name[(split + 1)..], $"gap from {name[..split]}", MetricKind.EdgeGap), values);
        }
    }
}
