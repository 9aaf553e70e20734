using System.Text;
using Microsoft.Net.Http.Headers;
using Ops.Picking;
using Yarp.ReverseProxy.Forwarder;

namespace Ops.Router;

/// <summary>Serves /v1/chat/completions and /v1/completions: read, find the route, choose, forward, try again, account.</summary>
internal sealed partial class CompletionsHandler
{
    private const string TaskHeader = "x-ops-task";

    // How long a replica that failed is avoided: long enough for its endpoint to be withdrawn or for it to come back.
    private const long SuspectMs = 2_000;

    private static readonly ForwarderRequestConfig ForwarderConfig = new()
    {
        // The attempt's own timer knows which limit is which.
        ActivityTimeout = Timeout.InfiniteTimeSpan,
        Version = System.Net.HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        AllowResponseBuffering = false,
    };

    private readonly IHttpForwarder _forwarder;
    private readonly UpstreamClient _upstream;
    private readonly RouterMetrics _metrics;
    private readonly RouterOptions _options;
    private readonly BodyBudget _budget;
    private readonly TimeProvider _time;
    private readonly ILogger<CompletionsHandler> _logger;
    private int _spread;

    public CompletionsHandler(IHttpForwarder forwarder, UpstreamClient upstream, RouterMetrics metrics, RouterOptions options, BodyBudget budget, TimeProvider time, ILogger<CompletionsHandler> logger)
    {
        _forwarder = forwarder;
        _upstream = upstream;
        _metrics = metrics;
        _options = options;
        _budget = budget;
        _time = time;
        _logger = logger;
    }

    /// <summary>Answers one authenticated request.</summary>
    /// <returns>The error that the client got instead of an answer, or null.</returns>
    internal async Task<OpenAiError?> HandleAsync(HttpContext context, LiveTable table, AccessEntry entry, long startedAt)
    {
        if (context.Request.Headers.ContentEncoding.Count > 0)
            return new OpenAiError(415, "unsupported_content_encoding", "Compressed request bodies are not accepted. Send the JSON as it is, without Content-Encoding.");

        var (body, error) = await RequestBody.ReadAsync(context.Request, _options.MaxBodyBytes, _budget, context.RequestAborted);
        if (body is null)
            return error;
        using (body)
        {
            entry.BodyBytes = body.Length;
            error = RequestParser.Parse(body.Span, out var parsed);
            if (error is not null)
                return error;
            var route = Find(table, body, parsed);
            if (route is null)
                return NotFound(ModelName(body, parsed));
            entry.Route = route.Label;
            entry.Stream = parsed.Stream;
            entry.PromptTokens = parsed.EstimatedPromptTokens;
            return await ServeAsync(new Exchange(context, route, body, parsed, entry, startedAt));
        }
    }

    private static LiveRoute? Find(LiveTable table, RequestBody body, in ParsedRequest parsed) => parsed.EscapedModel is { } name
        ? table.Find(name)
        : table.Find(body.Span[parsed.ModelToken][1..^1]);

    private static string ModelName(RequestBody body, in ParsedRequest parsed)
    {
        var name = parsed.EscapedModel ?? Encoding.UTF8.GetString(body.Span[parsed.ModelToken][1..^1]);
        return name.Length <= 100 ? name : string.Concat(name.AsSpan(0, 100), "...");
    }

    private static OpenAiError NotFound(string model) => new(
        404,
        "model_not_found",
        $"The model '{model}' does not exist here. GET /v1/models lists the models; a ModelRoute with spec.model '{model}' adds it.",
        "model");

    private async Task<OpenAiError?> ServeAsync(Exchange exchange)
    {
        var route = exchange.Route;
        if (route.Config.Suspended)
        {
            _metrics.Rejected(route.Label);
            exchange.Entry.Outcome = Outcomes.Rejected;
            return new OpenAiError(503, "route_suspended", $"ModelRoute {route.Label} is suspended. Set its spec.suspend to false to serve it again.", "model", 30);
        }

        var tried = default(TriedReplicas);
        for (var attempt = 1; ; attempt++)
        {
            var choice = Choose(exchange, tried);
            if (choice.Kind != ChoiceKind.Chosen)
            {
                _metrics.Rejected(route.Label);
                exchange.Entry.Outcome = Outcomes.Rejected;
                return Rejection(route, choice);
            }

            var variant = route.Variants[choice.Variant];
            var replica = variant.Replicas[choice.Replica];
            tried.Add(replica.Load);
            exchange.Entry.Attempts = attempt;
            exchange.Entry.Variant = variant.Config.Pool;
            exchange.Entry.Replica = replica.Name;
            var (retry, error) = await AttemptAsync(exchange, variant, replica, isLast: attempt >= route.Config.Attempts);
            if (!retry)
                return error;
        }
    }

    private Choice Choose(Exchange exchange, in TriedReplicas tried)
    {
        var snapshot = exchange.Route.Snapshot;
        var now = _time.GetTimestamp();
        var features = new RequestFeatures
        {
            Task = snapshot.TaskIndex(exchange.Task),
            PromptTokens = exchange.Parsed.EstimatedPromptTokens,
            MaxTokens = exchange.Parsed.MaxTokens,
            Streaming = exchange.Parsed.Stream,
            NowMs = _time.ToMs(now),
            ElapsedSeconds = _time.GetElapsedTime(exchange.StartedAt, now).TotalSeconds,
            Spread = (uint)Interlocked.Increment(ref _spread),
        };
        return Chooser.Choose(snapshot, exchange.Route.Config.Policy, features, tried);
    }

    private static OpenAiError Rejection(LiveRoute route, in Choice choice) => choice.Kind == ChoiceKind.Saturated
        ? new OpenAiError(429, "queue_full", $"Every variant of {route.Label} would start this request only after its hard deadline of {route.Config.Objective.HardDeadline} s. Try again in {choice.RetryAfterSeconds} s, or add replicas.", RetryAfterSeconds: choice.RetryAfterSeconds)
        : new OpenAiError(503, "no_replica_ready", $"No replica of {route.Label} is ready. Try again in {choice.RetryAfterSeconds} s; kubectl get modelpools -n {route.Config.Namespace} shows why.", RetryAfterSeconds: choice.RetryAfterSeconds);

    private async Task<(bool Retry, OpenAiError? Error)> AttemptAsync(Exchange exchange, LiveVariant variant, Replica replica, bool isLast)
    {
        var context = exchange.Context;
        replica.Load.Enter();
        variant.Metrics.InFlight.Inc();
        try
        {
            var body = new SplicedContent(exchange.Body.Memory, exchange.Parsed.ModelToken, variant.ModelJson);
            using var attempt = new UpstreamAttempt(context, variant.Config.Pool, replica, exchange.Route.Config.Timeouts, exchange.Observer, body, _time);
            var error = await ForwardAsync(exchange, attempt, body);
            if (context.RequestAborted.IsCancellationRequested || error is ForwarderError.ResponseBodyClient)
            {
                exchange.Entry.Outcome = Outcomes.Cancelled;
                variant.Metrics.Cancelled.Inc();
                return (false, null);
            }

            var failure = attempt.Conclude(error, context.Features.Get<IForwarderErrorFeature>()?.Exception);
            if (failure == UpstreamFailure.None)
            {
                Answered(exchange, variant, attempt);
                return (false, null);
            }

            return Failed(exchange, variant, attempt, failure, isLast);
        }
        finally
        {
            variant.Metrics.InFlight.Dec();
            replica.Load.Leave();
        }
    }

    private async ValueTask<ForwarderError> ForwardAsync(Exchange exchange, UpstreamAttempt attempt, SplicedContent body)
    {
        // The body is here as a whole, however it came.
        var request = exchange.Context.Request;
        request.Headers.Remove(HeaderNames.TransferEncoding);
        request.ContentLength = body.Length;
        try
        {
            return await _forwarder.SendAsync(exchange.Context, attempt.Replica.Url, _upstream.Invoker, ForwarderConfig, attempt);
        }
        finally
        {
            if (!body.Close())
                exchange.Body.Abandon();
        }
    }

    private (bool Retry, OpenAiError? Error) Failed(Exchange exchange, LiveVariant variant, UpstreamAttempt attempt, UpstreamFailure failure, bool isLast)
    {
        var response = exchange.Context.Response;
        _metrics.AttemptFailed(exchange.Route.Label, variant.Config.Pool, failure);
        // A dying replica breaks all its streams at once: the first one is worth a line, the access log has the others.
        var now = _time.NowMs();
        if (!attempt.Replica.Load.IsSuspect(now))
            Log.AttemptFailed(_logger, exchange.Route.Label, variant.Config.Pool, attempt.Replica.Name, attempt.Replica.Url, failure, attempt.Status);
        if (failure.MakesSuspect())
            attempt.Replica.Load.Suspect(now + SuspectMs);

        var error = failure.ToError(attempt.Replica.Name, attempt.Status, attempt.Limits);
        var retry = !isLast && !response.HasStarted && failure.MayRetry(attempt.Status);
        if (!retry)
        {
            variant.Metrics.Failed.Inc();
            exchange.Entry.Outcome = Outcomes.Failed;
            exchange.Entry.Code = error.Code;
        }

        if (response.HasStarted)
            return (false, null);
        response.Clear();
        if (retry)
            return (true, null);
        response.Headers[UpstreamAttempt.VariantHeader] = variant.Config.Pool;
        response.Headers[UpstreamAttempt.ReplicaHeader] = attempt.Replica.Name;
        return (false, error);
    }

    private void Answered(Exchange exchange, LiveVariant variant, UpstreamAttempt attempt)
    {
        var entry = exchange.Entry;
        var observer = exchange.Observer;
        // The request itself was at fault: that is no answer, and no failure of the route either.
        if (attempt.Status is >= 400)
        {
            _metrics.Refused("upstream_refused");
            return;
        }

        entry.Outcome = Outcomes.Answered;
        entry.PromptTokens = observer.ReportedPromptTokens ?? entry.PromptTokens;
        entry.CompletionTokens = observer.CompletionTokens ?? 0;
        var metrics = variant.Metrics;
        metrics.Answered.Inc();
        metrics.PromptTokens.Inc(entry.PromptTokens);
        metrics.CompletionTokens.Inc(entry.CompletionTokens);
        metrics.Quality.Inc(variant.Config.Quality[exchange.Route.Snapshot.TaskIndex(exchange.Task)]);
        if (_time.GetElapsedTime(exchange.StartedAt).TotalSeconds <= exchange.Route.Config.Objective.HardDeadline)
            metrics.DeadlineMet.Inc();
        if (!observer.IsEventStream || observer.FirstByteAt == 0)
            return;
        metrics.FirstToken.Observe(_time.GetElapsedTime(exchange.StartedAt, observer.FirstByteAt).TotalSeconds);
        if (entry.CompletionTokens > 1)
            metrics.PerToken.Observe(_time.GetElapsedTime(observer.FirstByteAt, observer.LastByteAt).TotalSeconds / (entry.CompletionTokens - 1));
    }

    /// <summary>One request on its way.</summary>
    private sealed class Exchange(HttpContext context, LiveRoute route, RequestBody body, ParsedRequest parsed, AccessEntry entry, long startedAt)
    {
        internal HttpContext Context => context;

        internal LiveRoute Route => route;

        internal RequestBody Body => body;

        internal ParsedRequest Parsed => parsed;

        internal AccessEntry Entry => entry;

        internal long StartedAt => startedAt;

        internal string? Task { get; } = context.Request.Headers[TaskHeader];

        internal ResponseObserver Observer { get; } = new(context.RequestServices.GetRequiredService<TimeProvider>());
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Replica {Variant}/{Replica} at {Url} failed a request of {Route}: {Failure}, status {Status}")]
        public static partial void AttemptFailed(ILogger logger, string route, string variant, string replica, string url, UpstreamFailure failure, int? status);
    }
}
