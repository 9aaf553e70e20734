using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Ops.Sandbox.Api.Auth;
using Ops.Sandbox.Api.Discovery;
using Ops.Sandbox.Api.Http;
using Ops.Sandbox.Api.Resources;

namespace Ops.Sandbox.Api.Subresources;

/// <summary>Who am I, may I, may they: resources that answer a POST and store nothing.</summary>
internal sealed class ReviewHandler(Authenticator authenticator, Authorizer authorizer, TimeProvider time) : IRequestHandler
{
    public RequestDelegate? Find(RequestInfo info)
    {
        if (!info.IsResource || info.Name.Length > 0) return null;
        var review = SubresourceCatalogue.Reviews.FirstOrDefault(r => r.Group == info.Group && r.Version == info.Version && r.Plural == info.Resource);
        return review is null ? null : context => ServeAsync(context, review);
    }

    private async Task ServeAsync(HttpContext context, ReviewResource review)
    {
        var request = ApiRequest.Of(context);
        if (request.Info.Verb != "create") throw Errors.MethodNotAllowed();
        var body = await RequestBody.ReadObjectAsync(context, review.Kind, []);
        body["kind"] = review.Kind;
        body["apiVersion"] = $"{review.Group}/{review.Version}";
        body.Metadata()["creationTimestamp"] = NewObject.Seconds(time.GetUtcNow());
        body["status"] = review.Kind switch
        {
            "SelfSubjectReview" => new JsonObject { ["userInfo"] = UserJson(request.User) },
            "TokenReview" => TokenStatus(body),
            "SelfSubjectRulesReview" => Rules(request.User, body.At("spec", "namespace").AsText() ?? ""),
            "SelfSubjectAccessReview" => Access(request.User, body.Child("spec")),
            _ => Access(SubjectOf(body.Child("spec")), body.Child("spec")),
        };
        await Responses.WriteAsync(context, body, StatusCodes.Status201Created);
    }

    private JsonObject Access(UserInfo user, JsonObject? spec)
    {
        var allowed = authorizer.Allows(user, AttributesOf(spec));
        var status = new JsonObject { ["allowed"] = allowed };
        if (allowed) status["reason"] = user.IsMaster ? "" : "RBAC: allowed by a binding";
        return status;
    }

    private static AccessAttributes AttributesOf(JsonObject? spec)
    {
        if (spec.Child("nonResourceAttributes") is { } path) return new AccessAttributes(path.Text("verb") ?? "", IsResource: false, Path: path.Text("path") ?? "");
        var resource = spec.Child("resourceAttributes");
        return new AccessAttributes(
            resource.Text("verb") ?? "",
            IsResource: true,
            resource.Text("group") ?? "",
            resource.Text("resource") ?? "",
            resource.Text("subresource") ?? "",
            resource.Text("namespace") ?? "",
            resource.Text("name") ?? "");
    }

    private static UserInfo SubjectOf(JsonObject? spec) => new(spec.Text("user") ?? "", spec.Texts("groups"));

    private JsonObject TokenStatus(JsonObject body)
    {
        var user = authenticator.FromToken(body.At("spec", "token").AsText() ?? "");
        return user is null
            ? new JsonObject { ["authenticated"] = false, ["error"] = "invalid bearer token" }
            : new JsonObject { ["authenticated"] = true, ["user"] = UserJson(user) };
    }

    private JsonObject Rules(UserInfo user, string ns)
    {
        IReadOnlyList<PolicyRule> rules = user.IsMaster
            ? [new PolicyRule(["*"], ["*"], ["*"], [], []), new PolicyRule(["*"], [], [], [], ["*"])]
            : [.. authorizer.Index.RulesOf(user, ns)];
        return new JsonObject
        {
            ["incomplete"] = false,
            ["resourceRules"] = new JsonArray([.. rules.Where(r => r.Resources.Count > 0).Select(r => (JsonNode)new JsonObject
            {
                ["verbs"] = Strings(r.Verbs), ["apiGroups"] = Strings(r.Groups), ["resources"] = Strings(r.Resources), ["resourceNames"] = Strings(r.Names),
            })]),
            ["nonResourceRules"] = new JsonArray([.. rules.Where(r => r.Paths.Count > 0).Select(r => (JsonNode)new JsonObject
            {
                ["verbs"] = Strings(r.Verbs), ["nonResourceURLs"] = Strings(r.Paths),
            })]),
        };
    }

    private static JsonObject UserJson(UserInfo user)
    {
        var json = new JsonObject { ["username"] = user.Name };
        if (user.Uid.Length > 0) json["uid"] = user.Uid;
        json["groups"] = Strings(user.Groups);
        return json;
    }

    private static JsonArray Strings(IEnumerable<string> values) => new([.. values.Select(v => (JsonNode)v)]);
}
