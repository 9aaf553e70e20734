using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Ops.Sandbox.Api.Http;
using Ops.Sandbox.Api.Resources;

namespace Ops.Sandbox.Api.Subresources;

/// <summary>namespaces/finalize: the only way to change spec.finalizers.</summary>
internal sealed class NamespaceFinalize(ObjectWriter writer) : ISubresourceHandler
{
    public bool Serves(ServedResource resource, string subresource) => resource.Storage == Known.Namespaces && subresource == "finalize";

    public async Task ServeAsync(HttpContext context, ServedResource resource, RequestInfo info)
    {
        if (info.Verb != "update") throw Errors.MethodNotAllowed();
        var body = await RequestBody.ReadObjectAsync(context, "Namespace", []);
        await Responses.WriteAsync(context, Finalize(resource, info.Name, body));
    }

    public JsonObject Finalize(ServedResource resource, string name, JsonObject body) => writer.Change(
        resource,
        "",
        name,
        live =>
        {
            var finalizers = body.Child("spec")?["finalizers"]?.DeepClone() ?? new JsonArray();
            if (live["spec"] is not JsonObject spec) live["spec"] = spec = [];
            spec["finalizers"] = finalizers;
            return live;
        },
        new WriteOptions { FieldManager = "namespace-controller", Subresource = "finalize", FieldValidation = FieldValidation.Ignore });
}
