using System.Collections.Concurrent;
using System.Collections.Immutable;
using k8s.Models;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Goals;
using Ops.Kube;

namespace Ops.Operator.Healing;

/// <summary>Reads the metrics of the pods that goals of one namespace are about, every 2 s, and judges the goals. Without goals it reads nothing.</summary>
/// <param name="metrics">Reads a page.</param>
/// <param name="policies">The namespace's policies; empty until everything was read once.</param>
/// <param name="look">The namespace as a policy's plans see it.</param>
/// <param name="judged">Called after each round.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Told of rounds that fail.</param>
internal sealed partial class GoalWatch(
    MetricsReader metrics, Func<IReadOnlyList<HealingPolicy>> policies, Func<HealingPolicy, DateTimeOffset, NamespaceSnapshot> look, Action judged, TimeProvider time, ILogger<GoalWatch> logger)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    // Pods that are read in a namespace, some at a time: at most 200 pages of 4 MiB that are not kept, and 9 samples of a
    // few hundred bytes each that are.
    private const int MaxPods = 200;
    private const int AtOnce = 8;

    private ImmutableDictionary<string, PodSeries> series = ImmutableDictionary<string, PodSeries>.Empty;

    // By the goals' keys: a goal that is changed begins anew.
    private ImmutableDictionary<string, JudgedGoal> verdicts = ImmutableDictionary<string, JudgedGoal>.Empty;

    private volatile IReadOnlyList<JudgedGoal> current = [];

    /// <summary>Every goal of the namespace as last judged.</summary>
    public IReadOnlyList<JudgedGoal> Judged => current;

    /// <summary>Reads and judges until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
                await TryAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Nobody is told about the goals of a namespace that is not watched.
            foreach (var goal in current)
                HealingMetrics.Forget(goal);
        }
    }

    /// <summary>One round.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        List<HealingPolicy> asking = [.. policies().Where(one => one is { Spec.Goals.Count: > 0, Metadata.DeletionTimestamp: null } && !HealingPolicyRules.Broken(one).Any())];
        if (asking.Count == 0 && current.Count == 0)
            return;
        if (asking.Count > 0)
        {
            var targets = asking.SelectMany(policy => policy.Spec.Goals!).Where(IsMeasured).SelectMany(goal => goal.Targets.Select(target => (goal.Kind, target))).ToHashSet();
            var before = look(asking[0], time.GetUtcNow());
            await ReadAsync([.. before.Workloads.Where(one => targets.Contains((one.Kind, one.Name))).SelectMany(one => one.Pods).Take(MaxPods)], cancellationToken);
        }

        Judge(asking);
        judged();
    }

    private async Task TryAsync(CancellationToken cancellationToken)
    {
        try
        {
            await LookAsync(cancellationToken);
        }
#pragma warning disable CA1031 // A round that fails leaves the last verdicts; faults of objects are still repaired.
        catch (Exception trouble) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            Log.Failed(logger, trouble);
        }
    }

    private static bool IsMeasured(HealingGoal goal) => goal.Type is not (GoalTypes.Ready or GoalTypes.Replicas);

    private async Task ReadAsync(IReadOnlyList<V1Pod> pods, CancellationToken cancellationToken)
    {
        var read = new ConcurrentDictionary<string, PodSample>();
        await Parallel.ForEachAsync(pods, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken }, async (pod, stop) =>
        {
            if (ScrapeTarget.Annotated(pod) is { } address && await metrics.ReadAsync(address, stop) is { } page)
                read[pod.Metadata.Name] = PodSample.Read(page, time.GetUtcNow());
        });
        // Pods that are gone are forgotten; one that was silent this time keeps what it said, which grows old by itself.
        series = pods.Where(pod => read.ContainsKey(pod.Metadata.Name) || series.ContainsKey(pod.Metadata.Name)).ToImmutableDictionary(
            pod => pod.Metadata.Name,
            pod => series.GetValueOrDefault(pod.Metadata.Name, PodSeries.Empty) is var known && read.TryGetValue(pod.Metadata.Name, out var sample) ? known.With(sample) : known);
    }

    private void Judge(List<HealingPolicy> asking)
    {
        var (next, now) = (ImmutableDictionary.CreateBuilder<string, JudgedGoal>(), time.GetUtcNow());
        var all = new List<JudgedGoal>();
        foreach (var policy in asking.OrderBy(one => one.Metadata.Name, StringComparer.Ordinal))
        {
            var snapshot = look(policy, now);
            var readings = snapshot.Workloads.GroupBy(one => one.Kind).ToDictionary(one => one.Key, one => one.ToDictionary(workload => workload.Name, workload => TargetReading.Of(workload, series, now)));
            foreach (var goal in policy.Spec.Goals!)
            {
                var key = JudgedGoal.KeyOf(policy, goal);
                var verdict = GoalJudge.Judge(policy.Metadata.Name, goal, snapshot, readings.GetValueOrDefault(goal.Kind) ?? [], verdicts.GetValueOrDefault(key) ?? GoalJudge.Remembered(policy, goal)) with { Key = key };
                next[key] = verdict;
                all.Add(verdict);
                HealingMetrics.Judged(verdict);
            }
        }

        foreach (var gone in current.Where(old => !all.Exists(one => one.Policy == old.Policy && one.Goal.Name == old.Goal.Name)))
            HealingMetrics.Forget(gone);
        (verdicts, current) = (next.ToImmutable(), all);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "Goals could not be judged")]
        public static partial void Failed(ILogger logger, Exception trouble);
    }
}
