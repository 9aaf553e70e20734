using System.Globalization;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Ops.Sandbox.Api.Store;
using Ops.Sandbox.Objects;

namespace Ops.Sandbox.Api.Admission.Quotas;

/// <summary>What an object counts for, under the names that quotas use.</summary>
internal static class QuotaUsage
{
    private const string OfClass = ".storageclass.storage.k8s.io/";

    // Counted under their own name beside count/NAME, for the sake of old quotas.
    private static readonly HashSet<string> CountedByName = new(StringComparer.Ordinal)
    {
        "configmaps", "persistentvolumeclaims", "replicationcontrollers", "resourcequotas", "secrets", "services",
    };

    /// <summary>Whose objects a name of a quota counts.</summary>
    public static ResourceId ResourceOf(string name)
    {
        if (name.StartsWith("count/", StringComparison.Ordinal))
        {
            var parts = name["count/".Length..].Split('.', 2);
            return new ResourceId(parts.Length > 1 ? parts[1] : "", parts[0]);
        }

        if (name.StartsWith("services", StringComparison.Ordinal)) return Known.Services;
        if (name == "requests.storage" || name.Contains(OfClass, StringComparison.Ordinal)) return Known.Claims;
        return CountedByName.Contains(name) ? new ResourceId("", name) : Known.Pods;
    }

    /// <summary>What one object counts for.</summary>
    /// <param name="resource">Of what kind it is.</param>
    /// <param name="document">The object.</param>
    /// <param name="now">The time: pods that should be gone do not count.</param>
    public static ResourceAmounts Of(ResourceId resource, JsonObject document, DateTimeOffset now)
    {
        var usage = new ResourceAmounts { [$"count/{resource}"] = new("1") };
        if (resource.Group.Length == 0 && CountedByName.Contains(resource.Plural)) usage[resource.Plural] = new("1");
        if (resource == Known.Pods && Counts(document, now)) Pod(usage, document);
        if (resource == Known.Services) Service(usage, document.Child("spec"));
        if (resource == Known.Claims) Claim(usage, document.Child("spec"));
        return usage;
    }

    // Requests under both of their names, limits under one.
    public static ResourceAmounts OfRequests(ResourceAmounts requests, ResourceAmounts limits)
    {
        var usage = new ResourceAmounts();
        foreach (var (name, amount) in requests)
        {
            usage[$"requests.{name}"] = amount;
            if (name is "cpu" or "memory" or "ephemeral-storage" || name.StartsWith("hugepages-", StringComparison.Ordinal)) usage[name] = amount;
        }

        foreach (var (name, amount) in limits) usage[$"limits.{name}"] = amount;
        return usage;
    }

    private static void Pod(ResourceAmounts usage, JsonObject document)
    {
        usage["pods"] = new("1");
        var spec = KubernetesJson.Deserialize<V1PodSpec>(document["spec"]!.ToJsonString());
        usage.Plus(OfRequests(PodAmounts.Requests(spec), PodAmounts.Limits(spec)));
    }

    private static bool Counts(JsonObject pod, DateTimeOffset now)
    {
        if (pod.Child("status").Text("phase") is "Succeeded" or "Failed") return false;
        var metadata = pod.Metadata();
        return !DateTimeOffset.TryParse(metadata.Text("deletionTimestamp"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var deadline)
            || now <= deadline.AddSeconds(metadata.Number("deletionGracePeriodSeconds") ?? 0);
    }

    private static void Service(ResourceAmounts usage, JsonObject? spec)
    {
        var type = spec.Text("type");
        if (type is "NodePort" or "LoadBalancer") usage["services.nodeports"] = new(spec.Items("ports").Count(), 0, ResourceQuantity.SuffixFormat.DecimalSI);
        if (type == "LoadBalancer") usage["services.loadbalancers"] = new("1");
    }

    private static void Claim(ResourceAmounts usage, JsonObject? spec)
    {
        var asked = ResourceAmounts.Read(spec.Child("resources").Child("requests")).Only(["storage"]);
        foreach (var amount in asked.Values) usage["requests.storage"] = amount;
        if (spec.Text("storageClassName") is not { Length: > 0 } name) return;
        usage[$"{name}{OfClass}persistentvolumeclaims"] = new("1");
        foreach (var amount in asked.Values) usage[$"{name}{OfClass}requests.storage"] = amount;
    }
}
