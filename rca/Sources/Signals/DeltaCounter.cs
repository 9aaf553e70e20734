namespace Ops.Rca.Sources;

/// <summary>The growth of one counter between two rounds.</summary>
internal struct DeltaCounter()
{
    private double last = double.NaN;
    private int round = -1;

    /// <summary>
    /// The growth since the round before; NaN for the first value and after a gap, since what came meanwhile has no known
    /// time. A counter that fell was reset by a restart of its process, and all that it shows came since (Prometheus' rule).
    /// </summary>
    public double Next(double value, int now)
    {
        var growth = round == now - 1 ? (value < last ? value : value - last) : double.NaN;
        (last, round) = (value, now);
        return growth;
    }
}
