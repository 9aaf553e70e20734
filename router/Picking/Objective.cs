using System.Runtime.InteropServices;

namespace Ops.Picking;

/// <summary>Latency objective of a route, in seconds.</summary>
/// <param name="TimeToFirstToken">Objective for the first token.</param>
/// <param name="TimePerOutputToken">Objective for each later token.</param>
/// <param name="EndToEnd">Soft deadline: after it the answer's worth decays.</param>
/// <param name="HardDeadline">After it the answer is worth nothing.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Objective(double TimeToFirstToken, double TimePerOutputToken, double EndToEnd, double HardDeadline)
{
    /// <summary>1 s, 100 ms, 30 s, 60 s.</summary>
    public static readonly Objective Default = new(1, 0.1, 30, 60);

    /// <summary>
    /// Worth of an answer that is complete after <paramref name="seconds"/>: 1 up to the soft deadline, then falling
    /// on a straight line to 0 at the hard one.
    /// </summary>
    public double Worth(double seconds)
    {
        if (seconds <= EndToEnd)
            return 1;
        return seconds >= HardDeadline ? 0 : (HardDeadline - seconds) / (HardDeadline - EndToEnd);
    }
}
