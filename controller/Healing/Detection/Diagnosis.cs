using Ops.Healing.Cluster;
using Ops.Healing.Detection.Analysers;
using Ops.Healing.Memory;

namespace Ops.Healing.Detection;

/// <summary>Every analyser over a snapshot.</summary>
public static class Diagnosis
{
    // The table of contents of what is noticed without any metric. The order is that of the answers.
    private static readonly IAnalyser[] Analysers =
    [
        new ReplicaAnalyser(),
        new ConfigReferenceAnalyser(),
        new SchedulingAnalyser(),
        new ContainerAnalyser(),
        new ReadinessAnalyser(),
        new ServiceAnalyser(),
    ];

    /// <summary>What is wrong, at most one finding an object: the first analyser that has something to say about it.</summary>
    /// <param name="snapshot">The namespace.</param>
    /// <param name="memory">Its last good states.</param>
    public static IReadOnlyList<Finding> Of(NamespaceSnapshot snapshot, Baseline memory) =>
        [.. Analysers.SelectMany(analyser => analyser.Analyse(snapshot, memory)).DistinctBy(finding => (finding.Kind, finding.Name))];
}
