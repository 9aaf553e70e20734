using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Ops.Sandbox.Api.Http;
using Ops.Sandbox.Api.Resources;
using Ops.Sandbox.Api.Subresources;

namespace Ops.Sandbox.Api.Streams;

/// <summary>Which container of a pod a stream is about.</summary>
internal static class PodContainers
{
    /// <summary>The asked one, or the only one; kube-apiserver's sentence where that is not clear.</summary>
    public static string Choose(JsonObject pod, string asked)
    {
        var name = pod.Metadata().Text("name");
        var spec = pod.Child("spec");
        var containers = spec.Items("containers").Select(c => c.Text("name") ?? "").ToList();
        var all = containers.Concat(spec.Items("initContainers").Select(c => c.Text("name") ?? "")).ToList();
        if (asked.Length > 0)
            return all.Contains(asked, StringComparer.Ordinal) ? asked : throw Errors.BadRequest($"container {asked} is not valid for pod {name}");
        if (containers.Count == 1) return containers[0];
        throw Errors.BadRequest($"a container name must be specified for pod {name}, choose one of: [{string.Join(' ', containers)}]");
    }
}

/// <summary>pods/log: kubectl logs, with -f, --tail, --since, --previous and --timestamps.</summary>
internal sealed class PodLogs(ObjectReader reader, Func<INodeStreams?> streams, CancellationToken stopping) : ISubresourceHandler
{
    public bool Serves(ServedResource resource, string subresource) => resource.Storage == Known.Pods && subresource == "log";

    public async Task ServeAsync(HttpContext context, ServedResource resource, RequestInfo info)
    {
        if (info.Verb != "get") throw Errors.MethodNotAllowed();
        var pod = reader.Get(resource, info.Namespace, info.Name).Parse();
        var container = PodContainers.Choose(pod, context.Request.Query["container"].ToString());
        var options = Options(context.Request.Query);
        RequireStarted(pod, container, options.Previous, info.Name);
        var node = streams() ?? throw Errors.ServiceUnavailable("no node serves logs yet");
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        context.Response.ContentType = "text/plain";
        try
        {
            var body = new FlushingStream(context.Response.Body);
            if (!await node.WriteLogsAsync(info.Namespace, info.Name, container, options, body, end.Token) && !context.Response.HasStarted)
                throw Missing(container, info.Name, options.Previous);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The reader left, or the server stops.
        }
    }

    /// <summary>A container that never ran has no log; say what it waits for.</summary>
    private static void RequireStarted(JsonObject pod, string container, bool previous, string name)
    {
        var status = pod.Child("status");
        var state = status.Items("containerStatuses").Concat(status.Items("initContainerStatuses")).FirstOrDefault(s => s.Text("name") == container);
        if (previous)
        {
            if (state.At("lastState", "terminated") is null) throw Missing(container, name, previous: true);
            return;
        }

        var waiting = state.At("state", "waiting") as JsonObject;
        if (state is null && string.IsNullOrEmpty(pod.At("spec", "nodeName").AsText()))
            throw Errors.BadRequest($"pod {name} does not have a host assigned");
        if (waiting is not null && state.At("lastState", "terminated") is null)
            throw Errors.BadRequest($"container \"{container}\" in pod \"{name}\" is waiting to start: {waiting.Text("reason")}");
    }

    private static ApiException Missing(string container, string pod, bool previous) =>
        Errors.BadRequest($"{(previous ? "previous terminated " : "")}container \"{container}\" in pod \"{pod}\" not found");

    private static LogOptions Options(IQueryCollection query)
    {
        long? Whole(string name, long least)
        {
            var text = query[name].ToString();
            if (text.Length == 0) return null;
            if (long.TryParse(text, out var number) && number >= least) return number;
            throw Errors.Invalid("", "PodLogOptions", "", "FieldValueInvalid", $"Invalid value: {text}: must be greater than or equal to {least}", name);
        }

        return new LogOptions(
            QueryOptions.IsTrue(query["follow"]),
            QueryOptions.IsTrue(query["previous"]),
            Whole("tailLines", 0),
            Whole("sinceSeconds", 1),
            QueryOptions.IsTrue(query["timestamps"]),
            Whole("limitBytes", 1));
    }
}
