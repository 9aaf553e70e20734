using k8s.Models;
using Ops.Sandbox.Node.Control;
using Ops.Sandbox.Node.Objects;
using Ops.Sandbox.Node.Scheduling;

namespace Ops.Sandbox.Node.Workloads;

/// <summary>One pod of a DaemonSet on every node that takes it; outdated ones are replaced within maxUnavailable.</summary>
internal static class DaemonSetPlanner
{
    private const string Component = "daemonset-controller";
    private const string HashLabel = "controller-revision-hash";

    public static Plan Make(
        V1DaemonSet set, IEnumerable<V1Pod> podsOfNamespace, IEnumerable<V1Node> nodes, IEnumerable<V1ControllerRevision> revisions, DateTimeOffset now)
    {
        var history = RevisionHistory.Of(set, Owners.Reference(set), set.Spec.Template, HashLabel, revisions, set.Status?.CollisionCount);
        var pods = podsOfNamespace.Where(pod => Owners.Controls(set, pod) && Selectors.Matches(set.Spec.Selector, pod.Metadata.Labels)).ToList();
        var hash = HashOf(history.Update);
        var wanted = nodes.Where(node => Fits(set, node)).ToDictionary(node => node.Metadata.Name, StringComparer.Ordinal);
        var byNode = pods.Where(pod => TargetOf(pod) is not null).GroupBy(pod => TargetOf(pod)!).ToDictionary(group => group.Key, group => group.ToList(), StringComparer.Ordinal);

        var writes = new List<Write>();
        if (set.Metadata.DeletionTimestamp is null)
        {
            writes.AddRange(history.Writes);
            if (history.Writes.Count == 0 && !history.Collided)
                writes.AddRange(Balance(set, hash, wanted, byNode, now));
        }
        var status = StatusOf(set, history, hash, wanted, byNode, now);
        if (!Canonical.Same(status, set.Status))
        {
            var copy = Canonical.Copy(set);
            copy.Status = status;
            writes.Add(new UpdateStatus<V1DaemonSet>(copy));
        }
        return new Plan(writes, ReplicaSetPlanner.NextAvailability(pods, set.Spec.MinReadySeconds ?? 0, now));
    }

    private static IEnumerable<Write> Balance(
        V1DaemonSet set, string hash, Dictionary<string, V1Node> wanted, Dictionary<string, List<V1Pod>> byNode, DateTimeOffset now)
    {
        foreach (var (node, pods) in byNode)
        {
            var keep = wanted.ContainsKey(node) ? 1 : 0;
            foreach (var pod in pods.Where(pod => !Pods.IsTerminating(pod)).OrderBy(pod => pod.Metadata.CreationTimestamp).Skip(keep))
                yield return Delete(set, pod);
            foreach (var pod in pods.Where(pod => Pods.IsTerminal(pod) && !Pods.IsTerminating(pod)).Take(keep))
                yield return Delete(set, pod);
        }
        foreach (var node in wanted.Keys.Where(node => !byNode.ContainsKey(node)))
        {
            yield return new CreateObject<V1Pod>(PodFor(set, hash, node))
            {
                Tell = Told(set, "SuccessfulCreate", "Created pod: {0}"),
                TellRefusal = Told(set, "FailedCreate", "Error creating: {0}") with { Type = "Warning" },
            };
        }
        if (set.Spec.UpdateStrategy?.Type == "OnDelete")
            yield break;
        var minReady = set.Spec.MinReadySeconds ?? 0;
        var down = wanted.Keys.Count(node => !byNode.TryGetValue(node, out var pods) || !pods.Exists(pod => Pods.IsActive(pod) && Pods.IsAvailable(pod, minReady, now)));
        var budget = Math.Max(1, Amounts.Scaled(set.Spec.UpdateStrategy?.RollingUpdate?.MaxUnavailable, wanted.Count, roundUp: true, "1")) - down;
        foreach (var pod in wanted.Keys.Where(byNode.ContainsKey).SelectMany(node => byNode[node]).Where(pod => Pods.IsActive(pod) && !IsOf(pod, hash)))
        {
            // An outdated pod that is down anyway costs nothing to replace.
            if (!Pods.IsAvailable(pod, minReady, now))
                yield return Delete(set, pod);
            else if (budget-- > 0)
                yield return Delete(set, pod);
        }
    }

    private static bool Fits(V1DaemonSet set, V1Node node)
    {
        var probe = new V1Pod { Metadata = new V1ObjectMeta(), Spec = Canonical.Copy(set.Spec.Template.Spec) };
        probe.Spec.Tolerations = Tolerations(probe.Spec.Tolerations);
        return NodeFit.MatchesNodeAffinity(probe, node) && NodeFit.UntoleratedTaint(probe, node) is null;
    }

    private static V1Pod PodFor(V1DaemonSet set, string hash, string node)
    {
        var pod = Pods.FromTemplate(set.Spec.Template, set.Metadata.NamespaceProperty, Owners.Reference(set), name: null, generateName: set.Metadata.Name + "-");
        pod.Metadata.Labels[HashLabel] = hash;
        pod.Spec.Tolerations = Tolerations(pod.Spec.Tolerations);
        pod.Spec.Affinity ??= new V1Affinity();
        pod.Spec.Affinity.NodeAffinity ??= new V1NodeAffinity();
        // Pinned by name as upstream does it: the scheduler still decides whether the node has room.
        pod.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution = new V1NodeSelector
        {
            NodeSelectorTerms = [new V1NodeSelectorTerm { MatchFields = [new V1NodeSelectorRequirement { Key = "metadata.name", OperatorProperty = "In", Values = [node] }] }],
        };
        return pod;
    }

    private static List<V1Toleration> Tolerations(IList<V1Toleration>? own) =>
    [
        .. own ?? [],
        .. new[] { ("node.kubernetes.io/not-ready", "NoExecute"), ("node.kubernetes.io/unreachable", "NoExecute"), ("node.kubernetes.io/unschedulable", "NoSchedule") }
            .Where(pair => own?.Any(toleration => toleration.Key == pair.Item1) != true)
            .Select(pair => new V1Toleration { Key = pair.Item1, Effect = pair.Item2, OperatorProperty = "Exists" }),
    ];

    private static string? TargetOf(V1Pod pod) => !string.IsNullOrEmpty(pod.Spec.NodeName)
        ? pod.Spec.NodeName
        : pod.Spec.Affinity?.NodeAffinity?.RequiredDuringSchedulingIgnoredDuringExecution?.NodeSelectorTerms?.FirstOrDefault()?.MatchFields?.FirstOrDefault()?.Values?.FirstOrDefault();

    private static string HashOf(V1ControllerRevision revision) =>
        revision.Metadata.Labels is { } labels && labels.TryGetValue(HashLabel, out var hash) ? hash : revision.Metadata.Name;

    private static bool IsOf(V1Pod pod, string hash) => pod.Metadata.Labels is { } labels && labels.TryGetValue(HashLabel, out var own) && own == hash;

    private static V1DaemonSetStatus StatusOf(
        V1DaemonSet set, RevisionHistory history, string hash, Dictionary<string, V1Node> wanted, Dictionary<string, List<V1Pod>> byNode, DateTimeOffset now)
    {
        var minReady = set.Spec.MinReadySeconds ?? 0;
        var placed = wanted.Keys.Where(byNode.ContainsKey).Select(node => byNode[node].Where(Pods.IsActive).ToList()).Where(pods => pods.Count > 0).ToList();
        var available = placed.Count(pods => pods.Exists(pod => Pods.IsAvailable(pod, minReady, now)));
        return new V1DaemonSetStatus
        {
            CurrentNumberScheduled = placed.Count,
            DesiredNumberScheduled = wanted.Count,
            NumberMisscheduled = byNode.Count(pair => !wanted.ContainsKey(pair.Key) && pair.Value.Exists(Pods.IsActive)),
            NumberReady = placed.Count(pods => pods.Exists(Pods.IsReady)),
            NumberAvailable = available == 0 ? null : available,
            NumberUnavailable = wanted.Count == available ? null : wanted.Count - available,
            UpdatedNumberScheduled = placed.Count(pods => pods.Exists(pod => IsOf(pod, hash))) is > 0 and var updated ? updated : null,
            ObservedGeneration = set.Metadata.Generation,
            CollisionCount = history.Collided ? (set.Status?.CollisionCount ?? 0) + 1 : set.Status?.CollisionCount,
            Conditions = set.Status?.Conditions,
        };
    }

    private static DeleteObject<V1Pod> Delete(V1DaemonSet set, V1Pod pod) => new(pod) { Tell = Told(set, "SuccessfulDelete", "Deleted pod: {0}") };

    private static Narration Told(V1DaemonSet set, string reason, string message) => new(References.To(set), Component, reason, message);
}
