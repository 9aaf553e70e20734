using Ops.Api;

namespace Ops.Rca.Service.Incidents;

/// <summary>The graph of an incident as it stands in its status: who led whom, and who calls whom.</summary>
internal static class IncidentEdges
{
    // Half of the 40 edges, so that neither sort pushes the other out.
    private const int MostOfOrder = IncidentStatus.MaxEdges / 2;

    /// <summary>The strongest edges of temporal order, one for each pair of services, then the calls among what moved.</summary>
    /// <param name="analysed">What was found out.</param>
    /// <param name="lag">When a service moved, in seconds after the onset; null where it did not.</param>
    public static IReadOnlyList<IncidentEdge> Of(AnalysedIncident analysed, Func<string, double?> lag) =>
        [.. OfOrder(analysed.Order).Take(MostOfOrder).Concat(OfCalls(analysed.Calls, lag)).Take(IncidentStatus.MaxEdges)];

    private static IEnumerable<IncidentEdge> OfOrder(CausalGraph order) => order.Edges
        .Where(edge => edge.Cause.Service != edge.Effect.Service)
        .DistinctBy(edge => (edge.Cause.Service, edge.Effect.Service))
        .Select(edge => new IncidentEdge
        {
            From = IncidentText.Target(edge.Cause.Service),
            To = IncidentText.Target(edge.Effect.Service),
            Kind = IncidentEdgeKinds.Granger,
            FromMetric = IncidentText.Cut(edge.Cause.Name, IncidentEdge.MaxMetric),
            ToMetric = IncidentText.Cut(edge.Effect.Name, IncidentEdge.MaxMetric),
            LagSeconds = IncidentText.Number(edge.LagSeconds),
            Strength = IncidentText.Number(edge.Strength),
            Sign = edge.Sign == 0 ? null : edge.Sign,
            Gain = IncidentText.Number(edge.Gain),
        });

    // From the called service to the one that calls it, among those that moved: that is the way a fault takes.
    private static IEnumerable<IncidentEdge> OfCalls(IReadOnlyList<CallEdge> calls, Func<string, double?> lag) =>
        from edge in calls
        let cause = lag(edge.Callee)
        let effect = lag(edge.Caller)
        where cause is not null && effect is not null
        orderby cause, edge.Callee, edge.Caller
        select new IncidentEdge
        {
            From = IncidentText.Target(edge.Callee),
            To = IncidentText.Target(edge.Caller),
            Kind = IncidentEdgeKinds.Call,
            LagSeconds = IncidentText.Number(effect.Value - cause.Value),
        };
}
