using System.Text.Json;
using System.Text.Json.Nodes;
using k8s.Models;
using Microsoft.AspNetCore.Http;

namespace Ops.Sandbox.Api.Http;

/// <summary>Writes answers: objects as JSON or YAML, refusals as Status, plain text.</summary>
internal static class Responses
{
    public static Task WriteAsync(HttpContext context, JsonNode body, int code = StatusCodes.Status200OK, bool yaml = false)
    {
        context.Response.StatusCode = code;
        if (yaml)
        {
            context.Response.ContentType = "application/yaml";
            return context.Response.WriteAsync(Yaml.Write(body), context.RequestAborted);
        }

        context.Response.ContentType = "application/json";
        var bytes = JsonSerializer.SerializeToUtf8Bytes(body, WantsPretty(context.Request) ? JsonText.Pretty : JsonText.Compact);
        return SendAsync(context, bytes);
    }

    /// <summary>Stored bytes as they are, unless the reader is a person.</summary>
    public static Task WriteAsync(HttpContext context, byte[] json)
    {
        if (WantsPretty(context.Request)) return WriteAsync(context, JsonNode.Parse(json)!);
        context.Response.ContentType = "application/json";
        return SendAsync(context, json);
    }

    public static Task WriteStatusAsync(HttpContext context, V1Status status)
    {
        context.Response.StatusCode = status.Code ?? StatusCodes.Status500InternalServerError;
        if (status.Details?.RetryAfterSeconds is { } seconds) context.Response.Headers.RetryAfter = seconds.ToString();
        return WriteAsync(context, StatusJson(status), context.Response.StatusCode);
    }

    /// <summary>The Status as kube-apiserver writes it; the client library cannot write its own model of it.</summary>
    public static JsonObject StatusJson(V1Status status)
    {
        var metadata = new JsonObject();
        if (status.Metadata?.ContinueProperty is { } token) metadata["continue"] = token;
        var json = new JsonObject
        {
            ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = metadata, ["status"] = status.Status, ["message"] = status.Message,
        };
        if (!string.IsNullOrEmpty(status.Reason)) json["reason"] = status.Reason;
        if (status.Details is not null) json["details"] = DetailsJson(status.Details);
        json["code"] = status.Code;
        return json;
    }

    private static JsonObject DetailsJson(V1StatusDetails details)
    {
        var json = new JsonObject();
        if (!string.IsNullOrEmpty(details.Name)) json["name"] = details.Name;
        if (!string.IsNullOrEmpty(details.Group)) json["group"] = details.Group;
        if (!string.IsNullOrEmpty(details.Kind)) json["kind"] = details.Kind;
        if (!string.IsNullOrEmpty(details.Uid)) json["uid"] = details.Uid;
        if (details.Causes is { Count: > 0 } causes)
        {
            json["causes"] = new JsonArray([.. causes.Select(c => (JsonNode)new JsonObject { ["reason"] = c.Reason, ["message"] = c.Message, ["field"] = c.Field })]);
        }

        if (details.RetryAfterSeconds is { } seconds) json["retryAfterSeconds"] = seconds;
        return json;
    }

    public static Task WriteTextAsync(HttpContext context, string text, int code = StatusCodes.Status200OK, string type = "text/plain; charset=utf-8")
    {
        context.Response.StatusCode = code;
        context.Response.ContentType = type;
        return context.Response.WriteAsync(text, context.RequestAborted);
    }

    public static bool WantsPretty(HttpRequest request)
    {
        if (request.Query.TryGetValue("pretty", out var asked)) return asked.ToString() is not ("false" or "0");
        var agent = request.Headers.UserAgent.ToString();
        return agent.StartsWith("curl/", StringComparison.Ordinal) || agent.StartsWith("Wget/", StringComparison.Ordinal) || agent.StartsWith("Mozilla/", StringComparison.Ordinal);
    }

    private static Task SendAsync(HttpContext context, byte[] bytes)
    {
        context.Response.ContentLength = bytes.Length;
        return context.Response.Body.WriteAsync(bytes, 0, bytes.Length, context.RequestAborted);
    }
}
