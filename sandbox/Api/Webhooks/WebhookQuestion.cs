using System.Text.Json.Nodes;
using Ops.Sandbox.Api.Auth;
using Ops.Sandbox.Api.Resources;

namespace Ops.Sandbox.Api.Webhooks;

/// <summary>A write that webhooks have to be asked about before it is stored.</summary>
/// <param name="Resource">The resource and version of the request.</param>
/// <param name="Operation">CREATE, UPDATE or DELETE.</param>
/// <param name="Namespace">Empty for cluster-scoped objects.</param>
/// <param name="Name">The object's name; empty where it is generated.</param>
/// <param name="Document">The object as it would be stored; null for a deletion.</param>
/// <param name="Old">The live object; null for a creation.</param>
/// <param name="Revision">Revision of the live object; 0 for a creation.</param>
/// <param name="Subresource">For example status, or null.</param>
/// <param name="DryRun">Whether nothing is stored in the end.</param>
/// <param name="User">Who writes.</param>
internal sealed record WebhookQuestion(
    ServedResource Resource, string Operation, string Namespace, string Name, JsonObject? Document, JsonObject? Old, long Revision, string? Subresource, bool DryRun, UserInfo User)
{
    /// <summary>The AdmissionReview that a webhook gets.</summary>
    public JsonObject Review(string uid, JsonObject? document) => new()
    {
        ["kind"] = "AdmissionReview",
        ["apiVersion"] = "admission.k8s.io/v1",
        ["request"] = new JsonObject
        {
            ["uid"] = uid,
            ["kind"] = KindOf(),
            ["resource"] = ResourceOf(),
            ["subResource"] = Subresource,
            ["requestKind"] = KindOf(),
            ["requestResource"] = ResourceOf(),
            ["requestSubResource"] = Subresource,
            ["name"] = Name.Length > 0 ? Name : null,
            ["namespace"] = Namespace.Length > 0 ? Namespace : null,
            ["operation"] = Operation,
            ["userInfo"] = new JsonObject { ["username"] = User.Name, ["groups"] = new JsonArray([.. User.Groups.Select(group => (JsonNode)group)]) },
            ["object"] = document?.DeepClone(),
            ["oldObject"] = Old?.DeepClone(),
            ["dryRun"] = DryRun,
            ["options"] = null,
        },
    };

    private JsonObject KindOf() => new() { ["group"] = Resource.Kind.Group, ["version"] = Resource.Kind.Version, ["kind"] = Resource.Kind.Kind };

    private JsonObject ResourceOf() => new() { ["group"] = Resource.Kind.Group, ["version"] = Resource.Kind.Version, ["resource"] = Resource.Kind.Plural };
}

/// <summary>What webhooks have been asked about a write, and what they made of it. Belongs to one write.</summary>
internal sealed class WebhookRound
{
    /// <summary>A write that has to be asked about first; nothing of it is stored.</summary>
    public WebhookQuestion? Needed { get; set; }

    /// <summary>The object as the webhooks left it, and the revision of the live object that they saw; null before they were asked.</summary>
    public (JsonObject Document, long Revision)? Answer { get; set; }
}
