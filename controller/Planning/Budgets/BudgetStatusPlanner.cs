using Ops.Api;
using Ops.Planning.Fleet;

namespace Ops.Planning.Budgets;

/// <summary>A budget and how it came out -> its status. Pure; the previous status is part of the input.</summary>
public static class BudgetStatusPlanner
{
    private const int MaxRows = 64;

    /// <summary>The status to show.</summary>
    /// <param name="budget">The budget with its present status.</param>
    /// <param name="outcome">How it came out in the newest plan, or null where it took no part.</param>
    /// <param name="limited">The pools that it holds back, in order.</param>
    /// <param name="now">The moment.</param>
    public static EnergyBudgetStatus Plan(EnergyBudget budget, BudgetOutcome? outcome, IReadOnlyList<LimitedPool> limited, DateTimeOffset now)
    {
        var before = budget.Status;
        return new()
        {
            ObservedGeneration = budget.Metadata.Generation,
            AllocatedWatts = Steady.Number(before?.AllocatedWatts, outcome?.AllocatedWatts),
            ObservedWatts = Steady.Number(before?.ObservedWatts, outcome?.ObservedWatts),
            Pools = outcome?.Pools ?? 0,
            Limited = outcome?.Limited.Count ?? 0,
            LimitedPools = limited.Count == 0 ? null : [.. limited.Take(MaxRows)],
            Conditions = Conditions.Merge(before?.Conditions, Findings(budget.Spec, outcome), budget.Metadata.Generation, now),
        };
    }

    /// <summary>Whether an outcome would change the numbers that are shown.</summary>
    public static bool WouldShowAnew(EnergyBudgetStatus? status, BudgetOutcome? outcome) =>
        Steady.Number(status?.AllocatedWatts, outcome?.AllocatedWatts) != status?.AllocatedWatts
        || Steady.Number(status?.ObservedWatts, outcome?.ObservedWatts) != status?.ObservedWatts
        || (outcome?.Pools ?? 0) != status?.Pools
        || (outcome?.Limited.Count ?? 0) != status?.Limited
        || (outcome?.Limited ?? []).Except((status?.LimitedPools ?? []).Select(pool => $"{pool.Namespace}/{pool.Name}")).Any();

    private static IEnumerable<ConditionFinding> Findings(EnergyBudgetSpec spec, BudgetOutcome? outcome)
    {
        if (spec.Suspend)
            return All(false, "Suspended", "spec.suspend is true; no pool is limited", null);
        if (outcome is null)
            return All(false, "NotPlannedYet", "the first plan of the fleet is still to come", null);
        if (outcome.Pools == 0)
            return All(false, "NoPools", "spec.poolLabels selects no pool", null);
        var holds = outcome.AllocatedWatts <= spec.Watts;
        var limits = outcome.Limited.Count == 0 ? null : $"{outcome.Limited.Count} of {outcome.Pools} pools held back";
        if (outcome.IdleWatts > spec.Watts)
            return All(holds, "BelowIdlePower", $"spec.watts is {spec.Watts}, but the pools draw {Steady.TwoDigits(outcome.IdleWatts):0} W with nothing to do; in force instead: the lowest levels and the smallest fleet that still answers every route, at most {outcome.AllocatedWatts:0} W. Raise spec.watts or lower the pools' scaling.min", limits);
        if (!holds)
            return All(false, "CannotHold", $"spec.watts is {spec.Watts}, but the smallest fleet that still answers every route can draw {outcome.AllocatedWatts:0} W at the lowest levels, which is in force. Raise spec.watts or delete a pool", limits);
        return outcome.Unknown.Count > 0
            ? All(true, "PartlyMeasured", $"pools without a power profile count as measured and cannot be held back: {string.Join(", ", outcome.Unknown.Take(5))}", limits)
            : All(true, "WithinBudget", $"at most {spec.Watts} W whatever the load", limits);
    }

    private static ConditionFinding[] All(bool holds, string reason, string message, string? limits) =>
    [
        new(ConditionTypes.Ready, holds, reason, message),
        limits is null
            ? new(ConditionTypes.EnergyLimited, false, "Enough", "no pool is held back")
            : new(ConditionTypes.EnergyLimited, true, "HeldBack", limits),
        reason is "BelowIdlePower" or "CannotHold" or "NoPools"
            ? new(ConditionTypes.Degraded, true, reason, message)
            : new(ConditionTypes.Degraded, false, "AsExpected", "nothing needs attention"),
    ];
}
