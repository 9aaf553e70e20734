using System.Collections.Immutable;
using System.Globalization;
using Ops.Dashboard.Health;
using Ops.Dashboard.Metrics;
using Ops.Dashboard.WhatIf;
using Ops.Learning;
using Ops.WhatIf;

namespace Ops.Dashboard.Ask;

/// <summary>The closed list of queries. Each reads the viewer's snapshot, figures of what stands in it, or asks the simulator.</summary>
internal static class Queries
{
    private const string Kind = "kind";
    private const string Name = "name";
    private const string Contains = "contains";
    private const string State = "state";
    private const string Figure = "figure";
    private const string Minutes = "minutes";
    private const string Route = "route";
    private const string Load = "load_factor";
    private const string Pool = "pool";
    private const string Replicas = "replicas";
    private const string Weight = "energy_weight";
    private const string Unwell = "unwell";

    // As far back as figures are kept.
    private const double MostMinutes = 360;
    private const double UsualMinutes = 15;

    // Enough to see a rise or a fall, few enough to read.
    private const int Points = 12;

    private static readonly ImmutableSortedDictionary<string, string> FigureKinds = ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal,
    [
        .. ((string[])[Figures.Watts, Figures.Joules, Figures.Tokens, Figures.Prompts, Figures.Running, Figures.Waiting, Figures.Clock, Figures.PerToken]).Select(figure => KeyValuePair.Create(figure, "pools")),
        .. ((string[])[Figures.FirstToken, Figures.Queued, Figures.Saturation, "route.answered", "route.lost", "route.availability", "route.meanquality"]).Select(figure => KeyValuePair.Create(figure, "routes")),
        .. ((string[])[Figures.Served, Figures.Failing, Figures.Duration]).Select(figure => KeyValuePair.Create(figure, "services")),
    ]);

    private static readonly QueryParameter KindParameter = new(Kind, "Which objects.", IsNeeded: true) { OneOf = [.. KindTable.All.Select(kind => kind.Name)] };

    /// <summary>The list.</summary>
    public static ImmutableArray<QueryTool> All { get; } =
    [
        new("list", "Lists objects with their states.", [KindParameter, new(Contains, "Only those whose namespace/name contains this."), new(State, "unwell leaves out what is as it should be.") { OneOf = [Unwell] }], Sync(List)),
        new("describe", "All facts and conditions of one object.", [KindParameter, new(Name, "namespace/name as listed.", IsNeeded: true)], Sync(Describe)),
        new(
            "metric", "A figure over time: mean, least, most, newest, and up to 12 means of equal stretches, oldest first.",
            [
                new(Figure, "pool.* and route.* are of pools and routes, service.* of Deployments; watts, joules/s, tokens/s, MHz, seconds, requests/s, shares of 1.", IsNeeded: true) { OneOf = [.. FigureKinds.Keys] },
                new(Name, "namespace/name; none for all of them."), new(Minutes, "How far back, 15 by default.") { Bounds = (1, MostMinutes) },
            ], Sync(Metric)),
        new(
            "what_if", "Simulates a route under another load, with other replicas of one pool, or another weight of energy, against how it is now.",
            [
                new(Route, "namespace/name of the route.", IsNeeded: true), new(Load, "Factor of the load, 1 as now.") { Bounds = (Question.LeastLoad, Question.MostLoad) },
                new(Pool, "Name of the pool whose replicas change."), new(Replicas, "Replicas of that pool.") { Bounds = (0, Question.MostReplicas) },
                new(Weight, "Quality by joule, 0 for none; the route's own by default.") { Bounds = (0, 0.005) },
            ], WhatIfAsync),
    ];

    private static Func<QueryScope, QueryArguments, CancellationToken, Task<QueryResult>> Sync(Func<QueryScope, QueryArguments, QueryResult> run) => (scope, arguments, _) => Task.FromResult(run(scope, arguments));

    private static QueryResult List(QueryScope scope, QueryArguments arguments)
    {
        var kind = KindTable.All.First(kind => kind.Name == arguments.Text(Kind));
        var rows = kind.Rows(scope.Cluster)
            .Where(row => row.Id.Contains(arguments.Text(Contains), StringComparison.OrdinalIgnoreCase) && !(row.IsWell && arguments.Text(State) == Unwell))
            .Select(row => (string?[])[row.Id, .. row.Cells]).ToList();
        return QueryResult.Of(["name", .. kind.Columns], rows, scope.Cluster.TroubleOf(kind.Plural) ?? "");
    }

    private static QueryResult Describe(QueryScope scope, QueryArguments arguments)
    {
        var kind = KindTable.All.First(kind => kind.Name == arguments.Text(Kind));
        if (kind.Rows(scope.Cluster).FirstOrDefault(row => row.Id == arguments.Text(Name)) is not { } found)
            return QueryResult.Nothing(scope.Cluster.TroubleOf(kind.Plural) ?? $"None of the {kind.Name} that you may see has this name.");
        return QueryResult.Of(["what", "value"],
        [
            .. kind.Columns.Zip(found.Cells, (column, cell) => (string?[])[column, cell]),
            .. found.Facts.Where(fact => !string.IsNullOrEmpty(fact.Value)).Select(fact => (string?[])[fact.Name, fact.Value]),
            .. (found.Conditions ?? []).Select(condition => (string?[])[$"condition {condition.Type}", $"{condition.Status} since {Format.Full(condition.LastTransitionTime)}, {condition.Reason}: {condition.Message}"]),
        ]);
    }

    private static QueryResult Metric(QueryScope scope, QueryArguments arguments)
    {
        var (figure, name) = (arguments.Text(Figure), arguments.Text(Name));
        var from = scope.Now - TimeSpan.FromMinutes(arguments.Number(Minutes) ?? UsualMinutes);
        // Figures are everybody's; whose objects the viewer may not list is not told.
        var ids = (FigureKinds[figure] switch
        {
            "pools" => scope.Cluster.Pools.Select(pool => pool.Metadata),
            "routes" => scope.Cluster.Routes.Select(route => route.Metadata),
            _ => scope.Cluster.Deployments.Select(deployment => deployment.Metadata),
        }).Select(metadata => $"{metadata.NamespaceProperty}/{metadata.Name}").Where(id => name.Length == 0 || id == name).ToList();
        var rows = ids.Select(id => (Id: id, Curve: Read(scope, figure, id, from))).Where(one => one.Curve.HasData).Select(one => Row(one.Id, one.Curve)).ToList();
        return QueryResult.Of(["name", "mean", "least", "most", "newest", "over time"], rows, rows.Count > 0 ? "" : ids.Count == 0 ? "Nothing that you may see has this name." : "Nothing is known of it in this time.");
    }

    private static Curve Read(QueryScope scope, string figure, string id, DateTimeOffset from)
    {
        RouteFigures OfRoute() => RouteFigures.Read(scope.Metrics, scope.Cluster.Routes.First(route => $"{route.Metadata.NamespaceProperty}/{route.Metadata.Name}" == id), from, scope.Now);
        return figure switch
        {
            "route.answered" => OfRoute().Answered,
            "route.lost" => OfRoute().Lost,
            "route.availability" => OfRoute().Availability,
            "route.meanquality" => OfRoute().Quality,
            _ => scope.Metrics.Read(MetricStore.Name(figure, id), from, scope.Now),
        };
    }

    private static string?[] Row(string id, Curve curve)
    {
        var known = curve.Values.Where(float.IsFinite).ToList();
        var stretches = curve.Values.Chunk(Math.Max(1, (curve.Values.Length + Points - 1) / Points)).Select(chunk => chunk.Where(float.IsFinite).DefaultIfEmpty(float.NaN).Average());
        return [id, Exact(curve.Mean), Exact(known.Min()), Exact(known.Max()), Exact(curve.Newest), string.Join(" ", stretches.Select(mean => Exact(mean)))];
    }

    private static string Exact(double? value) => value is { } number && double.IsFinite(number) ? number.ToString("0.####", CultureInfo.InvariantCulture) : "?";

    private static async Task<QueryResult> WhatIfAsync(QueryScope scope, QueryArguments arguments, CancellationToken cancellation)
    {
        if (scope.Cluster.Routes.FirstOrDefault(route => $"{route.Metadata.NamespaceProperty}/{route.Metadata.Name}" == arguments.Text(Route)) is not { } route)
            return QueryResult.Nothing("None of the routes that you may see has this name.");
        if (arguments.Text(Pool).Length > 0 != arguments.Number(Replicas).HasValue)
            return QueryResult.Nothing("pool and replicas go together.");
        var replicas = ImmutableSortedDictionary<string, int>.Empty.WithComparers(StringComparer.Ordinal);
        if (arguments.Number(Replicas) is { } count)
            replicas = replicas.Add(arguments.Text(Pool), (int)count);
        var choice = new WhatIfChoice(arguments.Number(Load) ?? 1, replicas, arguments.Number(Weight));
        var (question, assumption) = RouteQuestion.Of(route, RouteQuestion.PoolsOf(route, scope.Cluster), choice, scope.Metrics, scope.Now - TimeSpan.FromMinutes(UsualMinutes), scope.Now);
        try
        {
            var answer = await scope.Desk.AskAsync(question, cancellation);
            return QueryResult.Of(["figure", "now", "then", "change"], [.. WhatIfRow.All(answer).Select(row => (string?[])[row.Name, row.Now, row.Then, row.Change])], $"Simulated. {assumption}");
        }
        catch (InvalidFleetException invalid)
        {
            return QueryResult.Nothing($"Not simulated: {invalid.Message}");
        }
    }
}
