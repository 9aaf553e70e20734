using k8s;
using k8s.Models;
using Ops.Healing.Catalogue.Actions;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Detection.Analysers;

/// <summary>Pods that the API server refuses to make, as their ReplicaSets tell.</summary>
internal sealed class AdmissionAnalyser : IAnalyser
{
    // Fields that the pod security levels look at.
    private static readonly string[] Security = ["securityContext", "hostNetwork", "hostPID", "hostIPC", "hostPath", "hostPort", "procMount"];

    // A controller tries again ever later: what it was refused with before a repair stands there for a while.
    private static readonly TimeSpan Unexplained = TimeSpan.FromSeconds(15);

    public IEnumerable<Finding> Analyse(NamespaceSnapshot snapshot, Baseline memory)
    {
        foreach (var workload in snapshot.Workloads)
        {
            var refused = snapshot.ReplicaSets
                .Where(set => set.Metadata.OwnerReferences?.Any(owner => owner.Uid == workload.Object.Metadata.Uid) == true)
                .SelectMany(set => set.Status?.Conditions ?? []).FirstOrDefault(condition => condition is { Type: "ReplicaFailure", Status: "True" });
            // A quota or limit that refuses pods is found by itself: the fault lies there.
            if (refused is null || new QuotaAnalyser().Analyse(snapshot, memory).Concat(new LimitRangeAnalyser().Analyse(snapshot, memory)).Any())
                continue;
            var why = refused.Message ?? "the API server refuses its pods";
            if (TemplateChange.Since(memory, workload).Touches(Security))
                yield return new(workload.Kind, workload.Name, Causes.PodSecurityRefused, why);
            else if (snapshot.Find(V1Namespace.KubeKind, snapshot.Namespace) is V1Namespace home && PodSecurityChanged(home, memory))
                yield return new(V1Namespace.KubeKind, home.Metadata.Name, Causes.PodSecurityRefused, why);
            else if (Webhooks(snapshot).FirstOrDefault(webhook => Remembered.Changed(memory, webhook)) is { } webhook)
                yield return new(NamespaceSnapshot.KindOf(webhook), webhook.Metadata.Name, Causes.WebhookRefuses, why);
            else if (refused.LastTransitionTime is not { } since || snapshot.Now.UtcDateTime - since >= Unexplained)
                yield return new(workload.Kind, workload.Name, Causes.CreationRefused, why);
        }
    }

    private static IEnumerable<IKubernetesObject<V1ObjectMeta>> Webhooks(NamespaceSnapshot snapshot) =>
        snapshot.Others.Where(other => other is V1ValidatingWebhookConfiguration or V1MutatingWebhookConfiguration);

    private static bool PodSecurityChanged(V1Namespace home, Baseline memory) =>
        Remembered.Of<V1Namespace>(memory, home.Metadata.Name) is { } was && Levels(home) != Levels(was);

    private static string Levels(V1Namespace home) => string.Join(',', (home.Metadata.Labels ?? new Dictionary<string, string>())
        .Where(label => label.Key.StartsWith(RestorePodSecurity.Prefix, StringComparison.Ordinal)).OrderBy(label => label.Key, StringComparer.Ordinal).Select(label => $"{label.Key}={label.Value}"));
}
