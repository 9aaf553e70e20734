namespace Ops.Planning.Fleet;

/// <summary>
/// Holds pools below a cap: by clocks and power limits first, then by fewer replicas (or fewer awake) of the costliest pools, so that routes
/// fall back to smaller models before they have to refuse. The last replica of a route's cheapest pool stays.
/// </summary>
/// <remarks>
/// What is shared out is the most that a replica can draw at its level, not what it draws now. So a burst cannot exceed the
/// cap, and the only time above it is the one that agents need to apply a lower level.
/// </remarks>
internal static class BudgetPlanner
{
    /// <summary>Lowers the decisions until they fit.</summary>
    /// <param name="budget">The budget.</param>
    /// <param name="decisions">By pool key; lowered.</param>
    /// <param name="keep">Pools of which one replica stays whatever the cap says.</param>
    public static BudgetOutcome Apply(BudgetState budget, IReadOnlyDictionary<string, Decision> decisions, IReadOnlySet<string> keep)
    {
        var members = decisions.Values
            .Where(decision => budget.Priorities.ContainsKey(decision.Pool.Key))
            .OrderByDescending(decision => budget.Priorities[decision.Pool.Key])
            .ThenBy(decision => decision.Pool.Key, StringComparer.Ordinal)
            .ToList();
        var known = members.Where(decision => decision.Pool.Levels.Count > 0).ToList();
        var unknown = members.Where(decision => decision.Pool.Levels.Count == 0).ToList();
        var cap = budget.Watts - unknown.Sum(decision => decision.Pool.Watts ?? 0);
        if (known.Sum(decision => decision.Peak(decision.Level)) > cap)
            Lower(budget, known, keep, cap);
        return new()
        {
            Name = budget.Name,
            AllocatedWatts = known.Sum(decision => decision.Peak(decision.Level)!.Value) + (budget.Watts - cap),
            IdleWatts = known.Sum(decision => decision.IdleWatts),
            ObservedWatts = members.Any(decision => decision.Pool.Watts is not null) ? members.Sum(decision => decision.Pool.Watts ?? 0) : null,
            Pools = members.Count,
            Limited = [.. known.Where(decision => decision.Budget == budget.Name).Select(decision => decision.Pool.Key)],
            Unknown = [.. unknown.Select(decision => decision.Pool.Key)],
        };
    }

    private static void Lower(BudgetState budget, List<Decision> known, IReadOnlySet<string> keep, double cap)
    {
        var ceilings = known.ToDictionary(decision => decision.Pool.Key, decision => decision.Level, StringComparer.Ordinal);
        var running = known.ToDictionary(decision => decision.Pool.Key, decision => decision.Running, StringComparer.Ordinal);
        foreach (var decision in known)
            decision.Level = decision.Pool.Levels.Count - 1;
        while (Total(known) > cap && Victim(budget, known, keep) is { } victim)
            victim.Running--;
        foreach (var group in known.GroupBy(decision => budget.Priorities[decision.Pool.Key]))
            Raise(known, [.. group], ceilings, cap);
        foreach (var decision in known)
        {
            if (decision.Level != ceilings[decision.Pool.Key] || decision.Running != running[decision.Pool.Key])
                decision.Budget = budget.Name;
        }
    }

    // Pools of one priority rise level by level in turn, as far as their own ceilings and the cap let them.
    private static void Raise(List<Decision> all, List<Decision> group, Dictionary<string, int> ceilings, double cap)
    {
        var rose = true;
        while (rose)
        {
            rose = false;
            foreach (var decision in group)
            {
                if (decision.Level <= ceilings[decision.Pool.Key])
                    continue;
                decision.Level--;
                if (Total(all) <= cap)
                    rose = true;
                else
                    decision.Level++;
            }
        }
    }

    // The lowest priority gives first, and in it the replica that draws most: the largest model, so quality goes before service.
    private static Decision? Victim(BudgetState budget, List<Decision> known, IReadOnlySet<string> keep) =>
        known.Where(decision => decision.Running > (keep.Contains(decision.Pool.Key) ? 1 : 0))
            .OrderBy(decision => budget.Priorities[decision.Pool.Key])
            .ThenByDescending(decision => decision.Pool.Levels[^1].PeakWatts)
            .ThenBy(decision => decision.Pool.Key, StringComparer.Ordinal)
            .FirstOrDefault();

    private static double Total(List<Decision> known) => known.Sum(decision => decision.Peak(decision.Level)!.Value);
}
