using System.Text.Json.Nodes;
using Ops.Sandbox.Api.Resources;
using Ops.Sandbox.Api.Store;
using Ops.Sandbox.Objects;

namespace Ops.Sandbox.Api.Webhooks;

/// <summary>One webhook of a configuration, and whether it wants to be asked.</summary>
/// <param name="Spec">The entry of <c>webhooks</c>.</param>
/// <param name="Mutates">Whether it may change the object.</param>
internal sealed record Webhook(JsonObject Spec, bool Mutates)
{
    private const int DefaultTimeout = 10;

    public string Name => Spec.Text("name") ?? "";

    public bool IsIgnored => Spec.Text("failurePolicy") == "Ignore";

    public TimeSpan Timeout => TimeSpan.FromSeconds(Spec.Number("timeoutSeconds") ?? DefaultTimeout);

    /// <summary>All that want to be asked about a write: those that may change it first, each in order of configuration and place.</summary>
    public static IReadOnlyList<Webhook> For(StoreSnapshot snapshot, WebhookQuestion question)
    {
        var (mutating, validating) = (snapshot.Of(Known.MutatingWebhooks), snapshot.Of(Known.ValidatingWebhooks));
        // Their own configurations are never theirs to refuse: nobody could repair them.
        if ((mutating.Count == 0 && validating.Count == 0) || question.Resource.Id.Group == Known.MutatingWebhooks.Group)
            return [];
        return [.. Of(mutating.Values, true).Concat(Of(validating.Values, false)).Where(hook => hook.Wants(question, snapshot))];
    }

    private static IEnumerable<Webhook> Of(IEnumerable<StoredObject> configurations, bool mutates) =>
        configurations.SelectMany(one => one.Parse().Items("webhooks")).Select(spec => new Webhook(spec, mutates));

    private bool Wants(WebhookQuestion question, StoreSnapshot snapshot) =>
        Spec.Items("rules").Any(rule => Covers(rule, question)) && SelectsNamespace(question, snapshot)
        && Spec.Child("objectSelector") is var selector && (selector is null || LabelsOf(question).Any(labels => LabelSelectors.Matches(selector, labels)));

    private static bool Covers(JsonObject rule, WebhookQuestion question)
    {
        var (id, version) = (question.Resource.Id, question.Resource.Kind.Version);
        return Has(rule, "operations", question.Operation) && Has(rule, "apiGroups", id.Group) && Has(rule, "apiVersions", version)
            && rule.Texts("resources").Any(resource => CoversResource(resource, id.Plural, question.Subresource))
            && (rule.Text("scope") ?? "*") switch { "Namespaced" => question.Resource.Kind.Namespaced, "Cluster" => !question.Resource.Kind.Namespaced, _ => true };
    }

    private static bool Has(JsonObject rule, string field, string value) => rule.Texts(field).Any(one => one == "*" || one == value);

    // pods, pods/status, pods/*, */scale, *, */*: a star alone stands for no subresource.
    private static bool CoversResource(string wanted, string plural, string? subresource)
    {
        var parts = wanted.Split('/');
        return (parts[0] == "*" || parts[0] == plural) && (parts.Length == 1 ? subresource is null : parts[1] == "*" || parts[1] == subresource);
    }

    private bool SelectsNamespace(WebhookQuestion question, StoreSnapshot snapshot)
    {
        if (Spec.Child("namespaceSelector") is not { Count: > 0 } selector) return true;
        if (question.Resource.Storage == Known.Namespaces) return LabelsOf(question).Any(labels => LabelSelectors.Matches(selector, labels));
        if (!question.Resource.Kind.Namespaced) return true;
        return snapshot.Find(Known.Namespaces, new ObjectId("", question.Namespace)) is { } ns && LabelSelectors.Matches(selector, ns.Parse().Metadata().Child("labels") ?? []);
    }

    private static IEnumerable<JsonObject> LabelsOf(WebhookQuestion question) =>
        new[] { question.Document, question.Old }.OfType<JsonObject>().Select(one => one.Metadata().Child("labels") ?? []);
}
