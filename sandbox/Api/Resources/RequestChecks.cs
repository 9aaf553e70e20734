using System.Text.Json.Nodes;
using Ops.Sandbox.Api.Store;

namespace Ops.Sandbox.Api.Resources;

/// <summary>What a body must agree on with its URL, and with the live object.</summary>
internal static class RequestChecks
{
    /// <summary>apiVersion and kind may be absent (the URL says them), but must not differ.</summary>
    public static void TypeMeta(ServedResource resource, JsonObject document)
    {
        var apiVersion = document.Text("apiVersion");
        var kind = document.Text("kind");
        if (!string.IsNullOrEmpty(apiVersion) && apiVersion != resource.ApiVersion)
        {
            throw Errors.BadRequest(
                $"the API version in the data ({apiVersion}) does not match the expected API version ({resource.ApiVersion})");
        }

        if (!string.IsNullOrEmpty(kind) && kind != resource.Kind.Kind)
        {
            throw Errors.BadRequest(
                $"{kind} in version \"{resource.Kind.Version}\" cannot be handled as a {resource.Kind.Kind}: converting ({resource.ApiVersion}.{kind}) to ({resource.ApiVersion}.{resource.Kind.Kind}): unknown conversion");
        }

        if (document["metadata"] is not (null or JsonObject))
            throw Errors.BadRequest($"the object provided is unrecognized (must be of type {resource.Kind.Kind}): metadata must be an object");
        document["apiVersion"] = resource.ApiVersion;
        document["kind"] = resource.Kind.Kind;
    }

    public static void Namespace(ServedResource resource, JsonObject document, string ns)
    {
        var metadata = document.Metadata();
        var given = metadata.Text("namespace");
        if (!resource.Kind.Namespaced)
        {
            metadata.Remove("namespace");
            return;
        }

        if (!string.IsNullOrEmpty(given) && given != ns)
            throw Errors.BadRequest($"the namespace of the provided object does not match the namespace sent on the request");
        metadata["namespace"] = ns;
    }

    public static void Name(JsonObject document, string name)
    {
        var metadata = document.Metadata();
        var given = metadata.Text("name");
        if (!string.IsNullOrEmpty(given) && given != name)
            throw Errors.BadRequest($"the name of the object ({given}) does not match the name on the URL ({name})");
        metadata["name"] = name;
    }

    /// <summary>resourceVersion and uid, where the body has them, must be the live ones.</summary>
    public static void Preconditions(ServedResource resource, StoredObject live, JsonObject document)
    {
        var metadata = document.Metadata();
        var uid = metadata.Text("uid");
        if (!string.IsNullOrEmpty(uid) && uid != live.Uid)
        {
            throw Errors.Conflict(
                resource.Id, live.Id.Name, $"Precondition failed: UID in precondition: {uid}, UID in object meta: {live.Uid}");
        }

        var revision = metadata.Text("resourceVersion");
        if (string.IsNullOrEmpty(revision)) return;
        if (!long.TryParse(revision, out var asked))
        {
            throw Errors.Invalid(
                resource.Kind.Group, resource.Kind.Kind, live.Id.Name, "FieldValueInvalid", $"Invalid value: \"{revision}\": must be an unsigned integer", "metadata.resourceVersion");
        }

        if (asked != 0 && asked != live.Revision) throw Errors.Modified(resource.Id, live.Id.Name);
    }

    public static void MayCreateByApply(ServedResource resource, string name, JsonObject intent, WriteOptions options)
    {
        if (options.Subresource is not null) throw Errors.NotFound(resource.Id, name);
        if (intent.Metadata().Text("uid") is { Length: > 0 } uid)
            throw Errors.Conflict(resource.Id, name, $"uid mismatch: the provided object specified uid {uid}, and no existing object was found");
        if (intent.Metadata().Text("resourceVersion") is { Length: > 0 }) throw Errors.NotFound(resource.Id, name);
    }
}
