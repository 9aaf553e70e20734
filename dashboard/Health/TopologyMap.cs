using k8s.Models;
using Ops.Api;
using Ops.Dashboard.Cluster;
using Ops.Dashboard.Drawing;
using Ops.Dashboard.Layout;
using Ops.Dashboard.Metrics;

namespace Ops.Dashboard.Health;

/// <summary>Who calls whom, with the figures of now.</summary>
/// <param name="From">The caller, namespace/name.</param>
/// <param name="To">The callee, namespace/name.</param>
/// <param name="Rate">Calls a second.</param>
/// <param name="Failing">Share of them that fail; null without calls.</param>
/// <param name="Seconds">Their mean duration; null without calls.</param>
internal sealed record CallRow(string From, string To, double Rate, double? Failing, double? Seconds)
{
    // Below one call in a minute there is no traffic to speak of.
    private const double LeastRate = 1 / 60.0;

    /// <summary>All calls that were measured in the last rounds.</summary>
    public static IReadOnlyList<CallRow> All(MetricStore store) =>
        [.. store.Names(Figures.Calls + "|").Select(name => name.Split('|')).Where(parts => parts.Length == 3)
            .Select(parts => new CallRow(
                parts[1], parts[2], store.Newest(MetricStore.Name(Figures.Calls, parts[1], parts[2])) ?? 0,
                store.Newest(MetricStore.Name(Figures.CallFailing, parts[1], parts[2])), store.Newest(MetricStore.Name(Figures.CallDuration, parts[1], parts[2]))))
            .Where(call => call.Rate >= LeastRate)];
}

/// <summary>One namespace's part of the map.</summary>
/// <param name="Namespace">Which.</param>
/// <param name="Boxes">Routes, pools and services.</param>
/// <param name="Edges">Traffic between them.</param>
internal sealed record TopologyPart(string Namespace, IReadOnlyList<GraphBox> Boxes, IReadOnlyList<GraphEdge> Edges);

/// <summary>Routes, pools and services with the traffic between them, a part for each namespace. Pure.</summary>
internal static class TopologyMap
{
    // From here on failures are somebody's problem, and from there on everybody's.
    private const double SomeFail = 0.01;
    private const double ManyFail = 0.1;

    /// <summary>The parts.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="calls">Measured calls.</param>
    /// <param name="newest">Newest value of a figure.</param>
    /// <param name="chosen">The service that is looked at.</param>
    /// <param name="find">Only names that contain this, with their neighbours; null or empty for all.</param>
    public static IReadOnlyList<TopologyPart> Of(ClusterSnapshot cluster, IReadOnlyList<CallRow> calls, Func<string, double?> newest, string? chosen, string? find)
    {
        var suspects = Suspects(cluster);
        var boxes = cluster.Routes.Select(route => OfRoute(route, newest))
            .Concat(cluster.Pools.Select(pool => OfPool(pool, newest)))
            .Concat(cluster.Deployments.Where(IsService).Select(deployment => OfService(deployment, suspects, newest)))
            .Select(box => box.Id == chosen ? box with { Css = "chosen" } : box).ToList();
        var edges = cluster.Routes.SelectMany(Variants).Concat(calls.Select(OfCall)).ToList();
        if (!string.IsNullOrWhiteSpace(find))
        {
            var found = boxes.Where(box => box.Id.Contains(find.Trim(), StringComparison.OrdinalIgnoreCase)).Select(box => box.Id).ToHashSet();
            var near = edges.Where(edge => found.Contains(edge.From) || found.Contains(edge.To)).SelectMany(edge => (string[])[edge.From, edge.To]).Concat(found).ToHashSet();
            boxes = [.. boxes.Where(box => near.Contains(box.Id))];
        }

        return [.. boxes.GroupBy(box => Space(box.Id))
            // Where something is wrong comes first.
            .OrderByDescending(part => part.Max(box => box.Urgency)).ThenByDescending(part => edges.Count(edge => Space(edge.From) == part.Key)).ThenBy(part => part.Key, StringComparer.Ordinal)
            .Select(part => new TopologyPart(part.Key, [.. part], [.. edges.Where(edge => Space(edge.From) == part.Key && Space(edge.To) == part.Key)]))];
    }

    private static bool IsService(V1Deployment deployment) =>
        deployment.Metadata.Labels is not { } labels || !labels.TryGetValue(Labels.ManagedBy, out var manager) || manager != Labels.ManagedByOps;

    // Open incidents: the first cause is what hurts, symptoms are who feels it.
    private static Dictionary<string, Urgency> Suspects(ClusterSnapshot cluster)
    {
        var suspects = new Dictionary<string, Urgency>(StringComparer.Ordinal);
        foreach (var status in cluster.Incidents.Select(incident => incident.Status).Where(status => status?.Phase == IncidentPhases.Open))
        {
            foreach (var symptom in status!.Symptoms ?? [])
                suspects.TryAdd(IncidentGraph.Id(symptom.Target), Urgency.Warning);
            foreach (var cause in (status.Causes ?? []).Where(cause => cause.Rank <= 1))
                suspects[IncidentGraph.Id(cause.Target)] = Urgency.Critical;
        }

        return suspects;
    }

    private static GraphBox OfRoute(ModelRoute route, Func<string, double?> newest)
    {
        var name = $"{route.Metadata.NamespaceProperty}/{route.Metadata.Name}";
        var rate = newest(MetricStore.Name(Figures.Saturation, name));
        return new($"{route.Metadata.NamespaceProperty}/route:{route.Metadata.Name}", route.Metadata.Name, rate is null ? "route" : $"route · {Format.Percent(rate)} full", Attention.OfRouteState(route), SiteMap.Route(route), $"Route {name}");
    }

    private static GraphBox OfPool(ModelPool pool, Func<string, double?> newest)
    {
        var name = $"{pool.Metadata.NamespaceProperty}/{pool.Metadata.Name}";
        return new(
            $"{pool.Metadata.NamespaceProperty}/pool:{pool.Metadata.Name}", pool.Metadata.Name,
            $"{pool.Status?.ReadyReplicas ?? 0} of {pool.Spec.EffectiveReplicas} · {Format.Watts(newest(MetricStore.Name(Figures.Watts, name)))}",
            Attention.OfPoolState(pool), SiteMap.Pool(pool), $"Pool {name}: {pool.Spec.Model}");
    }

    private static GraphBox OfService(V1Deployment deployment, Dictionary<string, Urgency> suspects, Func<string, double?> newest)
    {
        var id = $"{deployment.Metadata.NamespaceProperty}/{deployment.Metadata.Name}";
        var (ready, wanted) = (deployment.Status?.ReadyReplicas ?? 0, deployment.Spec?.Replicas ?? 1);
        var (rate, seconds, failing) = (newest(MetricStore.Name(Figures.Served, id)), newest(MetricStore.Name(Figures.Duration, id)), newest(MetricStore.Name(Figures.Failing, id)));
        var urgency = (Urgency)Math.Max(
            (int)suspects.GetValueOrDefault(id),
            (int)(ready == 0 && wanted > 0 || failing >= ManyFail ? Urgency.Critical : ready < wanted || failing >= SomeFail ? Urgency.Warning : Urgency.Fine));
        var detail = ready < wanted ? $"{ready} of {wanted} ready" : rate is null ? $"{ready} ready" : $"{Format.Number(rate)}/s · {Format.Seconds(seconds)}";
        return new(id, deployment.Metadata.Name, detail, urgency, SiteMap.Service(id), $"{id}: {ready} of {wanted} ready, {Format.Percent(failing)} of requests fail");
    }

    private static IEnumerable<GraphEdge> Variants(ModelRoute route) => route.Spec.Variants.Select(variant => new GraphEdge(
        $"{route.Metadata.NamespaceProperty}/route:{route.Metadata.Name}", $"{route.Metadata.NamespaceProperty}/pool:{variant.Pool}",
        route.Status?.Variants?.FirstOrDefault(row => row.Pool == variant.Pool)?.Share is { } share ? Format.Percent(share) : ""));

    private static GraphEdge OfCall(CallRow call) => 
        call.Failing >= SomeFail ? new(call.From, call.To, $"{Format.Percent(call.Failing)} fail", "failing") : new(call.From, call.To);

    private static string Space(string id) => id.Split('/')[0];
}
