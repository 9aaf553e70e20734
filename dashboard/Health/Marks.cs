using Ops.Api;
using Ops.Dashboard.Cluster;
using Ops.Dashboard.Drawing;

namespace Ops.Dashboard.Health;

/// <summary>What happened to the cluster, as marks on every chart. Pure.</summary>
internal static class Marks
{
    // More marks than this in a chart of 600 units are a wall.
    private const int Most = 40;

    /// <summary>The newest marks of a snapshot.</summary>
    public static IReadOnlyList<Mark> Of(ClusterSnapshot cluster) =>
        [.. cluster.Incidents.SelectMany(OfIncident).Concat(cluster.Remediations.SelectMany(OfRemediation)).Concat(cluster.Stores.SelectMany(OfStore)).OrderByDescending(mark => mark.At).Take(Most)];

    private static IEnumerable<Mark> OfIncident(Incident incident)
    {
        if (incident.Status is not { } status)
            yield break;
        if (status.Onset is { } onset)
            yield return new(Format.Utc(onset), $"{status.Symptom ?? incident.Metadata.Name} begins", IsFault: true);
        if (status.ResolvedAt is { } resolved)
            yield return new(Format.Utc(resolved), $"{status.Symptom ?? incident.Metadata.Name} is over", IsFault: false);
    }

    private static IEnumerable<Mark> OfStore(ShardedStore store) => (store.Status?.History ?? [])
        .Where(entry => entry.Kind == StoreEventKinds.Failover)
        .Select(entry => new Mark(Format.Utc(entry.At), $"{store.Metadata.Name}: {entry.Message}", IsFault: true));

    private static IEnumerable<Mark> OfRemediation(Remediation plan)
    {
        var what = PlanText.Of(plan);
        if (plan.Status?.StartedAt is { } started)
            yield return new(Format.Utc(started), what, IsFault: false);
        if (plan.Status is { FinishedAt: { } finished, StartedAt: not null })
            yield return new(Format.Utc(finished), $"{what}: {PlanText.Words(plan.Status.Phase)}", IsFault: false);
    }
}
