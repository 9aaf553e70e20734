using Ops.Api;
using Ops.Kube;
using Ops.Operator.Energy;
using Ops.Operator.Fleet;
using Ops.Planning.Budgets;
using Ops.Planning.Fleet;

namespace Ops.Operator.Budgets;

/// <summary>One EnergyBudget: its status. The plan of the fleet keeps it, so there is nothing else to apply.</summary>
internal sealed class BudgetReconciler(FleetCaches caches, FleetPlans plans, StatusWriter statuses, TimeProvider time) : IReconciler
{
    /// <inheritdoc/>
    public async Task<Requeue> ReconcileAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        if (caches.Budgets.Get(key) is not { Metadata.DeletionTimestamp: null } budget)
            return Requeue.None;
        var outcome = plans.OfBudget(key.Name);
        var intent = new EnergyBudget
        {
            Metadata = new() { Name = budget.Metadata.Name },
            Status = BudgetStatusPlanner.Plan(budget, outcome, Limited(outcome), time.GetUtcNow()),
        };
        await statuses.WriteAsync(intent, budget, shown => shown.Status?.Conditions, cancellationToken);
        return Requeue.None;
    }

    private List<LimitedPool> Limited(BudgetOutcome? outcome)
    {
        var rows = new List<LimitedPool>();
        foreach (var key in outcome?.Limited ?? [])
        {
            if (key.Split('/') is not [var ns, var name] || plans.OfPool(new(ns, name))?.Plan is not { } plan)
                continue;
            rows.Add(new() { Namespace = ns, Name = name, Replicas = plan.Replicas, ClockMHz = plan.ClockMHz, PowerLimitWatts = plan.PowerLimitWatts });
        }

        return rows;
    }
}
