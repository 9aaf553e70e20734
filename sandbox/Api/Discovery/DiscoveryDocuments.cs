using System.Text.Json.Nodes;
using Ops.Sandbox.Api.Resources;

namespace Ops.Sandbox.Api.Discovery;

/// <summary>Discovery in its two forms: one aggregated document, or one small document a group version.</summary>
internal static class DiscoveryDocuments
{
    /// <summary>Group versions with anything in them, reviews included, the core group first.</summary>
    public static IReadOnlyList<(string Group, IReadOnlyList<string> Versions)> Groups(ResourceCatalogue catalogue) =>
    [
        .. catalogue.Versions.Concat(SubresourceCatalogue.Reviews.Select(r => (r.Group, r.Version)))
            .GroupBy(v => v.Item1, StringComparer.Ordinal)
            .Select(g => (g.Key, (IReadOnlyList<string>)[.. g.Select(v => v.Item2).Distinct(StringComparer.Ordinal)])),
    ];

    public static JsonObject Aggregated(ResourceCatalogue catalogue, bool core, string version)
    {
        var groups = Groups(catalogue).Where(g => (g.Group.Length == 0) == core);
        return new JsonObject
        {
            ["kind"] = "APIGroupDiscoveryList",
            ["apiVersion"] = $"apidiscovery.k8s.io/{version}",
            ["metadata"] = new JsonObject(),
            ["items"] = new JsonArray([.. groups.Select(g => AggregatedGroup(catalogue, g.Group, g.Versions))]),
        };
    }

    public static JsonObject CoreVersions(string address) => new()
    {
        ["kind"] = "APIVersions",
        ["versions"] = new JsonArray("v1"),
        ["serverAddressByClientCIDRs"] = new JsonArray(new JsonObject { ["clientCIDR"] = "0.0.0.0/0", ["serverAddress"] = address }),
    };

    public static JsonObject GroupList(ResourceCatalogue catalogue) => new()
    {
        ["kind"] = "APIGroupList",
        ["apiVersion"] = "v1",
        ["groups"] = new JsonArray([.. Groups(catalogue).Where(g => g.Group.Length > 0).Select(g => Group(g.Group, g.Versions))]),
    };

    public static JsonObject? SingleGroup(ResourceCatalogue catalogue, string name)
    {
        var group = Groups(catalogue).FirstOrDefault(g => g.Group == name);
        if (group.Versions is null) return null;
        var document = Group(name, group.Versions);
        document.Insert(0, "kind", "APIGroup");
        document.Insert(1, "apiVersion", "v1");
        return document;
    }

    public static JsonObject? ResourceList(ResourceCatalogue catalogue, string group, string version)
    {
        var resources = catalogue.All.Where(r => r.Kind.Group == group && r.Kind.Version == version).ToList();
        var reviews = SubresourceCatalogue.Reviews.Where(r => r.Group == group && r.Version == version).ToList();
        if (resources.Count == 0 && reviews.Count == 0) return null;
        return new JsonObject
        {
            ["kind"] = "APIResourceList",
            ["apiVersion"] = "v1",
            ["groupVersion"] = ServedResource.ApiVersionOf(group, version),
            ["resources"] = new JsonArray([.. resources.SelectMany(LegacyEntries), .. reviews.Select(LegacyReview)]),
        };
    }

    private static JsonObject Group(string name, IReadOnlyList<string> versions)
    {
        var all = versions.Select(v => (JsonNode)new JsonObject { ["groupVersion"] = $"{name}/{v}", ["version"] = v }).ToArray();
        return new JsonObject { ["name"] = name, ["versions"] = new JsonArray(all), ["preferredVersion"] = all[0].DeepClone() };
    }

    private static JsonObject AggregatedGroup(ResourceCatalogue catalogue, string group, IReadOnlyList<string> versions) => new()
    {
        ["metadata"] = group.Length == 0 ? new JsonObject() : new JsonObject { ["name"] = group },
        ["versions"] = new JsonArray([.. versions.Select(v => AggregatedVersion(catalogue, group, v))]),
    };

    private static JsonObject AggregatedVersion(ResourceCatalogue catalogue, string group, string version)
    {
        var resources = catalogue.All.Where(r => r.Kind.Group == group && r.Kind.Version == version).Select(AggregatedResource);
        var reviews = SubresourceCatalogue.Reviews.Where(r => r.Group == group && r.Version == version).Select(AggregatedReview);
        return new JsonObject
        {
            ["version"] = version,
            ["freshness"] = "Current",
            ["resources"] = new JsonArray([.. resources, .. reviews]),
        };
    }

    private static JsonObject AggregatedResource(ServedResource resource)
    {
        var kind = resource.Kind;
        var entry = new JsonObject
        {
            ["resource"] = kind.Plural,
            ["responseKind"] = ResponseKind(kind.Group, kind.Version, kind.Kind),
            ["scope"] = kind.Namespaced ? "Namespaced" : "Cluster",
            ["singularResource"] = kind.Singular,
            ["verbs"] = Strings(SubresourceCatalogue.VerbsOf(resource)),
        };
        if (kind.ShortNames.Count > 0) entry["shortNames"] = Strings(kind.ShortNames);
        if (kind.Categories.Count > 0) entry["categories"] = Strings(kind.Categories);
        var subresources = SubresourceCatalogue.Of(resource).Select(s => (JsonNode)new JsonObject
        {
            ["subresource"] = s.Name,
            ["responseKind"] = ResponseKind(s.Group, s.Version, s.Kind),
            ["verbs"] = Strings(s.Verbs),
        }).ToArray();
        if (subresources.Length > 0) entry["subresources"] = new JsonArray(subresources);
        return entry;
    }

    private static JsonObject AggregatedReview(ReviewResource review) => new()
    {
        ["resource"] = review.Plural,
        ["responseKind"] = ResponseKind(review.Group, review.Version, review.Kind),
        ["scope"] = review.Namespaced ? "Namespaced" : "Cluster",
        ["singularResource"] = review.Kind.ToLowerInvariant(),
        ["verbs"] = new JsonArray("create"),
    };

    private static IEnumerable<JsonNode> LegacyEntries(ServedResource resource)
    {
        var kind = resource.Kind;
        var entry = LegacyEntry(kind.Plural, kind.Singular, kind.Namespaced, kind.Kind, SubresourceCatalogue.VerbsOf(resource));
        if (kind.ShortNames.Count > 0) entry["shortNames"] = Strings(kind.ShortNames);
        if (kind.Categories.Count > 0) entry["categories"] = Strings(kind.Categories);
        yield return entry;
        foreach (var s in SubresourceCatalogue.Of(resource))
        {
            var sub = LegacyEntry($"{kind.Plural}/{s.Name}", "", kind.Namespaced, s.Kind, s.Verbs);
            if (s.Group != kind.Group || s.Version != kind.Version)
            {
                sub["group"] = s.Group;
                sub["version"] = s.Version;
            }

            yield return sub;
        }
    }

    private static JsonObject LegacyReview(ReviewResource review) =>
        LegacyEntry(review.Plural, review.Kind.ToLowerInvariant(), review.Namespaced, review.Kind, ["create"]);

    private static JsonObject LegacyEntry(string name, string singular, bool namespaced, string kind, IReadOnlyList<string> verbs) => new()
    {
        ["name"] = name,
        ["singularName"] = singular,
        ["namespaced"] = namespaced,
        ["kind"] = kind,
        ["verbs"] = Strings(verbs),
    };

    private static JsonObject ResponseKind(string group, string version, string kind) =>
        new() { ["group"] = group, ["version"] = version, ["kind"] = kind };

    private static JsonArray Strings(IEnumerable<string> values) => new([.. values.Select(v => (JsonNode)v)]);
}
