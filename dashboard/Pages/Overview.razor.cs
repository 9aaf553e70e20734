using Ops.Dashboard.Drawing;
using Ops.Dashboard.Health;
using Ops.Dashboard.Layout;
using Ops.Dashboard.Metrics;

namespace Ops.Dashboard.Pages;

/// <summary>Is anything wrong, and what is being done about it.</summary>
public sealed partial class Overview : LivePage
{
    private IReadOnlyList<AttentionRow> rows = [];
    private IReadOnlyList<Mark> marks = [];
    private RouteFigures traffic = null!;
    private Curve power = null!;
    private Curve perRequest = null!;

    /// <inheritdoc/>
    protected override void Compute()
    {
        rows = Attention.Of(Cluster);
        marks = Marks.Of(Cluster);
        traffic = RouteFigures.Sum(Cluster.Routes.Select(route => RouteFigures.Read(Metrics, route, State.From, State.Now)), Metrics, State.From, State.Now);
        power = Sum(Figures.Watts);
        perRequest = Sum(Figures.Joules).Over(traffic.Requests);
    }

    private IReadOnlyList<Line> PowerLines
    {
        get
        {
            var caps = Cluster.Budgets.Where(budget => !budget.Spec.Suspend).ToList();
            return caps.Count == 0
                ? [new("GPUs", power)]
                : [new("GPUs", power), .. caps.Select(budget => new Line($"budget {budget.Metadata.Name}", power with { Values = [.. power.Values.Select(_ => (float)budget.Spec.Watts)] }, Dashed: true))];
        }
    }

    private IReadOnlyList<Line> FirstTokens =>
        [.. Cluster.Routes.Select(route => new Line(route.Metadata.Name, Read(Figures.FirstToken, $"{route.Metadata.NamespaceProperty}/{route.Metadata.Name}")))];

    private string? BudgetNote
    {
        get
        {
            var caps = Cluster.Budgets.Where(budget => !budget.Spec.Suspend).ToList();
            return caps.Count == 0 ? "no budget" : $"of {Format.Watts(caps.Sum(budget => (double)budget.Spec.Watts))} allowed";
        }
    }

    private string NoTraffic => Scraper.Trouble ?? (Scraper.AnsweringRouters == 0 ? "No router answers; figures come from their metrics." : "No requests in this range.");

    private (string Class, string Text, string Detail) Verdict
    {
        get
        {
            var (critical, warnings) = (rows.Count(row => row.Urgency == Urgency.Critical), rows.Count(row => row.Urgency == Urgency.Warning));
            var fleet = $"{Count(Cluster.Pools.Length, "pool")}, {Count(Cluster.Routes.Length, "route")}, {Count(Cluster.Pods.Length, "pod")}";
            if (critical > 0)
                return ("bad", critical == 1 ? $"{rows[0].Kind} {rows[0].Name} needs you" : $"{critical} things need you", warnings == 0 ? fleet : $"{Count(warnings, "more warning")} · {fleet}");
            if (warnings > 0)
                return ("warn", $"Serving, with {Count(warnings, "warning")}", fleet);
            if (Cluster.Troubled.Count() == Cluster.Kinds.Length)
                return ("bad", "Nothing can be seen", "Whether all is well is not known.");
            return Cluster.Troubled.Any()
                ? ("warn", "Well, as far as it can be seen", $"Some kinds cannot be read · {fleet}")
                : ("ok", "All is well", fleet);
        }
    }

    private string Title => rows.Count(row => row.Urgency == Urgency.Critical) is > 0 and var count ? $"({count}) Overview" : "Overview";

    private Curve Sum(string figure) => Cluster.Pools
        .Select(pool => Read(figure, $"{pool.Metadata.NamespaceProperty}/{pool.Metadata.Name}"))
        .Aggregate(Read(figure, ""), (sum, curve) => sum.Plus(curve));

    private static string Count(int count, string word) => count == 1 ? $"1 {word}" : $"{count} {word}s";
}
