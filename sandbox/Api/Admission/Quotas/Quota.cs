using System.Text.Json.Nodes;
using Ops.Sandbox.Api.Store;
using Ops.Sandbox.Objects;

namespace Ops.Sandbox.Api.Admission.Quotas;

/// <summary>A quota, and what is used of it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Hard">How much there may be.</param>
/// <param name="Document">The object.</param>
internal sealed record Quota(string Name, ResourceAmounts Hard, JsonObject Document)
{
    /// <summary>The quotas of a namespace, by name.</summary>
    public static IReadOnlyList<Quota> In(StoreSnapshot snapshot, string ns) =>
        [.. snapshot.Of(Known.Quotas).Values.Where(one => one.Id.Namespace == ns).Select(one => Read(one.Id.Name, one.Parse()))];

    /// <summary>Reads one.</summary>
    public static Quota Read(string name, JsonObject document) => new(name, ResourceAmounts.Read(document.Child("spec").Child("hard")), document);

    /// <summary>What an object counts for in this quota; empty where it is none of its business.</summary>
    public ResourceAmounts UsageOf(ResourceId resource, JsonObject document, DateTimeOffset now) =>
        QuotaScope.Includes(Document, resource == Known.Pods, document) ? QuotaUsage.Of(resource, document, now).Only(Hard.Keys) : [];

    /// <summary>What all objects of the namespace count for, 0 included.</summary>
    public ResourceAmounts Used(StoreSnapshot snapshot, string ns, DateTimeOffset now)
    {
        var used = new ResourceAmounts();
        foreach (var name in Hard.Keys) used[name] = new("0");
        foreach (var resource in Hard.Keys.Select(QuotaUsage.ResourceOf).Distinct())
        {
            foreach (var stored in snapshot.Of(resource).Values.Where(one => one.Id.Namespace == ns))
                used.Plus(UsageOf(resource, stored.Parse(), now));
        }

        return used;
    }
}
