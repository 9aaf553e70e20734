using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Ops.Sandbox.Api.Http;
using Ops.Sandbox.Api.Resources;
using Ops.Sandbox.Api.Tables;
using Ops.Sandbox.Objects;

namespace Ops.Sandbox.Api.Subresources;

/// <summary>/scale of Deployments and custom kinds alike: a view of the parent that can change its replica count and nothing else.</summary>
internal sealed class ScaleHandler(ObjectReader reader, ObjectWriter writer, TimeProvider time) : ISubresourceHandler
{
    private const string ApiVersion = "autoscaling/v1";

    public bool Serves(ServedResource resource, string subresource) => subresource == "scale" && resource.Kind.Scale is not null;

    public Task ServeAsync(HttpContext context, ServedResource resource, RequestInfo info) => info.Verb switch
    {
        "get" => SendAsync(context, resource, resource.FromStorage(reader.Get(resource, info.Namespace, info.Name).Parse())),
        "update" or "patch" => WriteAsync(context, resource, info),
        "create" => throw Errors.MethodNotSupported(resource.Id, "create"),
        _ => throw Errors.MethodNotAllowed(),
    };

    private async Task WriteAsync(HttpContext context, ServedResource resource, RequestInfo info)
    {
        var problems = new List<string>();
        var type = RequestBody.ContentType(context.Request);
        var isPatch = info.Verb == "patch";
        var options = QueryOptions.Write(context.Request, info.Verb, "scale", isPatch && type == PatchBody.ApplyType);
        var bytes = await RequestBody.ReadAsync(context);
        var change = isPatch ? Patched(bytes, type, problems) : Replaced(bytes, type, info.Name, problems);
        var parent = writer.Change(resource, info.Namespace, info.Name, live => SetReplicas(resource, live, change), options);
        ResourceHandler.Warn(context, options.Warnings);
        await SendAsync(context, resource, parent);
    }

    private static Func<JsonObject, JsonObject> Replaced(byte[] bytes, string type, string name, List<string> problems)
    {
        var body = RequestBody.Decode(bytes, type, "Scale", problems) as JsonObject ?? throw Errors.BadRequest("the object provided is unrecognized (must be of type Scale)");
        RequestChecks.Name(body, name);
        return _ => body;
    }

    private static Func<JsonObject, JsonObject> Patched(byte[] bytes, string type, List<string> problems)
    {
        if (type == "application/json-patch+json")
        {
            var steps = RequestBody.Decode(bytes, "", "Scale", problems) as JsonArray ?? throw Errors.BadRequest("error decoding patch");
            return scale => JsonPatch.Apply(scale, steps) as JsonObject ?? throw Errors.RequestRejected();
        }

        if (type is not ("application/merge-patch+json" or "application/strategic-merge-patch+json" or PatchBody.ApplyType))
            throw Errors.UnsupportedMediaType("application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml");
        var patch = RequestBody.Decode(bytes, type == PatchBody.ApplyType ? type : "", "Scale", problems);
        return scale => MergePatch.Apply(scale, patch) as JsonObject ?? throw Errors.RequestRejected();
    }

    private static JsonObject SetReplicas(ServedResource resource, JsonObject parent, Func<JsonObject, JsonObject> change)
    {
        var scale = change(FromParent(resource, parent));
        var replicas = scale.At("spec", "replicas").AsLong() ?? 0;
        var name = parent.Metadata().Text("name") ?? "";
        if (replicas < 0)
            throw Errors.Invalid("autoscaling", "Scale", name, "FieldValueInvalid", $"Invalid value: {replicas}: must be greater than or equal to 0: should be a non-negative integer", "spec.replicas");
        Set(parent, resource.Kind.Scale!.SpecReplicasPath, replicas);
        if (scale.Metadata().Text("resourceVersion") is { Length: > 0 } revision) parent.Metadata()["resourceVersion"] = revision;
        return parent;
    }

    private static JsonObject FromParent(ServedResource resource, JsonObject parent)
    {
        var paths = resource.Kind.Scale!;
        var metadata = new JsonObject();
        foreach (var name in new[] { "name", "namespace", "uid", "resourceVersion", "creationTimestamp" })
        {
            if (parent.Metadata()[name] is { } value) metadata[name] = value.DeepClone();
        }

        var status = new JsonObject { ["replicas"] = At(parent, paths.StatusReplicasPath).AsLong() ?? 0 };
        if (Selector(parent, paths) is { Length: > 0 } selector) status["selector"] = selector;
        return new JsonObject
        {
            ["kind"] = "Scale",
            ["apiVersion"] = ApiVersion,
            ["metadata"] = metadata,
            ["spec"] = new JsonObject { ["replicas"] = At(parent, paths.SpecReplicasPath).AsLong() ?? 0 },
            ["status"] = status,
        };
    }

    private static string? Selector(JsonObject parent, ScalePaths paths) => paths.LabelSelectorPath is { } path
        ? At(parent, path) switch { JsonObject selector => SelectorText.Of(selector), var text => text.AsText() }
        : null;

    private static JsonNode? At(JsonObject document, string path) => document.At(path.TrimStart('.').Split('.'));

    private static void Set(JsonObject document, string path, long value)
    {
        var names = path.TrimStart('.').Split('.');
        foreach (var name in names[..^1])
        {
            if (document[name] is not JsonObject child) document[name] = child = [];
            document = child;
        }

        document[names[^1]] = value;
    }

    private Task SendAsync(HttpContext context, ServedResource resource, JsonObject parent)
    {
        var media = MediaTypes.Negotiate(context.Request);
        var scale = FromParent(resource, parent);
        return media.Form == Form.Table
            ? Responses.WriteAsync(context, TableRows.Table(Printers.Scale, [scale], new JsonObject(), TableRows.IncludeOf(context.Request), media.Version, time.GetUtcNow()))
            : Responses.WriteAsync(context, scale, yaml: media.Yaml);
    }
}
