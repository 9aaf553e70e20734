using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Ops.Router;

/// <summary>An error in the shape that OpenAI's clients understand.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Code">Machine-readable code, for example model_not_found.</param>
/// <param name="Message">What is wrong and how to put it right.</param>
/// <param name="Param">The request's field at fault, if one is.</param>
/// <param name="RetryAfterSeconds">Value of the Retry-After header, if the client should try again.</param>
internal sealed record OpenAiError(int Status, string Code, string Message, string? Param = null, int? RetryAfterSeconds = null)
{
    /// <summary>OpenAI's coarse class of the error.</summary>
    internal string Type => Status switch
    {
        401 => "authentication_error",
        429 => "rate_limit_error",
        >= 500 => "server_error",
        _ => "invalid_request_error",
    };

    /// <summary>Sends the error as the whole response.</summary>
    internal async Task WriteAsync(HttpContext context)
    {
        var body = Json();
        var response = context.Response;
        response.StatusCode = Status;
        response.ContentType = "application/json";
        response.ContentLength = body.Length;
        if (RetryAfterSeconds is { } seconds)
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        if (Status == 401)
            response.Headers.WWWAuthenticate = "Bearer realm=\"ops\"";
        await response.Body.WriteAsync(body, context.RequestAborted);
    }

    /// <summary>{"error":{"message":...,"type":...,"param":...,"code":...}}</summary>
    internal ReadOnlyMemory<byte> Json() => Json(writer =>
    {
        writer.WriteStartObject("error");
        WriteFields(writer, Type);
        writer.WriteEndObject();
    });

    /// <summary>{"message":...,"type":"error","param":...,"code":...}: the data of an error event of the Responses API.</summary>
    internal ReadOnlyMemory<byte> EventJson() => Json(writer => WriteFields(writer, "error"));

    private void WriteFields(Utf8JsonWriter writer, string type)
    {
        writer.WriteString("message", Message);
        writer.WriteString("type", type);
        writer.WriteString("param", Param);
        writer.WriteString("code", Code);
    }

    private static ReadOnlyMemory<byte> Json(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }
}
