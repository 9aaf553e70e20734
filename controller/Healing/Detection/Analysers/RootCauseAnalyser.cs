using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;
using Ops.Llm;

namespace Ops.Healing.Detection.Analysers;

/// <summary>
/// Open incidents of the root-cause service whose cause is clear: one workload of the namespace, alone in the first place, that
/// left its normal range and shows a symptom itself, with a good lead on all others that left theirs. Everything less is for people.
/// </summary>
internal sealed class RootCauseAnalyser : IAnalyser
{
    // The suspicion is shared among all services, also those that only fluctuate: of fifteen each has 0.07.
    private const double LeastScore = 0.15;

    // Times the score of the next that moved.
    private const double Lead = 1.5;

    public IEnumerable<Finding> Analyse(NamespaceSnapshot snapshot, Baseline memory)
    {
        foreach (var incident in snapshot.RootCauses.Where(one => one is { Spec: { Suspend: false, Type: IncidentTypes.Performance }, Status.Phase: IncidentPhases.Open }))
        {
            if (Clear(incident) is not { Target: { Name: var name } target, Metric: { } metric } cause || (target.Namespace ?? snapshot.Namespace) != snapshot.Namespace
                || snapshot.Workloads.Where(one => one.Name == name).ToList() is not [var workload])
            {
                continue;
            }

            yield return new(
                workload.Kind, workload.Name, metric.Contains("cpu", StringComparison.OrdinalIgnoreCase) ? Causes.ProcessorSaturated : Causes.ServiceDegraded,
                $"Incident {incident.Metadata.Name}: {TaintedText.Clean(incident.Status!.Symptom, 120)}; {TaintedText.Clean(metric, 80)} of {name} has {cause.Score:0.00} of the suspicion");
        }
    }

    // Equals share the middle of their places, so a sole first has exactly 1.
    private static IncidentCause? Clear(Incident incident) =>
        incident.Status?.Causes is [{ Rank: 1, Score: >= LeastScore and var score, LagSeconds: not null, Reasons.Count: > 0 } first, ..] causes
        && causes.Skip(1).Where(other => other.LagSeconds is not null).All(other => score >= Lead * other.Score)
        && incident.Status.Symptoms?.Any(symptom => symptom.Target.Name == first.Target.Name) == true
            ? first : null;
}
