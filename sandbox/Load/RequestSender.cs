using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Ops.Traces;

namespace Ops.Load;

/// <summary>Sends one request and measures its answer.</summary>
internal sealed class RequestSender(LoadOptions options, Action<int> tokens) : IDisposable
{
    private readonly TimeProvider _time = options.TimeProvider;
    private readonly Uri _address = new(options.Target, "/v1/chat/completions");

    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler
    {
        // Connections are as many as requests under way, which LoadOptions.MaxConcurrent bounds.
        MaxConnectionsPerServer = int.MaxValue,
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        ConnectTimeout = TimeSpan.FromSeconds(10),
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        ActivityHeadersPropagator = null,
    });

    public async Task<RequestResult> SendAsync(TraceRequest request, int index, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(options.RequestTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            return await ExchangeAsync(request, index, either.Token);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return new RequestResult(Outcome.Abandoned);
        }
        catch (OperationCanceledException)
        {
            return RequestResult.Failure($"no end after {options.RequestTimeout.TotalSeconds:0.#} s");
        }
        catch (HttpRequestException e)
        {
            return RequestResult.Failure($"{e.HttpRequestError}: {e.Message}");
        }
        catch (IOException e)
        {
            return RequestResult.Failure($"the stream broke: {e.Message}");
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<RequestResult> ExchangeAsync(TraceRequest request, int index, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, _address) { Content = new ChatContent(options.Model, request, index, options.PromptSalt) };
        if (options.ApiKey is not null)
            message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", options.ApiKey);
        if (options.Task is not null)
            message.Headers.Add("x-ops-task", options.Task);
        var sent = _time.GetTimestamp();
        using var response = await _http.SendAsync(message, cancellationToken);
        if (response.StatusCode != HttpStatusCode.OK)
            return await RefusedAsync(response, cancellationToken);
        var variant = response.Headers.TryGetValues("x-ops-variant", out var values) ? values.First() : null;
        return await MeasureAsync(response, request, sent, cancellationToken) with { Variant = variant };
    }

    private async Task<RequestResult> MeasureAsync(HttpResponseMessage response, TraceRequest request, long sent, CancellationToken cancellationToken)
    {
        var scanner = new EventScanner();
        long first = 0, last = 0;
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = ArrayPool<byte>.Shared.Rent(8 * 1024);
        try
        {
            while (await stream.ReadAsync(buffer, cancellationToken) is var read and > 0)
            {
                var before = scanner.Contents;
                scanner.Feed(buffer.AsSpan(0, read));
                if (scanner.Contents == before)
                    continue;
                last = _time.GetTimestamp();
                if (before == 0)
                    first = last;
                tokens(scanner.Contents - before);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        return Judge(scanner, request, sent, first, last);
    }

    private RequestResult Judge(EventScanner scanner, TraceRequest request, long sent, long first, long last)
    {
        var (prompt, completion) = scanner.Usage ?? (request.ContextTokens, scanner.Contents);
        if (scanner.Error is { } error)
            return RequestResult.Failure($"error in the stream: {error}");
        if (!scanner.Done)
            return RequestResult.Failure($"the stream ended without [DONE]");
        if (completion != request.GeneratedTokens || scanner.Contents == 0)
            return RequestResult.Failure("the answer does not have the number of tokens asked for");
        return new RequestResult(Outcome.Answered)
        {
            PromptTokens = prompt,
            CompletionTokens = completion,
            FirstToken = _time.GetElapsedTime(sent, first).TotalSeconds,
            PerToken = completion > 1 ? _time.GetElapsedTime(first, last).TotalSeconds / (completion - 1) : null,
            EndToEnd = _time.GetElapsedTime(sent).TotalSeconds,
        };
    }

    // A refusal in good order says when to come back; one that does not is a failure of the server.
    private static async Task<RequestResult> RefusedAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var status = (int)response.StatusCode;
        var overload = response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable;
        var inOrder = overload && response.Headers.RetryAfter is not null;
        var missing = overload && !inOrder ? " without Retry-After" : "";
        return new RequestResult(inOrder ? Outcome.Rejected : Outcome.Failed)
        {
            Problem = $"HTTP {status}{missing}: {await ReasonAsync(response, cancellationToken)}",
        };
    }

    private static async Task<string> ReasonAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var bytes = new byte[4096];
        var length = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken);
        try
        {
            using var json = JsonDocument.Parse(bytes.AsMemory(0, length));
            return json.RootElement.GetProperty("error").GetProperty("message").GetString() ?? "";
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            var text = System.Text.Encoding.UTF8.GetString(bytes, 0, Math.Min(length, 120)).ReplaceLineEndings(" ");
            return text.Length > 0 ? text : response.ReasonPhrase ?? "";
        }
    }
}
