using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Ops.Sandbox.Api.Resources;
using Ops.Sandbox.Objects;

namespace Ops.Sandbox.Api.Http;

/// <summary>Bodies: JSON, YAML and, for the kinds that kubectl's generators send, protobuf.</summary>
internal static class RequestBody
{
    /// <summary>etcd's request limit times two, as in kube-apiserver.</summary>
    public const int MaxBytes = 3 * 1024 * 1024;

    public static async Task<byte[]> ReadAsync(HttpContext context)
    {
        if (context.Request.ContentLength > MaxBytes) throw Errors.TooLarge();
        using var buffer = new MemoryStream();
        var chunk = new byte[16 * 1024];
        int read;
        while ((read = await context.Request.Body.ReadAsync(chunk, context.RequestAborted)) > 0)
        {
            if (buffer.Length + read > MaxBytes) throw Errors.TooLarge();
            buffer.Write(chunk, 0, read);
        }

        return buffer.ToArray();
    }

    /// <summary>The object of a POST or PUT.</summary>
    public static async Task<JsonObject> ReadObjectAsync(HttpContext context, string kind, IList<string> problems)
    {
        var bytes = await ReadAsync(context);
        var type = ContentType(context.Request);
        return Decode(bytes, type, kind, problems) as JsonObject
            ?? throw Errors.BadRequest($"the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; json parse error");
    }

    /// <summary>JSON or YAML by content type; a missing type counts as JSON.</summary>
    public static JsonNode? Decode(byte[] bytes, string type, string kind, IList<string> problems)
    {
        try
        {
            switch (type)
            {
                case "" or "application/json":
                    return JsonBody.Parse(bytes, problems);
                case "application/yaml" or "application/apply-patch+yaml":
                    return LooksLikeJson(bytes) ? JsonBody.Parse(bytes, problems) : Yaml.Parse(Encoding.UTF8.GetString(bytes));
                case "application/vnd.kubernetes.protobuf":
                    return ProtobufDecoder.TryDecode(bytes) ?? throw Errors.UnsupportedMediaType("application/json", "application/yaml");
                default:
                    throw Errors.UnsupportedMediaType("application/json", "application/yaml", "application/vnd.kubernetes.protobuf");
            }
        }
        catch (Exception e) when (e is JsonException or InvalidCastException)
        {
            throw Errors.BadRequest($"the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; json parse error: {e.Message}");
        }
    }

    public static string ContentType(HttpRequest request)
    {
        var type = request.ContentType ?? "";
        var end = type.IndexOf(';');
        return (end < 0 ? type : type[..end]).Trim().ToLowerInvariant();
    }

    private static bool LooksLikeJson(ReadOnlySpan<byte> bytes)
    {
        var trimmed = bytes.TrimStart(" \t\r\n"u8);
        return !trimmed.IsEmpty && trimmed[0] == (byte)'{';
    }
}
