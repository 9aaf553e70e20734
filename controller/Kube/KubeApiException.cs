using System.Net;
using System.Text.Json;
using k8s;
using k8s.Models;

namespace Ops.Kube;

/// <summary>The API server answered a request with an error.</summary>
public sealed class KubeApiException : Exception
{
    // A Status is a few hundred bytes; a proxy's error page need not be read whole.
    private const int MaxBodyBytes = 64 * 1024;

    /// <summary>Creates the exception.</summary>
    public KubeApiException()
    {
    }

    /// <summary>Creates the exception with a message.</summary>
    public KubeApiException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with a message and a cause.</summary>
    public KubeApiException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>The HTTP status, or the code of a Status object that came inside a watch.</summary>
    public HttpStatusCode StatusCode { get; init; }

    /// <summary>The machine-readable reason, for example NotFound; empty if the answer was no Status.</summary>
    public string Reason { get; init; } = "";

    /// <summary>The Status object, if the answer was one.</summary>
    public V1Status? Status { get; init; }

    /// <summary>How long the server asks to wait, if it does.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The resourceVersion or continue token is too old.</summary>
    public bool IsExpired => StatusCode == HttpStatusCode.Gone || Reason is "Expired" or "Gone";

    /// <summary>Reads an error answer; the response is disposed.</summary>
    internal static async Task<KubeApiException> FromAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        using (response)
        {
            var body = await ReadStartAsync(response, cancellationToken);
            var status = ParseStatus(body);
            var request = response.RequestMessage;
            return new KubeApiException($"{request?.Method} {request?.RequestUri?.AbsolutePath}: {status?.Message ?? Shorten(body)} ({(int)response.StatusCode} {status?.Reason ?? response.ReasonPhrase})")
            {
                StatusCode = response.StatusCode,
                Reason = status?.Reason ?? "",
                Status = status,
                RetryAfter = response.Headers.RetryAfter?.Delta ?? Seconds(status?.Details?.RetryAfterSeconds),
            };
        }
    }

    /// <summary>An ERROR event of a watch carries a Status in place of an object.</summary>
    internal static KubeApiException FromStatus(V1Status status, string what) =>
        new($"{what}: {status.Message} ({status.Code} {status.Reason})")
        {
            StatusCode = (HttpStatusCode)(status.Code ?? 500),
            Reason = status.Reason ?? "",
            Status = status,
            RetryAfter = Seconds(status.Details?.RetryAfterSeconds),
        };

    private static TimeSpan? Seconds(int? seconds) => seconds is > 0 ? TimeSpan.FromSeconds(seconds.Value) : null;

    private static async Task<string> ReadStartAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
            var buffer = new byte[MaxBodyBytes];
            var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
            return System.Text.Encoding.UTF8.GetString(buffer, 0, length);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            // The status code is the news; a body that breaks off adds nothing.
            return "";
        }
    }

    private static V1Status? ParseStatus(string body)
    {
        if (!body.StartsWith('{'))
            return null;
        try
        {
            var status = KubernetesJson.Deserialize<V1Status>(body);
            return status.Kind is null or "Status" ? status : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Shorten(string body) => body.Length <= 300 ? body.Trim() : body[..300].Trim() + " ...";
}
