using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Ops.Sandbox.Api.Http;
using Ops.Sandbox.Api.Resources;
using Ops.Sandbox.Api.Store;

namespace Ops.Sandbox.Api.Subresources;

/// <summary>pods/eviction: a deletion that PodDisruptionBudgets may refuse with 429.</summary>
internal sealed class PodEviction(ObjectStore store, ObjectDeleter deleter) : ISubresourceHandler
{
    public bool Serves(ServedResource resource, string subresource) => resource.Storage == Known.Pods && subresource == "eviction";

    public async Task ServeAsync(HttpContext context, ServedResource resource, RequestInfo info)
    {
        if (info.Verb != "create") throw Errors.MethodNotAllowed();
        var body = await RequestBody.ReadObjectAsync(context, "Eviction", []);
        var options = DeleteBody.Read(body.Child("deleteOptions") ?? [], context.Request.Query, "delete");
        var pod = store.Snapshot.Find(Known.Pods, new ObjectId(info.Namespace, info.Name)) ?? throw Errors.NotFound(Known.Pods, info.Name);
        CheckBudgets(pod);
        deleter.Delete(resource, info.Namespace, info.Name, options);
        await Responses.WriteAsync(context, ReviewBodies.Success(StatusCodes.Status201Created), StatusCodes.Status201Created);
    }

    private void CheckBudgets(StoredObject pod)
    {
        var document = pod.Parse();

        // A pod that is finished, or not ready anyway, takes nothing from anybody.
        if (document.At("status", "phase").AsText() is "Succeeded" or "Failed" or "Pending" || !IsReady(document)) return;
        var snapshot = store.Snapshot;
        foreach (var stored in snapshot.Of(Known.DisruptionBudgets).Values.Where(b => b.Id.Namespace == pod.Id.Namespace))
        {
            var budget = stored.Parse();
            if (budget.At("spec", "selector") is not JsonObject selector) continue;
            var text = SelectorText.Of(selector);
            var labels = LabelSelector.Parse(text == "<none>" ? "" : text);
            if (!labels.Matches(pod.Labels)) continue;
            var matching = snapshot.Of(Known.Pods).Values.Where(p => p.Id.Namespace == pod.Id.Namespace && labels.Matches(p.Labels)).Select(p => p.Parse()).ToList();
            var healthy = matching.Count(IsReady);
            var needed = Needed(budget.Child("spec")!, matching.Count);
            if (healthy - 1 < needed)
                throw Errors.TooManyDisruptions($"The disruption budget {stored.Id.Name} needs {needed} healthy pods and has {healthy} currently");
        }
    }

    /// <summary>minAvailable as it stands, or what maxUnavailable leaves; percentages round up, as in Kubernetes.</summary>
    private static int Needed(JsonObject spec, int total)
    {
        if (spec["minAvailable"] is { } min) return Amount(min, total);
        return spec["maxUnavailable"] is { } max ? Math.Max(0, total - Amount(max, total)) : total - 1;
    }

    private static int Amount(JsonNode node, int total)
    {
        var text = node.AsText();
        return text is not null && text.EndsWith('%') && double.TryParse(text[..^1], NumberStyles.Float, CultureInfo.InvariantCulture, out var percent)
            ? (int)Math.Ceiling(percent * total / 100)
            : (int)(node.AsLong() ?? 0);
    }

    private static bool IsReady(JsonObject pod) =>
        pod.Child("status").Items("conditions").Any(c => c.Text("type") == "Ready" && c.Text("status") == "True");
}
