namespace Ops.Picking;

/// <summary>
/// Decides which variants may be chosen at all. A request is rejected only when every considered variant would start
/// it after its hard deadline, by a lower bound of the queueing time: then its answer could not be worth anything.
/// Where the route says so, also when every one would complete it too late because of its queue.
/// </summary>
internal static class Admission
{
    /// <summary>Retry-After when nothing is ready: about the time that a pod needs to pass its next readiness probe.</summary>
    internal const int NotReadyRetrySeconds = 5;

    /// <summary>Retry-After when the policy found no variant worth taking: bursts that it turns down last about a second.</summary>
    internal const int PolicyRetrySeconds = 1;

    /// <summary>No client is sent away for longer than a minute; queues drain faster than predictions hold.</summary>
    internal const int MaxRetrySeconds = 60;

    /// <summary>Opens the variants that may be chosen.</summary>
    /// <returns>Chosen when at least one is open (the indices are still to be chosen), else why not.</returns>
    internal static Choice Open(RouteSnapshot snapshot, IPolicy policy, in RequestFeatures request, Span<VariantOutlook> outlooks)
    {
        var remaining = snapshot.Objective.HardDeadline - request.ElapsedSeconds;
        var reluctance = int.MaxValue;
        var soonest = double.PositiveInfinity;
        for (var v = 0; v < outlooks.Length; v++)
        {
            ref var outlook = ref outlooks[v];
            outlook.Open = outlook.Replica >= 0 && policy.Considers(snapshot, v);
            if (!outlook.Open)
                continue;
            var late = Late(outlook, remaining, snapshot.Rules.RejectLateCompletion);
            soonest = Math.Min(soonest, late);
            if (late <= 0)
                reluctance = Math.Min(reluctance, outlook.Reluctance);
        }

        if (double.IsPositiveInfinity(soonest))
            return new Choice(ChoiceKind.NoReplicaReady, -1, -1, NotReadyRetrySeconds, 0, 0);
        if (soonest > 0)
            return new Choice(ChoiceKind.Saturated, -1, -1, RetryAfter(soonest), 0, 0);

        foreach (ref var outlook in outlooks)
            outlook.Open = outlook.Open && Late(outlook, remaining, snapshot.Rules.RejectLateCompletion) <= 0 && outlook.Reluctance == reluctance;
        return new Choice(ChoiceKind.Chosen, -1, -1, 0, 0, 0);
    }

    // Seconds beyond the deadline; that much has to drain first. A request that would be late on an idle replica too is
    // not turned away for it: coming back later would not help it.
    private static double Late(in VariantOutlook outlook, double remaining, bool byCompletion) =>
        byCompletion && outlook.Completion - outlook.BacklogSeconds <= remaining ? outlook.Completion - remaining : outlook.StartDelay - remaining;

    private static int RetryAfter(double excessSeconds) => (int)Math.Clamp(Math.Ceiling(excessSeconds), 1, MaxRetrySeconds);
}
