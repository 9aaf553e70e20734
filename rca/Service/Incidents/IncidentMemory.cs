using Ops.Api;
using Ops.Rca.Service.Detection;
using Ops.Rca.Sources;

namespace Ops.Rca.Service.Incidents;

/// <summary>Reads an incident back from its object, so that a restarted service goes on with it instead of making a second one.</summary>
internal static class IncidentMemory
{
    /// <summary>The incident that an open object tells of, or null.</summary>
    public static TrackedIncident? Read(Api.Incident stored)
    {
        if (stored.Status is not { Phase: IncidentPhases.Open, DetectedAt: { } detected } status)
            return null;
        var incident = new TrackedIncident(stored.Metadata.Name, stored.Spec.Type, Seconds(detected)) { Namespace = stored.Metadata.NamespaceProperty };
        foreach (var symptom in status.Symptoms ?? [])
            incident.Add(new Movement(
                // Only which metric it was is known; its kind comes back with its first value.
                new Signal(new Metric(Service(symptom.Target), symptom.Metric, MetricKind.Latency), null, SignalRole.Plain),
                Seconds(symptom.Since ?? detected), symptom.Before ?? 0, symptom.Now ?? 0, symptom.Deviations ?? 0));
        return incident;
    }

    private static string Service(IncidentTarget target) => target.Namespace is { } space ? $"{space}/{target.Name}" : target.Name;

    private static double Seconds(DateTime time) => new DateTimeOffset(DateTime.SpecifyKind(time, DateTimeKind.Utc)).ToUnixTimeMilliseconds() / 1000.0;
}
