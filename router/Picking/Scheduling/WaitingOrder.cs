namespace Ops.Picking;

/// <summary>
/// The order of one tenant's waiting requests: a virtual start time, the arrival plus a delay that grows with the
/// service that the request's program will have had after it.
/// </summary>
/// <remarks>
/// due = arrival + aging x s / (s + 300), s = lengths of the program so far + expected length of this request, in output tokens
/// Without a program s is the request's own expected length: the shortest expected first. With one, long-running programs
/// step behind short ones, as in program-level attained-service scheduling (PLAS, "Autellix", 2025); the two are one
/// order because both ask how much service comes with letting this request go first.
/// The delay never exceeds the aging span, so no request is overtaken by one that came later by more than that.
/// At 300, half of the span, requests of everyday lengths (100 to 1,000) lie farthest apart.
/// Within 20 ms the requests count as equal; then the reader who loses more by waiting goes first, see <see cref="ReadingQuality"/>.
/// </remarks>
internal sealed class WaitingOrder : IComparer<WaitingRequest>
{
    internal const double HalfwayLength = 300;
    internal const long TieMs = 20;

    internal static readonly WaitingOrder Instance = new();

    internal static long Due(WaitingRequest request, long agingMs)
    {
        var service = request.ProgramLength + request.Length;
        return request.ArrivedAtMs + (long)(agingMs * (service / (service + HalfwayLength)));
    }

    public int Compare(WaitingRequest? x, WaitingRequest? y)
    {
        if (ReferenceEquals(x, y))
            return 0;
        var byDue = (x!.Due / TieMs).CompareTo(y!.Due / TieMs);
        if (byDue != 0)
            return byDue;
        var byLoss = y.LossPerSecond.CompareTo(x.LossPerSecond);
        return byLoss != 0 ? byLoss : x.Sequence.CompareTo(y.Sequence);
    }
}
