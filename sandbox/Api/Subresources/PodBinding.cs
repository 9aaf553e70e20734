using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Ops.Sandbox.Api.Http;
using Ops.Sandbox.Api.Resources;
using Ops.Sandbox.Api.Store;

namespace Ops.Sandbox.Api.Subresources;

/// <summary>pods/binding: how a scheduler puts a pod on a node. Once.</summary>
internal sealed class PodBinding(ObjectStore store, TimeProvider time) : ISubresourceHandler
{
    public bool Serves(ServedResource resource, string subresource) => resource.Storage == Known.Pods && subresource == "binding";

    public async Task ServeAsync(HttpContext context, ServedResource resource, RequestInfo info)
    {
        if (info.Verb != "create") throw Errors.MethodNotAllowed();
        var body = await RequestBody.ReadObjectAsync(context, "Binding", []);
        Bind(info.Namespace, info.Name, body.At("target", "name").AsText() ?? "", QueryOptions.Write(context.Request, "create", null).DryRun);
        await Responses.WriteAsync(context, ReviewBodies.Success(StatusCodes.Status201Created), StatusCodes.Status201Created);
    }

    /// <summary>Sets the node and the PodScheduled condition in one write.</summary>
    public void Bind(string ns, string name, string node, bool dryRun = false) => store.Write(tx =>
    {
        if (node.Length == 0) throw Errors.Invalid("", "Binding", name, "FieldValueRequired", "Required value", "target.name");
        var live = tx.Find(Known.Pods, new ObjectId(ns, name)) ?? throw Errors.NotFound(Known.Pods, name);
        var pod = live.Parse();
        var bound = pod.At("spec", "nodeName").AsText();
        if (!string.IsNullOrEmpty(bound)) throw Errors.Conflict(new ResourceId("", "pods/binding"), name, $"pod {name} is already assigned to node \"{bound}\"");
        if (pod.Metadata().ContainsKey("deletionTimestamp")) throw Errors.Conflict(new ResourceId("", "pods/binding"), name, $"pod {name} is being deleted, cannot be assigned to a host");
        pod["spec"]!["nodeName"] = node;
        SetScheduled(pod, NewObject.Seconds(time.GetUtcNow()));
        if (!dryRun) tx.Put(Known.Pods, pod);
    });

    private static void SetScheduled(JsonObject pod, string now)
    {
        if (pod["status"] is not JsonObject status) pod["status"] = status = [];
        if (status["conditions"] is not JsonArray conditions) status["conditions"] = conditions = [];
        foreach (var old in conditions.OfType<JsonObject>().Where(c => c.Text("type") == "PodScheduled").ToList()) conditions.Remove(old);
        conditions.Add((JsonNode)new JsonObject { ["type"] = "PodScheduled", ["status"] = "True", ["lastProbeTime"] = null, ["lastTransitionTime"] = now });
    }
}
