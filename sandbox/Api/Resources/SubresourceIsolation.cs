using System.Text.Json.Nodes;
using Ops.Sandbox.Objects;

namespace Ops.Sandbox.Api.Resources;

/// <summary>
/// The main URL never changes status, and /status changes nothing else. Managers are kept from the written document,
/// because server-side apply computed them.
/// </summary>
internal static class SubresourceIsolation
{
    public static JsonObject Restrict(JsonObject document, JsonObject old, KindDefinition kind, string? subresource)
    {
        if (!kind.HasStatus) return document;
        return subresource == "status" ? OnlyStatus(document, old, kind) : AllButStatus(document, old);
    }

    private static JsonObject OnlyStatus(JsonObject document, JsonObject old, KindDefinition kind)
    {
        var result = (JsonObject)old.DeepClone();
        Move(document, result, "status");
        var (from, to) = (document.Metadata(), result.Metadata());
        // A Deployment's controller writes its revision annotation together with the status, which leaves the generation alone.
        if (kind is { Group: "apps", Kind: "Deployment" }) Move(from, to, "annotations");
        Move(from, to, "managedFields");
        return result;
    }

    private static JsonObject AllButStatus(JsonObject document, JsonObject old)
    {
        if (old["status"] is { } status) document["status"] = status.DeepClone();
        else document.Remove("status");
        return document;
    }

    private static void Move(JsonObject from, JsonObject to, string name)
    {
        if (from[name] is not { } value)
        {
            to.Remove(name);
            return;
        }

        from.Remove(name);
        to[name] = value;
    }
}
