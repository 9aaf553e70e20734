using Ops.Api;
using Ops.Dashboard.Drawing;
using Ops.Dashboard.Health;
using Ops.Dashboard.Layout;
using Ops.Dashboard.Metrics;

namespace Ops.Dashboard.Pages;

/// <summary>Which variant answers, under which policy, and how well. The route that is looked at stands in the address.</summary>
public sealed partial class Routing : LivePage
{
    private ModelRoute? route;
    private RouteFigures figures = null!;
    private IReadOnlyList<Line> shares = [];
    private IReadOnlyList<Line> firstToken = [];
    private IReadOnlyList<VariantRow> variants = [];
    private IReadOnlyList<Mark> marks = [];

    private string Name => $"{route!.Metadata.NamespaceProperty}/{route.Metadata.Name}";

    private string NoTraffic => Scraper.Trouble ?? (Scraper.AnsweringRouters == 0 ? "No router answers; figures come from their metrics." : "No requests in this range.");

    /// <inheritdoc/>
    protected override void Compute()
    {
        var wanted = State.Get("route");
        route = Cluster.Routes.FirstOrDefault(candidate => $"{candidate.Metadata.NamespaceProperty}/{candidate.Metadata.Name}" == wanted) ?? Cluster.Routes.FirstOrDefault();
        if (route is null)
            return;
        marks = Marks.Of(Cluster);
        figures = RouteFigures.Read(Metrics, route, State.From, State.Now);
        shares = [.. figures.Shares.Select(share => new Line(share.Variant, share.Answers))];
        var measured = Read(Figures.FirstToken, Name);
        var limit = (float)route.Spec.EffectiveObjective.EffectiveTimeToFirstToken.TotalSeconds;
        firstToken = [new("p95", measured), new("objective", measured with { Values = [.. measured.Values.Select(_ => measured.HasData ? limit : float.NaN)] }, Dashed: true)];
        variants = [.. route.Spec.Variants.Select(Row)];
    }

    private VariantRow Row(VariantSpec variant, int index)
    {
        var key = $"{route!.Metadata.NamespaceProperty}/{variant.Pool}";
        var pool = Cluster.Pools.FirstOrDefault(candidate => candidate.Metadata.Name == variant.Pool && candidate.Metadata.NamespaceProperty == route.Metadata.NamespaceProperty);
        var answers = figures.Shares[index].Answers;
        return new(
            index, variant.Pool, key, pool, variant.QualityFor(WellKnown.DefaultTask), answers.Mean is { } mean && figures.Answered.Mean is > 0 and var all ? mean / all : null,
            answers.Newest, Read(Figures.PerToken, key).Mean, Read(Figures.Joules, key).Over(Read(Figures.Tokens, key)).Mean);
    }

    private sealed record VariantRow(int Index, string Name, string Key, ModelPool? Pool, double Quality, double? Share, double? Answers, double? PerToken, double? Joules);
}
