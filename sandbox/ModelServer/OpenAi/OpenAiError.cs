using System.Text.Json;

namespace Ops.Sandbox.ModelServer.OpenAi;

/// <summary>A refusal in OpenAI's shape: <c>{"error":{"message","type","param","code"}}</c>.</summary>
internal sealed record OpenAiError(int Status, string Type, string Message, string? Parameter = null, string? Code = null)
{
    // Quotes in a message are for people; the answer is never embedded in HTML.
    private static readonly JsonWriterOptions Readable = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Seconds after which to try again; sent as Retry-After.</summary>
    public int? RetryAfterSeconds { get; init; }

    public static OpenAiError Invalid(string message, string? parameter = null) =>
        new(StatusCodes.Status400BadRequest, "invalid_request_error", message, parameter);

    public static OpenAiError NotFound(string message, string code) =>
        new(StatusCodes.Status404NotFound, "invalid_request_error", message, "model", code);

    public static OpenAiError Unavailable(string message, string code) =>
        new(StatusCodes.Status503ServiceUnavailable, "service_unavailable_error", message, Code: code) { RetryAfterSeconds = 1 };

    public async Task WriteAsync(HttpResponse response)
    {
        response.StatusCode = Status;
        response.ContentType = "application/json";
        if (RetryAfterSeconds is { } seconds)
            response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        await using (var json = new Utf8JsonWriter(response.BodyWriter, Readable))
        {
            json.WriteStartObject();
            json.WriteStartObject("error");
            json.WriteString("message", Message);
            json.WriteString("type", Type);
            json.WriteString("param", Parameter);
            json.WriteString("code", Code);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        await response.BodyWriter.FlushAsync();
    }
}

/// <summary>Carries a refusal out of a parser.</summary>
internal sealed class OpenAiException(OpenAiError error) : Exception(error.Message)
{
    public OpenAiError Error { get; } = error;
}
