using Ops.Api;
using Ops.Kube;
using Ops.Operator.Fleet;
using Ops.Planning.Budgets;
using Ops.Planning.Fleet;

namespace Ops.Operator.Energy;

/// <summary>Plans the fleet after each round of scrapes, and wakes the pools and budgets that the plan moves.</summary>
internal sealed partial class FleetPlanning(FleetCaches caches, FleetView view, FleetPlans plans, ILogger<FleetPlanning> logger)
{
    private FleetMemory memory = FleetMemory.Empty;

    /// <summary>Raised for each pool of which the plan asks something new.</summary>
    public event Action<ObjectKey>? PoolMoved;

    /// <summary>Raised for each budget whose status would change.</summary>
    public event Action<ObjectKey>? BudgetMoved;

    /// <summary>Plans once. Called by one loop, the leader's scrapes.</summary>
    public void Plan()
    {
        FleetPlan plan;
        try
        {
            plan = FleetPlanner.Plan(view.Look(), memory);
        }
#pragma warning disable CA1031 // A plan that fails leaves the last one in force; the scrapes that called go on.
        catch (Exception error)
#pragma warning restore CA1031
        {
            Log.Failed(logger, error);
            return;
        }

        memory = plan.Memory;
        plans.Swap(plan);
        foreach (var pool in caches.Pools.List())
        {
            var key = ObjectKey.Of(pool);
            if (plans.OfPool(key) is { } target && (target.Plan != pool.Status?.Plan || WantsScale(pool, target)))
                PoolMoved?.Invoke(key);
        }

        foreach (var budget in caches.Budgets.List())
        {
            if (BudgetStatusPlanner.WouldShowAnew(budget.Status, plans.OfBudget(budget.Metadata.Name)))
                BudgetMoved?.Invoke(ObjectKey.Of(budget));
        }
    }

    /// <summary>Whether the plan asks for another number of replicas, and nobody scaled the pool since it was made.</summary>
    public static bool WantsScale(ModelPool pool, PoolTarget target) =>
        target.Scale is { } scale && scale != pool.Spec.EffectiveReplicas && target.ScaleFrom == pool.Spec.EffectiveReplicas;

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "The fleet could not be planned; the last plan stays in force.")]
        public static partial void Failed(ILogger logger, Exception error);
    }
}
