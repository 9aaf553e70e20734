using System.Globalization;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Ops.Sandbox.Api.Resources;
using Ops.Sandbox.Objects;

namespace Ops.Sandbox.Api.Admission;

/// <summary>
/// The limit ranges of a namespace: containers that ask for nothing get their defaults, and new pods and claims beyond their
/// bounds are refused.
/// </summary>
internal sealed class LimitRanges : IAdmissionPlugin
{
    private const string Annotation = "kubernetes.io/limit-ranger";

    public bool Applies(ServedResource resource) => resource.Storage == Known.Pods || resource.Storage == Known.Claims;

    public void AfterDefaults(AdmissionContext context)
    {
        if (!context.IsCreate || context.Resource.Storage != Known.Pods || context.Document.Child("spec") is not { } spec) return;
        var told = new List<string>();
        foreach (var (_, items) in In(context))
        {
            foreach (var item in items.Where(item => item.Text("type") == "Container"))
            {
                foreach (var container in spec.Items("containers")) Fill(container, item, "container", told);
                foreach (var container in spec.Items("initContainers")) Fill(container, item, "init container", told);
            }
        }

        if (told.Count == 0) return;
        var metadata = context.Document.Metadata();
        if (metadata["annotations"] is not JsonObject annotations) metadata["annotations"] = annotations = [];
        annotations[Annotation] = $"LimitRanger plugin set: {string.Join("; ", told)}";
    }

    public void BeforeStore(AdmissionContext context)
    {
        if (context.Options.Subresource is not null || context.Document.Child("spec") is not { } spec) return;
        // A pod's containers stay as they are; a claim may grow.
        if (!context.IsCreate && context.Resource.Storage == Known.Pods) return;
        foreach (var (_, items) in In(context))
        {
            var broken = items.SelectMany(item => context.Resource.Storage == Known.Pods ? Pod(item, spec) : Claim(item, spec)).ToList();
            if (broken.Count > 0) throw Errors.Forbidden(context.Resource.Id, context.Name, broken.Count == 1 ? broken[0] : $"[{string.Join(", ", broken)}]");
        }
    }

    private static IEnumerable<(string Name, List<JsonObject> Items)> In(AdmissionContext context) => context.Transaction.Snapshot.Of(Known.LimitRanges).Values
        .Where(one => one.Id.Namespace == context.Namespace).Select(one => (one.Id.Name, one.Parse().Child("spec").Items("limits").ToList()));

    private static void Fill(JsonObject container, JsonObject item, string what, List<string> told)
    {
        foreach (var (list, defaults, word) in new[] { ("requests", "defaultRequest", "request"), ("limits", "default", "limit") })
        {
            var names = new List<string>();
            foreach (var (name, amount) in item.Child(defaults) ?? [])
            {
                if (container["resources"] is not JsonObject resources) container["resources"] = resources = [];
                if (resources[list] is not JsonObject amounts) resources[list] = amounts = [];
                if (!amounts.TryAdd(name, amount?.DeepClone())) continue;
                names.Add(name);
            }

            if (names.Count > 0) told.Add($"{string.Join(", ", names.Order(StringComparer.Ordinal))} {word} for {what} {container.Text("name")}");
        }
    }

    private static IEnumerable<string> Pod(JsonObject item, JsonObject spec)
    {
        if (item.Text("type") == "Pod")
        {
            var typed = KubernetesJson.Deserialize<V1PodSpec>(spec.ToJsonString());
            return Broken(item, PodAmounts.Requests(typed), PodAmounts.Limits(typed));
        }

        return item.Text("type") != "Container" ? [] : spec.Items("containers").Concat(spec.Items("initContainers")).Select(one => one.Child("resources"))
            .SelectMany(resources => Broken(item, ResourceAmounts.Read(resources.Child("requests")), ResourceAmounts.Read(resources.Child("limits"))));
    }

    private static IEnumerable<string> Claim(JsonObject item, JsonObject spec)
    {
        var requests = ResourceAmounts.Read(spec.Child("resources").Child("requests"));
        return item.Text("type") != "PersistentVolumeClaim" ? [] : Below(item, requests, []).Concat(
            from bound in ResourceAmounts.Read(item.Child("max"))
            let sentence = $"maximum {bound.Key} usage per PersistentVolumeClaim is {bound.Value}"
            where requests.Of(bound.Key) > bound.Value.ToDecimal() || !requests.ContainsKey(bound.Key)
            select requests.TryGetValue(bound.Key, out var asked) ? $"{sentence}, but request is {asked}" : $"{sentence}.  No request is specified");
    }

    private static IEnumerable<string> Broken(JsonObject item, ResourceAmounts requests, ResourceAmounts limits) =>
        [.. Below(item, requests, limits), .. Above(item, requests, limits), .. Apart(item, requests, limits)];

    private static IEnumerable<string> Below(JsonObject item, ResourceAmounts requests, ResourceAmounts limits)
    {
        foreach (var (name, least) in ResourceAmounts.Read(item.Child("min")))
        {
            var sentence = $"minimum {name} usage per {item.Text("type")} is {least}";
            if (!requests.TryGetValue(name, out var request)) yield return $"{sentence}.  No request is specified";
            else if (request.ToDecimal() < least.ToDecimal()) yield return $"{sentence}, but request is {request}";
            else if (limits.TryGetValue(name, out var limit) && limit.ToDecimal() < least.ToDecimal()) yield return $"{sentence}, but limit is {limit}";
        }
    }

    private static IEnumerable<string> Above(JsonObject item, ResourceAmounts requests, ResourceAmounts limits)
    {
        foreach (var (name, most) in ResourceAmounts.Read(item.Child("max")))
        {
            var sentence = $"maximum {name} usage per {item.Text("type")} is {most}";
            if (!limits.TryGetValue(name, out var limit)) yield return $"{sentence}.  No limit is specified";
            else if (limit.ToDecimal() > most.ToDecimal()) yield return $"{sentence}, but limit is {limit}";
            else if (requests.TryGetValue(name, out var request) && request.ToDecimal() > most.ToDecimal()) yield return $"{sentence}, but request is {request}";
        }
    }

    private static IEnumerable<string> Apart(JsonObject item, ResourceAmounts requests, ResourceAmounts limits)
    {
        foreach (var (name, most) in ResourceAmounts.Read(item.Child("maxLimitRequestRatio")))
        {
            var sentence = $"{name} max limit to request ratio per {item.Text("type")} is {most}";
            if (requests.Of(name) == 0) yield return $"{sentence}, but no request is specified or request is 0";
            else if (limits.Of(name) == 0) yield return $"{sentence}, but no limit is specified or limit is 0";
            else if (limits.Of(name) / requests.Of(name) is var ratio && ratio > most.ToDecimal()) yield return $"{sentence}, but provided ratio is {ratio.ToString("F6", CultureInfo.InvariantCulture)}";
        }
    }
}
