using System.Text.Json.Nodes;

namespace Ops.Sandbox.Api.Subresources;

/// <summary>Small answers that several subresources share.</summary>
internal static class ReviewBodies
{
    public static JsonObject Success(int code) => new()
    {
        ["kind"] = "Status",
        ["apiVersion"] = "v1",
        ["metadata"] = new JsonObject(),
        ["status"] = "Success",
        ["code"] = code,
    };
}
