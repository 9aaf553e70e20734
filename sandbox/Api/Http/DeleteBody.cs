using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Ops.Sandbox.Api.Resources;

namespace Ops.Sandbox.Api.Http;

/// <summary>DeleteOptions from the body, the query, or both.</summary>
internal static class DeleteBody
{
    public static async Task<DeleteOptions> ReadAsync(HttpContext context, string verb)
    {
        var bytes = await RequestBody.ReadAsync(context);
        var body = bytes.Length == 0 ? [] : RequestBody.Decode(bytes, RequestBody.ContentType(context.Request), "DeleteOptions", []) as JsonObject ?? [];
        return Read(body, context.Request.Query, verb) with { User = ApiRequest.Of(context).User };
    }

    public static DeleteOptions Read(JsonObject body, IQueryCollection query, string verb)
    {
        var propagation = Empty(query["propagationPolicy"].ToString()) ?? body.Text("propagationPolicy");
        var orphan = query.ContainsKey("orphanDependents") ? QueryOptions.IsTrue(query["orphanDependents"]) : body["orphanDependents"]?.GetValue<bool>();
        if (propagation is not null && orphan is not null)
            throw Invalid("Invalid value: orphanDependents and deletionPropagation cannot be both set", "propagationPolicy", "FieldValueInvalid");
        if (propagation is not (null or "Background" or "Foreground" or "Orphan"))
            throw Invalid($"Unsupported value: \"{propagation}\": supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\"", "propagationPolicy", "FieldValueNotSupported");
        var grace = query["gracePeriodSeconds"].ToString() is { Length: > 0 } text ? QueryOptions.Number(text, "gracePeriodSeconds") : body.Number("gracePeriodSeconds");
        if (grace < 0) throw Invalid($"Invalid value: {grace}: must be greater than or equal to 0", "gracePeriodSeconds", "FieldValueInvalid");
        var dryRun = query["dryRun"].Concat(body.Texts("dryRun"));
        return new DeleteOptions
        {
            Propagation = propagation ?? (orphan == true ? "Orphan" : "Background"),
            GracePeriodSeconds = grace,
            Uid = body.Child("preconditions").Text("uid"),
            ResourceVersion = body.Child("preconditions").Text("resourceVersion"),
            DryRun = QueryOptions.IsDryRun(dryRun, verb),
        };
    }

    private static string? Empty(string text) => text.Length == 0 ? null : text;

    private static ApiException Invalid(string message, string field, string reason) =>
        Errors.Invalid("meta.k8s.io", "DeleteOptions", "", reason, message, field);
}
