using Ops.Api;

namespace Ops.Rca.Service.Incidents;

/// <summary>Writes down what is known of an incident as the status of its object. Pure: the same knowledge gives the same status.</summary>
internal static class IncidentReporter
{
    private const int MaxEvidence = 20;

    /// <summary>The status.</summary>
    /// <param name="incident">What was noticed.</param>
    /// <param name="analysed">What was found out; null before the first ranking.</param>
    /// <param name="notes">What the source left out.</param>
    /// <param name="before">The status as it stands, whose ranking stays where there is no newer one.</param>
    /// <param name="generation">The generation of the object's spec.</param>
    public static IncidentStatus StatusOf(TrackedIncident incident, AnalysedIncident? analysed, IReadOnlyList<string> notes, IncidentStatus? before, long? generation)
    {
        var symptoms = incident.Symptoms.Take(IncidentStatus.MaxSymptoms).ToList();
        var status = (before ?? new()) with
        {
            ObservedGeneration = generation,
            Phase = incident.Resolved is null ? IncidentPhases.Open : IncidentPhases.Resolved,
            Symptom = symptoms.Count > 0 ? IncidentText.Cut(IncidentText.Words(symptoms[0]), 512) : before?.Symptom,
            Onset = IncidentText.Time(incident.Onset),
            DetectedAt = IncidentText.Time(incident.Detected),
            ResolvedAt = incident.Resolved is { } at ? IncidentText.Time(at) : null,
            SymptomCount = incident.SymptomCount,
            Symptoms = [.. symptoms.Select(symptom => new IncidentSymptom
            {
                Target = IncidentText.Target(symptom.Signal.Metric.Service),
                Metric = IncidentText.Cut(symptom.Signal.Metric.Name, 253),
                Since = IncidentText.Time(symptom.Since),
                Before = IncidentText.Number(symptom.Before),
                Now = IncidentText.Number(symptom.Now),
                Deviations = IncidentText.Number(symptom.Deviations),
            })],
        };
        if (incident.Suspicion is { } suspicion)
            return status with
            {
                Cause = IncidentText.Cut(incident.Services.First(), 512),
                Reason = IncidentText.Cut(suspicion, 1024),
                Causes = [new() { Rank = 1, Target = IncidentText.Target(incident.Services.First()), Score = 1, Reasons = [IncidentText.Cut(suspicion, 1024)] }],
            };
        return analysed is null ? status : WithRanking(status, incident, analysed, notes);
    }

    private static IncidentStatus WithRanking(IncidentStatus status, TrackedIncident incident, AnalysedIncident analysed, IReadOnlyList<string> notes)
    {
        var services = analysed.Ranking.Services;
        var first = services.TakeWhile(cause => cause.Rank <= services[0].Rank).Select(cause => cause.Service).ToList();
        var loudest = analysed.Ranking.Metrics.GroupBy(cause => cause.Service).ToDictionary(group => group.Key, group => group.First().Metric);
        return status with
        {
            Cause = IncidentText.Cut(string.Join(", ", first.Take(3)) + (first.Count > 3 ? $" and {first.Count - 3} more" : ""), 512),
            Reason = IncidentText.Cut(string.Join("; ", services[0].Reasons), 1024),
            Window = new() { Start = IncidentText.Time(analysed.Start), End = IncidentText.Time(analysed.End), Metrics = analysed.Metrics },
            Causes = [.. services.Take(IncidentStatus.MaxCauses).Where(cause => cause.Score > 0).Select(cause => new IncidentCause
            {
                Rank = cause.Rank,
                Target = IncidentText.Target(cause.Service),
                Metric = cause.Reasons.Count > 0 && loudest.GetValueOrDefault(cause.Service) is { } metric ? IncidentText.Cut(metric, 253) : null,
                Score = IncidentText.Number(cause.Score),
                LagSeconds = Lag(analysed, cause.Service, incident.Onset),
                Reasons = [.. cause.Reasons.Take(4).Select(reason => IncidentText.Cut(reason, 1024))],
            })],
            Edges = IncidentEdges.Of(analysed, service => Lag(analysed, service, incident.Onset)),
            Evidence = [.. Notes(analysed).Concat(notes).Distinct().Take(MaxEvidence).Select(note => IncidentText.Cut(note, 512))],
        };
    }

    private static IEnumerable<string> Notes(AnalysedIncident analysed) =>
        analysed.Order.Abstained is { } why ? analysed.Ranking.Notes.Append($"No temporal order was tested: {why}.") : analysed.Ranking.Notes;

    private static double? Lag(AnalysedIncident analysed, string service, double onset) =>
        analysed.Moved.TryGetValue(service, out var moved) ? IncidentText.Number(Math.Max(0, Math.Round(moved - onset))) : null;
}
