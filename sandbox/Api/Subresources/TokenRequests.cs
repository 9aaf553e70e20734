using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Ops.Sandbox.Api.Auth;
using Ops.Sandbox.Api.Http;
using Ops.Sandbox.Api.Resources;

namespace Ops.Sandbox.Api.Subresources;

/// <summary>serviceaccounts/token: kubectl create token.</summary>
internal sealed class TokenRequests(ObjectReader reader, Tokens tokens, TimeProvider time) : ISubresourceHandler
{
    private const long DefaultSeconds = 3600;

    private const long MinSeconds = 600;

    private const long MaxSeconds = 365L * 24 * 3600;

    public bool Serves(ServedResource resource, string subresource) => resource.Storage == Known.ServiceAccounts && subresource == "token";

    public async Task ServeAsync(HttpContext context, ServedResource resource, RequestInfo info)
    {
        if (info.Verb != "create") throw Errors.MethodNotAllowed();
        var body = await RequestBody.ReadObjectAsync(context, "TokenRequest", []);
        var account = reader.Get(resource, info.Namespace, info.Name);
        var seconds = body.At("spec", "expirationSeconds").AsLong() ?? DefaultSeconds;
        if (seconds < MinSeconds)
            throw Errors.Invalid("authentication.k8s.io", "TokenRequest", "", "FieldValueInvalid", $"Invalid value: {seconds}: may not specify a duration less than 10 minutes", "spec.expirationSeconds");
        var lifetime = TimeSpan.FromSeconds(Math.Min(seconds, MaxSeconds));
        var audiences = body.Child("spec").Texts("audiences");
        if (audiences.Count == 0) audiences = ["https://kubernetes.default.svc.cluster.local"];
        body["kind"] = "TokenRequest";
        body["apiVersion"] = "authentication.k8s.io/v1";
        body["metadata"] = new JsonObject { ["name"] = info.Name, ["namespace"] = info.Namespace, ["creationTimestamp"] = NewObject.Seconds(time.GetUtcNow()) };
        body["status"] = new JsonObject
        {
            ["token"] = tokens.Issue(info.Namespace, info.Name, account.Uid, lifetime, audiences),
            ["expirationTimestamp"] = NewObject.Seconds(time.GetUtcNow() + lifetime),
        };
        await Responses.WriteAsync(context, body, StatusCodes.Status201Created);
    }
}
