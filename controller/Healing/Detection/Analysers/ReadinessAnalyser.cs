using k8s.Models;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Detection.Analysers;

/// <summary>Pods that run longer than they ever took to become ready, and are not.</summary>
internal sealed class ReadinessAnalyser : IAnalyser
{
    // Twice the slowest start that was seen, and a little for a busy machine.
    private const double Slower = 2;
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(5);

    // Where no start was ever seen.
    private static readonly TimeSpan UnknownStart = TimeSpan.FromMinutes(2);

    // A process that was ready and runs on does not start: how long its start took, a minute and more on a busy machine, says
    // nothing about it. Three failures of a probe that comes every 10 s, the default of both.
    private static readonly TimeSpan LostFor = TimeSpan.FromSeconds(30);

    public IEnumerable<Finding> Analyse(NamespaceSnapshot snapshot, Baseline memory)
    {
        foreach (var workload in snapshot.Workloads)
        {
            if (MutationAnalyser.Shrunk(workload).Any() && new MutationAnalyser().Analyse(snapshot, memory).Any())
                continue;
            var patience = memory.Of(workload.Kind, workload.Name) is { } good ? TimeSpan.FromSeconds(good.StartSeconds * Slower) + Margin : UnknownStart;
            if (workload.Pods.FirstOrDefault(pod => IsScheduled(pod) && NotReadyFor(pod, snapshot.Now) > (LostIt(pod) && patience > LostFor ? LostFor : patience)) is not { } pod)
                continue;
            var changes = TemplateChange.Since(memory, workload);
            var isInit = pod.Status?.InitContainerStatuses?.Any(status => status.State?.Terminated is not { ExitCode: 0 } && status.State?.Running is not null) == true;
            var cause = isInit && changes.Touches("initContainers") ? Causes.InitNeverEnds
                : changes.Touches("readinessProbe", "startupProbe", "livenessProbe") ? Causes.WrongProbe
                : changes.Touches("env", "envFrom") ? Causes.BadEnvironment
                : changes.Touches("command", "args") ? Causes.BadCommand
                : changes.Touches("volumes") ? Causes.WrongVolume
                : changes.Count == 0 && WasReady(pod) && ReadsSecretAtStart(workload.Template.Spec) ? Causes.StaleSecret
                : Causes.NotReady;
            yield return new(workload.Kind, workload.Name, cause, $"pod {pod.Metadata.Name} is not ready after {NotReadyFor(pod, snapshot.Now).TotalSeconds:0} s");
        }
    }

    private static bool WasReady(V1Pod pod) =>
        pod.Status?.Conditions?.FirstOrDefault(condition => condition.Type == "Ready")?.LastTransitionTime > pod.Metadata.CreationTimestamp?.AddSeconds(1);

    // A container that was started after that is on its way to be ready again.
    private static bool LostIt(V1Pod pod) => WasReady(pod) && pod.Status.ContainerStatuses is { Count: > 0 } containers
        && containers.All(one => one.State?.Running?.StartedAt < pod.Status.Conditions.First(condition => condition.Type == "Ready").LastTransitionTime);

    // A variable keeps the value of its Secret from the container's start; a mounted file follows it. What the Secret says is never read.
    private static bool ReadsSecretAtStart(V1PodSpec spec) => spec.Containers.Any(container =>
        container.Env?.Any(variable => variable.ValueFrom?.SecretKeyRef is not null) == true || container.EnvFrom?.Any(source => source.SecretRef is not null) == true);

    private static bool IsScheduled(V1Pod pod) => pod.Status?.Conditions?.Any(condition => condition is { Type: "PodScheduled", Status: "True" }) == true;

    private static TimeSpan NotReadyFor(V1Pod pod, DateTimeOffset now)
    {
        var ready = pod.Status?.Conditions?.FirstOrDefault(condition => condition.Type == "Ready");
        var since = ready?.LastTransitionTime > pod.Metadata.CreationTimestamp ? ready!.LastTransitionTime : pod.Metadata.CreationTimestamp;
        return ready?.Status == "True" || since is null ? TimeSpan.Zero : now.UtcDateTime - since.Value;
    }
}
