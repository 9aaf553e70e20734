using System.Diagnostics;

namespace Ops.Router;

/// <summary>
/// Spans by OpenTelemetry's conventions, when an endpoint for them is configured: one of kind server for the HTTP request,
/// and below it one of kind client by the conventions for generative AI, which covers all attempts. Engines get the
/// latter as their parent. Never any text of prompt, answer or key.
/// </summary>
internal static class Tracing
{
    /// <summary>Name of the source.</summary>
    internal const string Name = "Ops.Router";

    private static readonly ActivitySource Source = new(Name);

    /// <summary>Begins the server's span; null while nobody listens.</summary>
    internal static Activity? StartRequest(HttpRequest request, string path)
    {
        if (!Source.HasListeners())
            return null;
        var parent = ActivityContext.TryParse(request.Headers.TraceParent, request.Headers.TraceState, isRemote: true, out var clients) ? clients : default;
        var span = Source.StartActivity($"{request.Method} {path}", ActivityKind.Server, parent);
        span?.SetTag("http.request.method", request.Method).SetTag("http.route", path).SetTag("url.path", path);
        return span;
    }

    /// <summary>Ends it with what the access log says of the request.</summary>
    internal static void EndRequest(Activity? span, AccessEntry entry)
    {
        if (span is null)
            return;
        span.SetTag("http.response.status_code", entry.Status);
        if (entry.Code is { } code)
            span.SetTag("error.type", code);
        if (entry.Status >= 500)
            span.SetStatus(ActivityStatusCode.Error);
        span.Dispose();
    }

    /// <summary>Begins the span of what a model computes; null while nobody listens.</summary>
    internal static Activity? StartInference(Operation operation, string model, in ParsedRequest parsed)
    {
        if (!Source.HasListeners())
            return null;
        var name = Verb(operation);
        var span = Source.StartActivity($"{name} {model}", ActivityKind.Client);
        span?.SetTag("gen_ai.operation.name", name).SetTag("gen_ai.provider.name", "ops").SetTag("gen_ai.request.model", model);
        if (operation != Operation.Embeddings && parsed.MaxTokens is { } limit)
            span?.SetTag("gen_ai.request.max_tokens", limit);
        return span;
    }

    /// <summary>Ends it with what became of the request.</summary>
    internal static void EndInference(Activity? span, Exchange exchange)
    {
        if (span is null)
            return;
        var entry = exchange.Entry;
        span.SetTag("ops.route", entry.Route).SetTag("ops.variant", entry.Variant).SetTag("ops.replica", entry.Replica).SetTag("ops.attempts", entry.Attempts);
        if (entry.Outcome == Outcomes.Answered)
            span.SetTag("gen_ai.usage.input_tokens", entry.PromptTokens).SetTag("gen_ai.usage.output_tokens", entry.CompletionTokens);
        else
            span.SetTag("error.type", entry.Code ?? entry.Outcome).SetStatus(ActivityStatusCode.Error);
        span.Dispose();
    }

    private static string Verb(Operation operation) => operation switch
    {
        Operation.Embeddings => "embeddings",
        Operation.Completions => "text_completion",
        _ => "chat",
    };
}
