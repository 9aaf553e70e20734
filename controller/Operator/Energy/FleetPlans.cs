using System.Collections.Immutable;
using Ops.Kube;
using Ops.Planning.Fleet;

namespace Ops.Operator.Energy;

/// <summary>The newest plan of the fleet. One immutable snapshot, swapped after each planning.</summary>
internal sealed class FleetPlans
{
    private volatile FleetPlan? current;

    /// <summary>The plan, or null before the first planning.</summary>
    public FleetPlan? Current => current;

    /// <summary>What is asked of a pool; null before the first planning and for a pool that it did not know.</summary>
    public PoolTarget? OfPool(ObjectKey pool) => current?.Pools.GetValueOrDefault(pool.ToString());

    /// <summary>How a budget came out, or null.</summary>
    public BudgetOutcome? OfBudget(string name) => current?.Budgets.FirstOrDefault(budget => budget.Name == name);

    /// <summary>Puts a new plan in place.</summary>
    public void Swap(FleetPlan plan) => current = plan;
}
