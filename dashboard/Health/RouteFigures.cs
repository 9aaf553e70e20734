using Ops.Api;
using Ops.Dashboard.Metrics;

namespace Ops.Dashboard.Health;

/// <summary>What routers did with requests, over a range.</summary>
/// <param name="Requests">Answered and lost, a second. What the client gave up is nobody's failure and not counted.</param>
/// <param name="Lost">Refused or failed, a second.</param>
/// <param name="InTime">Answered before the hard deadline, a second.</param>
/// <param name="QualitySum">Declared quality of the answers, a second.</param>
/// <param name="Answered">Answered, a second.</param>
/// <param name="Shares">Answers a second by variant.</param>
internal sealed record RouteFigures(Curve Requests, Curve Lost, Curve InTime, Curve QualitySum, Curve Answered, IReadOnlyList<(string Variant, Curve Answers)> Shares)
{
    /// <summary>Answers in time by requests.</summary>
    public Curve Availability => InTime.Over(Requests).With(InTime, (share, _) => float.IsNaN(share) ? share : Math.Min(1, share));

    /// <summary>Mean declared quality of the answers.</summary>
    public Curve Quality => QualitySum.Over(Answered);

    /// <summary>Reads a route.</summary>
    public static RouteFigures Read(MetricStore store, ModelRoute route, DateTimeOffset from, DateTimeOffset to)
    {
        var name = $"{route.Metadata.NamespaceProperty}/{route.Metadata.Name}";
        Curve Of(string figure, params string[] of) => store.Read(MetricStore.Name(figure, [name, .. of]), from, to);
        // Requests that were refused reached no variant.
        var variants = route.Spec.Variants.Select(variant => variant.Pool).Append("").ToList();
        Curve Sum(Func<string, Curve> curve) => variants.Select(curve).Aggregate((sum, one) => sum.Plus(one));
        var answered = Sum(variant => Of(Figures.Requests, variant, "answered"));
        var lost = Sum(variant => Of(Figures.Requests, variant, "rejected").Plus(Of(Figures.Requests, variant, "failed")));
        return new(
            answered.Plus(lost), lost, Sum(variant => Of(Figures.InTime, variant)), Sum(variant => Of(Figures.Quality, variant)), answered,
            [.. route.Spec.Variants.Select(variant => (variant.Pool, Of(Figures.Requests, variant.Pool, "answered")))]);
    }

    /// <summary>All of them together.</summary>
    public static RouteFigures Sum(IEnumerable<RouteFigures> routes, MetricStore store, DateTimeOffset from, DateTimeOffset to)
    {
        var nothing = store.Read("", from, to);
        return routes.Aggregate(
            new RouteFigures(nothing, nothing, nothing, nothing, nothing, []),
            (sum, route) => new(
                sum.Requests.Plus(route.Requests), sum.Lost.Plus(route.Lost), sum.InTime.Plus(route.InTime),
                sum.QualitySum.Plus(route.QualitySum), sum.Answered.Plus(route.Answered), []));
    }
}
