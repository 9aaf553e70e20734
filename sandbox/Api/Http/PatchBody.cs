using System.Text.Json.Nodes;
using Ops.Sandbox.Api.Resources;
using Ops.Sandbox.Objects;

namespace Ops.Sandbox.Api.Http;

/// <summary>A patch: either an intent to apply, or a function of the live object.</summary>
internal sealed record PatchBody(JsonObject? Intent, Func<JsonObject, JsonObject>? Change)
{
    public const string ApplyType = "application/apply-patch+yaml";

    private const string JsonType = "application/json-patch+json";

    private const string MergeType = "application/merge-patch+json";

    private const string StrategicType = "application/strategic-merge-patch+json";

    public static PatchBody Decode(byte[] body, string type, ServedResource resource, IList<string> problems)
    {
        var kind = resource.Kind;
        switch (type)
        {
            case ApplyType:
                var intent = RequestBody.Decode(body, ApplyType, kind.Kind, problems) as JsonObject;
                return new PatchBody(intent ?? throw Errors.BadRequest($"the object provided is unrecognized (must be of type {kind.Kind})"), null);
            case MergeType:
                var merge = RequestBody.Decode(body, "", kind.Kind, problems) as JsonObject ?? throw Errors.BadRequest("error decoding patch: json: cannot unmarshal into object");
                return new PatchBody(null, live => (JsonObject)MergePatch.Apply(live, merge)!);
            case JsonType:
                var steps = RequestBody.Decode(body, "", kind.Kind, problems) as JsonArray ?? throw Errors.BadRequest("error decoding patch: json: cannot unmarshal into jsonpatch.Patch");
                return new PatchBody(null, live => Guarded(() => JsonPatch.Apply(live, steps) as JsonObject));
            case StrategicType when !kind.IsCustom:
                var strategic = RequestBody.Decode(body, "", kind.Kind, problems) as JsonObject ?? throw Errors.BadRequest("error decoding patch: json: cannot unmarshal into object");
                return new PatchBody(null, live => Guarded(() => StrategicMergePatch.Apply(live, strategic, kind.Schema)));
            default:
                throw kind.IsCustom
                    ? Errors.UnsupportedMediaType(JsonType, MergeType, ApplyType)
                    : Errors.UnsupportedMediaType(JsonType, MergeType, StrategicType, ApplyType);
        }
    }

    private static JsonObject Guarded(Func<JsonObject?> patch)
    {
        try
        {
            return patch() ?? throw Errors.RequestRejected();
        }
        catch (PatchFailedException e)
        {
            throw e.IsMalformed ? Errors.BadRequest(e.Message) : Errors.RequestRejected();
        }
    }
}
