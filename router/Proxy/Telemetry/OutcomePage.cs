using Ops.Picking;

namespace Ops.Router;

/// <summary>What exploration on one route led to, as an <see cref="OutcomeFile"/>: /outcomes?route=namespace/name.</summary>
internal static class OutcomePage
{
    /// <summary>Answers; 404 for a route that is not there or has no learned policy.</summary>
    internal static async Task WriteAsync(HttpContext context, LiveTable table, TimeProvider time)
    {
        var name = context.Request.Query["route"].ToString();
        var route = table.Routes.FirstOrDefault(one => one.Label == name);
        if (route?.Config is not { Policy: GuardedPolicy policy, Learned: { } learned } config)
        {
            await new OpenAiError(404, "unknown_route", "There is no such route with a learned policy here. Ask with ?route=namespace/name.").WriteAsync(context);
            return;
        }

        // At most 4.2 MB, and asked for by hand; a writer of the body itself would have to be synchronous.
        using var file = new MemoryStream();
        OutcomeFile.Write(file, learned.Digest, [.. config.Variants.Select(variant => variant.Pool)], policy.Explorer.Outcomes, time.NowMs());
        context.Response.ContentType = "application/octet-stream";
        context.Response.ContentLength = file.Length;
        file.Position = 0;
        await file.CopyToAsync(context.Response.Body, context.RequestAborted);
    }
}
