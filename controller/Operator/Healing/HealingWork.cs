using Ops.Api;
using Ops.Healing.Goals;
using Ops.Kube;

namespace Ops.Operator.Healing;

/// <summary>The caches of healing, and its loops while this process leads.</summary>
internal sealed class HealingWork(
    HealingCaches caches, GroupList groups, NamespaceWatches watches, MemoryStore memories, Healer healer, PolicyReconciler policyReconciler, RemediationReconciler remediationReconciler, TimeProvider time, ILoggerFactory logs)
{
    /// <summary>Keeps the caches current.</summary>
    public Task RunCachesAsync(CancellationToken cancellationToken) => Task.WhenAll(caches.All.Select(cache => cache.RunAsync(cancellationToken)));

    /// <summary>Heals while this process leads.</summary>
    public async Task RunAsync(CancellationToken leading)
    {
        memories.Drop();
        await Task.WhenAll(caches.All.Select(cache => cache.WaitForSyncAsync(leading)));
        var policies = new ControllerLoop("healingpolicy", policyReconciler, null, time, logs)
            .For(caches.Policies)
            .Watches(caches.Incidents, incident => PoliciesOf(incident.Metadata.NamespaceProperty))
            .Watches(caches.RootCauses, incident => PoliciesOf(incident.Metadata.NamespaceProperty))
            .Watches(caches.Admission.Namespaces, one => PoliciesOf(one.Metadata.Name))
            .Watches(caches.Admission.Validating, hooks => AdmissionObjects.NamespacesOf(hooks).SelectMany(PoliciesOf))
            .Watches(caches.Admission.Mutating, hooks => AdmissionObjects.NamespacesOf(hooks).SelectMany(PoliciesOf));
        var remediations = new ControllerLoop("remediation", remediationReconciler, null, time, logs)
            .For(caches.Remediations)
            .Watches(caches.Approvers, approver => RemediationsOf(approver.Metadata.NamespaceProperty))
            .Watches(caches.Policies, policy => RemediationsOf(policy.Metadata.NamespaceProperty))
            .Watches(caches.Incidents, incident => OnTrial(incident.Metadata.NamespaceProperty));
        void Look(string ns)
        {
            foreach (var key in PoliciesOf(ns))
                policies.Enqueue(key);
        }

        watches.Changed += Look;
        try
        {
            await Task.WhenAll(groups.RunAsync(leading), watches.RunAsync(leading), policies.RunAsync(leading), remediations.RunAsync(leading), healer.Events.RunAsync(leading));
        }
        finally
        {
            watches.Changed -= Look;
        }
    }

    private IEnumerable<ObjectKey> PoliciesOf(string ns) => caches.Policies.List().Where(one => one.Metadata.NamespaceProperty == ns).Select(one => ObjectKey.Of(one));

    // A restart that succeeded has not lasted where its goal is missed again, which an incident tells.
    private IEnumerable<ObjectKey> OnTrial(string ns) => caches.Remediations.List().Where(one => one.Metadata.NamespaceProperty == ns && Lasting.IsOnTrial(one)).Select(one => ObjectKey.Of(one));

    private IEnumerable<ObjectKey> RemediationsOf(string ns) => caches.Remediations.List()
        .Where(one => one.Metadata.NamespaceProperty == ns && !RemediationPhases.IsFinal(one.Status?.Phase)).Select(one => ObjectKey.Of(one));
}
