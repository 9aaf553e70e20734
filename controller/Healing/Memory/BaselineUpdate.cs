using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Ops.Api;
using Ops.Healing.Catalogue.Actions;
using Ops.Healing.Cluster;
using Ops.Healing.Content;
using Ops.Healing.Detection;
using Ops.Healing.Detection.Analysers;

namespace Ops.Healing.Memory;

/// <summary>Moves the memory on to what is well now. What an analyser complains about, or is not whole, keeps its older state.</summary>
public static class BaselineUpdate
{
    /// <summary>The memory after a look.</summary>
    /// <param name="memory">The memory before.</param>
    /// <param name="snapshot">The namespace.</param>
    /// <param name="findings">What is wrong with it.</param>
    public static Baseline After(Baseline memory, NamespaceSnapshot snapshot, IReadOnlyCollection<Finding> findings)
    {
        var ill = findings.Select(finding => $"{finding.Kind}/{finding.Name}").ToHashSet();
        foreach (var workload in snapshot.Workloads.Where(workload => workload.IsHealthy && (IsProven(workload, snapshot.Now) || !IsNewTemplate(memory, workload))))
            memory = Remember(memory, ill, workload.Object, workload.Kind, StartSeconds(workload));
        foreach (var service in snapshot.Services.Where(service => snapshot.ReadyAddresses(service.Metadata.Name) > 0))
            memory = Remember(memory, ill, service, V1Service.KubeKind, 0);
        // While anything is wrong a ConfigMap may be why, so none is learnt then.
        foreach (var map in findings.Count == 0 ? snapshot.ConfigMaps : [])
            memory = Remember(memory, ill, map, V1ConfigMap.KubeKind, 0);
        foreach (var other in findings.Count == 0 ? snapshot.Others.Concat(snapshot.DisruptionBudgets).Concat(snapshot.Nodes).Where(other => IsGood(other, snapshot, memory)) : [])
            memory = Remember(memory, ill, other, NamespaceSnapshot.KindOf(other), 0);
        return memory;
    }

    private static bool IsGood(IKubernetesObject<V1ObjectMeta> other, NamespaceSnapshot snapshot, Baseline memory) => other switch
    {
        // Nodes of a cluster are many; those that took pods of the namespace are what it can miss.
        // One that would not take them again has changed for the worse, though nobody has noticed yet.
        V1Node node => node.Spec.Unschedulable != true && snapshot.Pods.Any(pod => pod.Spec.NodeName == node.Metadata.Name && ToleratesAll(pod, node)),
        V1Namespace or V1ValidatingWebhookConfiguration or V1MutatingWebhookConfiguration => IsNew(memory, other) || IsProvenByPods(snapshot, other),
        V1RoleBinding => RestoreAccess.Problem(JsonNode.Parse(KubernetesJson.Serialize((object)other))!.AsObject(), snapshot.Namespace) is null,
        ModelPool or ModelRoute or ShardedStore => CustomResourceAnalyser.IsWell(other) && snapshot.Workloads
            .Where(child => child.Object.Metadata.OwnerReferences?.Any(owner => owner.Uid == other.Metadata.Uid) == true)
            // What the operator made of its newest spec has to be proven first.
            .All(child => child.IsHealthy && !IsNewTemplate(memory, child)),
        _ => true,
    };

    private static bool IsNew(Baseline memory, IKubernetesObject<V1ObjectMeta> obj) => memory.Of(NamespaceSnapshot.KindOf(obj), obj.Metadata.Name) is null;

    // What decides over new pods shows only in new pods: it is good once every workload has had one made under it and is well.
    private static bool IsProvenByPods(NamespaceSnapshot snapshot, IKubernetesObject<V1ObjectMeta> obj) =>
        snapshot.AdmissionSince.TryGetValue($"{NamespaceSnapshot.KindOf(obj)}/{obj.Metadata.Name}", out var since)
        && snapshot.Workloads.All(workload => workload.IsHealthy && workload.Pods.Any(pod => pod.Metadata.CreationTimestamp > since.UtcDateTime));

    private static bool ToleratesAll(V1Pod pod, V1Node node) => (node.Spec.Taints ?? []).All(taint => taint.Effect == "PreferNoSchedule"
        || (pod.Spec.Tolerations ?? []).Any(one => (string.IsNullOrEmpty(one.Key) || one.Key == taint.Key) && (string.IsNullOrEmpty(one.Effect) || one.Effect == taint.Effect)
            && (one.OperatorProperty == "Exists" || (one.Value ?? "") == (taint.Value ?? ""))));

    /// <summary>Whether a workload that runs waits for its template to be proven: the memory moves on by itself later.</summary>
    /// <param name="memory">The memory.</param>
    /// <param name="snapshot">The namespace.</param>
    public static bool IsWaiting(Baseline memory, NamespaceSnapshot snapshot) =>
        snapshot.Workloads.Any(workload => workload.IsHealthy && IsNewTemplate(memory, workload));

    private static bool IsNewTemplate(Baseline memory, Workload workload) =>
        memory.Of(workload.Kind, workload.Name) is not null && TemplateChange.Since(memory, workload).Count > 0;

    // Ready is not yet good: a liveness probe that is wrong kills pods that have just become ready. A template has to outlive
    // what its own probe allows, at least 10 s and at most 5 min.
    private static bool IsProven(Workload workload, DateTimeOffset now)
    {
        var seconds = workload.Template.Spec.Containers.Select(container => container.LivenessProbe).OfType<V1Probe>()
            .Select(probe => (probe.InitialDelaySeconds ?? 0) + ((probe.PeriodSeconds ?? 10) * (probe.FailureThreshold ?? 3)) + (probe.TimeoutSeconds ?? 1))
            .DefaultIfEmpty(0).Max();
        var since = now.UtcDateTime.AddSeconds(-Math.Clamp(seconds, 10, 300));
        return workload.Pods.All(pod => pod.Status?.Conditions?.FirstOrDefault(condition => condition is { Type: "Ready", Status: "True" })?.LastTransitionTime <= since);
    }

    private static Baseline Remember(Baseline memory, HashSet<string> ill, IKubernetesObject<V1ObjectMeta> obj, string kind, double startSeconds)
    {
        var name = obj.Metadata.Name;
        if (ill.Contains($"{kind}/{name}") || obj.Metadata.DeletionTimestamp is not null)
            return memory;
        var state = new GoodState(kind, name, ObjectContent.Of(JsonNode.Parse(KubernetesJson.Serialize((object)obj))!.AsObject()), startSeconds);
        var old = memory.Of(kind, name);
        return old?.Digest == state.Digest ? memory : memory.With(state);
    }

    private static double StartSeconds(Workload workload) => workload.Pods
        .Select(pod => (Ready: pod.Status?.Conditions?.FirstOrDefault(condition => condition is { Type: "Ready", Status: "True" })?.LastTransitionTime, Created: pod.Metadata.CreationTimestamp))
        .Where(pair => pair.Ready is not null && pair.Created is not null)
        .Select(pair => (pair.Ready!.Value - pair.Created!.Value).TotalSeconds)
        // A pod that lost its readiness later says nothing about its start; an hour is beyond any start.
        .Where(seconds => seconds is >= 0 and < 3600).DefaultIfEmpty(0).Max();
}
