using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;
using Ops.Llm;

namespace Ops.Healing.Detection.Analysers;

/// <summary>
/// Open incidents of the root-cause service whose cause is clear: one workload of the namespace, alone in the first place, that
/// left its normal range and shows a symptom itself, with a good lead on all others that left theirs. Everything less is for people.
/// Of what hangs together one workload at a time: who waits for a cause moves too, and new processes move whoever calls them.
/// </summary>
internal sealed class RootCauseAnalyser : IAnalyser
{
    // The suspicion is shared among all services, also those that only fluctuate: of fifteen each has 0.07. Faults in the shop
    // begin with 0.3 and more, and incidents that are only a busy machine had up to 0.18, by turns for another service.
    private const double LeastScore = 0.2;

    // Times the score of the next that moved.
    private const double Lead = 1.5;

    // The root-cause service calls an incident over after two minutes of quiet: until then what a repair has ended, or has moved
    // itself, is still open. Half a minute more for its rounds.
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(150);

    public IEnumerable<Finding> Analyse(NamespaceSnapshot snapshot, Baseline memory)
    {
        var taken = new List<(Incident? Incident, string Workload)>();
        foreach (var incident in snapshot.RootCauses.Where(IsOpen).OrderBy(one => one.Status!.DetectedAt).ThenBy(one => one.Metadata.Name, StringComparer.Ordinal))
        {
            // What was begun for an incident is what it is about until that has ended, whomever else it suspects meanwhile.
            var running = snapshot.Repairs.FirstOrDefault(one => one.Ended is null && one.RootCause == incident.Metadata.Name);
            var suspect = running is null ? Suspect(incident, snapshot) : (running.Workload, running.Cause);
            if (suspect is not var (name, cause) || snapshot.Workloads.Where(one => one.Name == name).ToList() is not [var workload])
                continue;
            if (running is null && taken.Concat(Touched(incident, snapshot)).Any(one => HangsTogether(incident, name, one.Incident, one.Workload)))
                continue;
            taken.Add((incident, name));
            yield return new(workload.Kind, name, cause, $"Incident {incident.Metadata.Name}: {TaintedText.Clean(incident.Status!.Symptom, 120)}; {Words(incident, name)}") { RootCause = incident.Metadata.Name };
        }
    }

    private static bool IsOpen(Incident incident) => incident is { Spec: { Suspend: false, Type: IncidentTypes.Performance }, Status.Phase: IncidentPhases.Open };

    private static (string Workload, string Cause)? Suspect(Incident incident, NamespaceSnapshot snapshot) =>
        Clear(incident) is { Target: { Name: var name } target, Metric: { } metric } && (target.Namespace ?? snapshot.Namespace) == snapshot.Namespace
            ? (name, metric.Contains("cpu", StringComparison.OrdinalIgnoreCase) ? Causes.ProcessorSaturated : Causes.ServiceDegraded) : null;

    // Equals share the middle of their places, so a sole first has exactly 1.
    private static IncidentCause? Clear(Incident incident) =>
        incident.Status?.Causes is [{ Rank: 1, Score: >= LeastScore and var score, LagSeconds: not null, Reasons.Count: > 0 } first, ..] causes
        && causes.Skip(1).Where(other => other.LagSeconds is not null).All(other => score >= Lead * other.Score)
        && incident.Status.Symptoms?.Any(symptom => symptom.Target.Name == first.Target.Name) == true
            ? first : null;

    // What is repaired, or was until a moment ago, by the time when this one had begun.
    private static IEnumerable<(Incident? Incident, string Workload)> Touched(Incident incident, NamespaceSnapshot snapshot) => snapshot.Repairs
        .Where(one => one.RootCause is not null && (one.Ended is not { } ended || (snapshot.Now.UtcDateTime - ended < Rest && !(incident.Status!.Onset > ended))))
        .Select(one => (snapshot.RootCauses.FirstOrDefault(other => other.Metadata.Name == one.RootCause), one.Workload));

    private static bool HangsTogether(Incident incident, string name, Incident? other, string touched) =>
        Moved(incident).Contains(touched) || (other is not null && (other == incident || Moved(other).Contains(name)));

    // Whom an incident speaks of: those that left their normal range, and whom its graph joins to them.
    private static IEnumerable<string> Moved(Incident incident) => (incident.Status?.Causes ?? []).Where(one => one.LagSeconds is not null).Select(one => one.Target.Name)
        .Concat((incident.Status?.Symptoms ?? []).Select(one => one.Target.Name))
        .Concat((incident.Status?.Edges ?? []).SelectMany(edge => (string[])[edge.From.Name, edge.To.Name]));

    private static string Words(Incident incident, string name) => incident.Status!.Causes?.FirstOrDefault(one => one.Target.Name == name) is { } cause
        ? $"{TaintedText.Clean(cause.Metric, 80)} of {name} has {cause.Score:0.00} of the suspicion" : $"{name} is repaired for it";
}
