using System.Text.Json.Nodes;
using Ops.Sandbox.Api.Resources;
using Ops.Sandbox.Objects;

namespace Ops.Sandbox.Api.Admission.Quotas;

/// <summary>
/// Refuses what would use more than a quota of the namespace allows. What is used is counted inside the writer's transaction,
/// so that two writers never share the last place: a sandbox has tens of objects in a namespace with a quota, not thousands.
/// </summary>
internal sealed class ResourceQuotas(TimeProvider time) : IAdmissionPlugin
{
    // A quota of these wants every container to say how much it needs.
    private static readonly string[] MustBeSaid = ["cpu", "limits.cpu", "limits.memory", "memory", "requests.cpu", "requests.memory"];

    public bool Applies(ServedResource resource) => resource.Kind.Namespaced && resource.Storage != Known.Events;

    public void BeforeStore(AdmissionContext context)
    {
        if (context.Options.Subresource is not null) return;
        // What can come to use more later, a pod cannot.
        if (!context.IsCreate && context.Resource.Storage != Known.Services && context.Resource.Storage != Known.Claims) return;
        foreach (var quota in Quota.In(context.Transaction.Snapshot, context.Namespace)) Check(context, quota);
    }

    private void Check(AdmissionContext context, Quota quota)
    {
        var (resource, now) = (context.Resource.Storage, time.GetUtcNow());
        var more = quota.UsageOf(resource, context.Document, now);
        if (resource == Known.Pods && QuotaScope.Includes(quota.Document, true, context.Document) && Unsaid(quota, context.Document) is { } unsaid)
            throw Errors.Forbidden(context.Resource.Id, context.Name, $"failed quota: {quota.Name}: must specify {unsaid}");
        if (context.Old is { } old)
        {
            var before = quota.UsageOf(resource, old, now);
            foreach (var name in more.Keys.ToList()) more[name] = new(more.Of(name) - before.Of(name), 0, more[name].Format);
        }

        var rising = more.Only([.. more.Where(one => one.Value.ToDecimal() > 0).Select(one => one.Key)]);
        if (rising.Count == 0) return;
        var used = quota.Used(context.Transaction.Snapshot, context.Namespace, now);
        var exceeded = rising.Keys.Where(name => used.Of(name) + rising.Of(name) > quota.Hard.Of(name)).ToList();
        if (exceeded.Count > 0)
        {
            throw Errors.Forbidden(
                context.Resource.Id, context.Name, $"exceeded quota: {quota.Name}, requested: {rising.Only(exceeded)}, used: {used.Only(exceeded)}, limited: {quota.Hard.Only(exceeded)}");
        }
    }

    // "cpu for: web,sidecar; memory for: web"
    private static string? Unsaid(Quota quota, JsonObject pod)
    {
        var spec = pod.Child("spec");
        var containers = spec.Items("containers").Concat(spec.Items("initContainers"))
            .Select(one => (Name: one.Text("name") ?? "", Says: QuotaUsage.OfRequests(ResourceAmounts.Read(one.Child("resources").Child("requests")), ResourceAmounts.Read(one.Child("resources").Child("limits")))))
            .OrderBy(one => one.Name, StringComparer.Ordinal).ToList();
        var missing = MustBeSaid.Where(quota.Hard.ContainsKey)
            .Select(name => (name, Silent: containers.Where(one => !one.Says.ContainsKey(name)).Select(one => one.Name).ToList()))
            .Where(one => one.Silent.Count > 0).Select(one => $"{one.name} for: {string.Join(',', one.Silent)}").ToList();
        return missing.Count == 0 ? null : string.Join("; ", missing);
    }
}
