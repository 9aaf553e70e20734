using System.Runtime.InteropServices;

namespace Ops.Planning.Fleet;

/// <summary>What one replica can serve, and what it draws, under one clock and power limit. Plain data from whoever knows the hardware.</summary>
public sealed record PowerLevel
{
    /// <summary>SM clock in MHz; null for the hardware's own.</summary>
    public int? ClockMHz { get; init; }

    /// <summary>Power limit of one GPU in watts; null for the hardware's own.</summary>
    public int? PowerLimitWatts { get; init; }

    /// <summary>The most that one replica can draw under it, whatever its load.</summary>
    public required double PeakWatts { get; init; }

    /// <summary>
    /// Mean watts of one replica by its load, rising, the first at 0 requests a second. The last point is the capacity: the
    /// largest load that still keeps the latency objective.
    /// </summary>
    public required IReadOnlyList<LoadPoint> Points { get; init; }

    /// <summary>Too low to be chosen for its own sake, because no measurement covers it; only a budget that is short takes it.</summary>
    public bool ForBudgetsOnly { get; init; }

    /// <summary>Requests a second that one replica can serve within the latency objective.</summary>
    public double Capacity => Points[^1].RequestsPerSecond;

    /// <summary>Watts of a replica with nothing to do.</summary>
    public double IdleWatts => Points[0].Watts;

    /// <summary>Mean watts of one replica at a load, between the points in a straight line; above the capacity as at it.</summary>
    public double Watts(double requestsPerSecond)
    {
        for (var i = 1; i < Points.Count; i++)
        {
            if (requestsPerSecond > Points[i].RequestsPerSecond)
                continue;
            var (left, right) = (Points[i - 1], Points[i]);
            var part = (requestsPerSecond - left.RequestsPerSecond) / (right.RequestsPerSecond - left.RequestsPerSecond);
            return left.Watts + (part * (right.Watts - left.Watts));
        }

        return Points[^1].Watts;
    }

    /// <summary>Whether a plan asks for this level.</summary>
    public bool Is(int? clockMHz, int? powerLimitWatts) => ClockMHz == clockMHz && PowerLimitWatts == powerLimitWatts;
}

/// <summary>Mean power of one replica under an even load.</summary>
/// <param name="RequestsPerSecond">Load of the replica.</param>
/// <param name="Watts">Power of all its GPUs.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct LoadPoint(double RequestsPerSecond, double Watts);
