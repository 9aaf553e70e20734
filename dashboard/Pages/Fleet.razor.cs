using k8s.Models;
using Ops.Api;
using Ops.Dashboard.Drawing;
using Ops.Dashboard.Health;
using Ops.Dashboard.Layout;
using Ops.Dashboard.Metrics;

namespace Ops.Dashboard.Pages;

/// <summary>Pools, their pods, and what the planner asks of them. The pool that is looked at stands in the address.</summary>
public sealed partial class Fleet : LivePage
{
    private ModelPool? pool;
    private IReadOnlyList<PodRow> pods = [];
    private IReadOnlyList<Mark> marks = [];
    private Curve watts = null!;
    private Curve tokens = null!;
    private Curve running = null!;
    private Curve waiting = null!;
    private Curve perToken = null!;
    private Curve latency = null!;

    private string NoFigures => Scraper.Trouble ?? "The pool's pods tell no figures in this range.";

    /// <inheritdoc/>
    protected override void Compute()
    {
        var wanted = State.Get("pool");
        pool = Cluster.Pools.FirstOrDefault(candidate => Key(candidate) == wanted) ?? Cluster.Pools.FirstOrDefault();
        marks = Marks.Of(Cluster);
        if (pool is null)
            return;
        pods = [.. Cluster.PodsOf(pool).Select(pod => PodRow.Of(pod, Scraper.Of(pod)))];
        Curve Of(string figure) => Read(figure, Key(pool));
        (watts, tokens, running, waiting, latency) = (Of(Figures.Watts), Of(Figures.Tokens), Of(Figures.Running), Of(Figures.Waiting), Of(Figures.PerToken));
        perToken = Of(Figures.Joules).Over(tokens);
    }

    private static string Key(ModelPool pool) => $"{pool.Metadata.NamespaceProperty}/{pool.Metadata.Name}";

    private static Urgency Judge(V1Condition condition) => (condition.Type, condition.Status) switch
    {
        (ConditionTypes.Degraded, Conditions.True) => Urgency.Warning,
        (ConditionTypes.Ready, Conditions.False) => Urgency.Warning,
        (ConditionTypes.EnergyLimited or ConditionTypes.Progressing, Conditions.True) => Urgency.Note,
        _ => Urgency.Fine,
    };

    private static Urgency BudgetState(EnergyBudget budget) => budget.Spec.Suspend ? Urgency.Note
        : Conditions.IsTrue(budget.Status?.Conditions, ConditionTypes.Degraded) ? Urgency.Warning : Urgency.Fine;

    // Whether a limit is in force is said by a condition, not by a number.
    private static string LimitInForce(ModelPool pool) => Conditions.Find(pool.Status?.Conditions, ConditionTypes.EnergyLimited)?.Reason ?? Format.None;
}
