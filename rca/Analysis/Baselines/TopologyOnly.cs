namespace Ops.Rca;

/// <summary>
/// A control that looks at no metric: the walk over the call graph from the symptom (from all services that nobody
/// calls, if no symptom was told), with every service equally suspect. What a method gains over it, it owes to metrics.
/// </summary>
public sealed class TopologyOnly : IMethod
{
    /// <inheritdoc/>
    public string Name => "topology";

    /// <inheritdoc/>
    public Scores Score(Incident incident, double? onset)
    {
        var services = Candidates.Of(incident);
        var called = incident.Calls.Select(edge => edge.Callee).ToHashSet();
        var restart = services.Select(service => incident.Symptom is { } symptom ? (service == symptom ? 1.0 : 0) : called.Contains(service) ? 0 : 1).ToArray();
        var index = services.Select((service, i) => (service, i)).ToDictionary(pair => pair.service, pair => pair.i);
        var edges = incident.Calls.Distinct().Select(edge => (index[edge.Caller], index[edge.Callee], 1.0)).ToArray();
        var shares = CallGraphWalk.Run([.. services.Select(_ => 1.0)], edges, CallGraphWalk.Normalise(restart));
        // The restart holds the walk where it began, which says nothing about that service.
        var scores = services.ToDictionary(service => service, service => restart[index[service]] > 0 ? 0 : shares[index[service]]);
        return new Scores(scores, [.. incident.Observed.Metrics.Select(metric => scores[metric.Service])], new Dictionary<string, string>());
    }
}
