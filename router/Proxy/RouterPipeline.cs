namespace Ops.Router;

/// <summary>Every path that the router answers, authentication, and the last line against exceptions.</summary>
internal sealed partial class RouterPipeline
{
    private readonly ModelFleet _fleet;
    private readonly Authenticator _authenticator;
    // By operation; made once instead of once a request.
    private readonly Func<HttpContext, LiveTable, AccessEntry, long, Task<OpenAiError?>>[] _operations;
    private readonly IRoutingTableSource _source;
    private readonly DrainService _drain;
    private readonly RouterMetrics _metrics;
    private readonly AccessLog _log;
    private readonly int? _decisionsPort;
    private readonly TimeProvider _time;
    private readonly ILogger<RouterPipeline> _logger;

    public RouterPipeline(ModelFleet fleet, Authenticator authenticator, InferenceHandler inference, IRoutingTableSource source, DrainService drain, RouterMetrics metrics, AccessLog log, RouterOptions options, TimeProvider time, ILogger<RouterPipeline> logger)
    {
        _fleet = fleet;
        _authenticator = authenticator;
        _operations = [.. Enum.GetValues<Operation>().Select(operation => new Func<HttpContext, LiveTable, AccessEntry, long, Task<OpenAiError?>>(
            (context, table, entry, startedAt) => inference.HandleAsync(context, operation, table, entry, startedAt)))];
        _source = source;
        _drain = drain;
        _metrics = metrics;
        _log = log;
        _decisionsPort = options.DecisionsPort;
        _time = time;
        _logger = logger;
    }

    /// <summary>Answers any request.</summary>
    internal Task HandleAsync(HttpContext context) => context.Request.Path.Value switch
    {
        Paths.Models => ApiAsync(context, HttpMethods.Get, (c, table, entry, _) => ModelsHandler.ListAsync(c, table, entry.Caller!)),
        Paths.Health => TextAsync(context, 200, "ok\n"),
        Paths.Ready => ReadyAsync(context),
        Paths.Metrics => MetricsAsync(context),
        Paths.Decisions when context.Connection.LocalPort == _decisionsPort => DecisionPage.WriteAsync(context, _fleet.Current),
        Paths.Outcomes when context.Connection.LocalPort == _decisionsPort => OutcomePage.WriteAsync(context, _fleet.Current, _time),
        { } path when path.StartsWith(Paths.Models + "/", StringComparison.Ordinal) =>
            ApiAsync(context, HttpMethods.Get, (c, table, entry, _) => ModelsHandler.GetAsync(c, table, entry.Caller!, path[(Paths.Models.Length + 1)..])),
        var path => Operations.Of(path) is { } operation
            ? ApiAsync(context, HttpMethods.Post, _operations[(int)operation])
            : UnknownAsync(context),
    };

    private async Task ApiAsync(HttpContext context, string method, Func<HttpContext, LiveTable, AccessEntry, long, Task<OpenAiError?>> handler)
    {
        var startedAt = _time.GetTimestamp();
        var entry = new AccessEntry { At = _time.GetUtcNow(), Path = context.Request.Path.Value!.StartsWith(Paths.Models, StringComparison.Ordinal) ? Paths.Models : context.Request.Path.Value };
        var span = Tracing.StartRequest(context.Request, entry.Path);
        try
        {
            if (await RunAsync(context, method, handler, entry, startedAt) is { } error)
                await RefuseAsync(context, entry, error);
        }
        catch (Exception e) when (context.RequestAborted.IsCancellationRequested && e is OperationCanceledException or IOException)
        {
            entry.Outcome = Outcomes.Cancelled;
        }
        finally
        {
            Finish(context, entry, startedAt);
            Tracing.EndRequest(span, entry);
        }
    }

    private async Task<OpenAiError?> RunAsync(HttpContext context, string method, Func<HttpContext, LiveTable, AccessEntry, long, Task<OpenAiError?>> handler, AccessEntry entry, long startedAt)
    {
        var table = _fleet.Current;
        try
        {
            (entry.Caller, var error) = await _authenticator.AuthenticateAsync(context, table.Keys);
            if (error is not null)
                return error;
            if (context.Request.Method == method)
                return await handler(context, table, entry, startedAt);
            context.Response.Headers.Allow = method;
            return new OpenAiError(405, "method_not_allowed", $"{context.Request.Path} takes {method}, not {context.Request.Method}.");
        }
        catch (BadHttpRequestException e)
        {
            // The server's own refusals while a body is read: too slow, badly chunked.
            return new OpenAiError(e.StatusCode, "bad_request", $"{e.Message} Check how the request is sent.");
        }
        catch (IOException e) when (!context.RequestAborted.IsCancellationRequested && !context.Response.HasStarted)
        {
            // So the server says that a chunk's size is no number that it can hold.
            return new OpenAiError(StatusCodes.Status400BadRequest, "bad_request", $"The request's body cannot be read: {e.Message} Check how the request is sent.");
        }
        catch (Exception e) when (!context.RequestAborted.IsCancellationRequested)
        {
            Log.Unexpected(_logger, context.Request.Path, e);
            entry.Outcome = Outcomes.Failed;
            return new OpenAiError(500, "internal_error", "The router failed. Its log has the reason.");
        }
    }

    private async Task RefuseAsync(HttpContext context, AccessEntry entry, OpenAiError error)
    {
        entry.Code = error.Code;
        if (entry.Outcome == Outcomes.Refused)
            _metrics.Refused(error.Code);
        if (context.Response.HasStarted)
        {
            // A half-sent answer cannot be taken back; the client has to see that it is not whole.
            context.Abort();
            return;
        }

        if (error.Status == 413)
            context.Response.Headers.Connection = "close";
        await error.WriteAsync(context);
    }

    private void Finish(HttpContext context, AccessEntry entry, long startedAt)
    {
        // 499 is what nginx logs when the client left first.
        entry.Status = entry.Outcome == Outcomes.Cancelled ? 499 : context.Response.StatusCode;
        if (entry is { Path: Paths.Models, Status: 200 })
            entry.Outcome = Outcomes.Answered;
        entry.Milliseconds = _time.GetElapsedTime(startedAt).TotalMilliseconds;
        _log.Add(entry);
    }

    private Task ReadyAsync(HttpContext context)
    {
        var reason = _drain.IsDraining ? "Stopping: no new requests" : _source.NotReadyReason;
        return reason is null ? TextAsync(context, 200, "ok\n") : TextAsync(context, 503, reason + "\n");
    }

    private async Task MetricsAsync(HttpContext context)
    {
        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        await _metrics.Registry.CollectAndExportAsTextAsync(context.Response.Body, context.RequestAborted);
    }

    private static Task UnknownAsync(HttpContext context) => new OpenAiError(
        404, "unknown_url", $"There is no {context.Request.Path.Value?[..Math.Min(100, context.Request.Path.Value.Length)]} here. POST {Paths.Chat}, {Paths.Completions}, {Paths.Embeddings} or {Paths.Responses}, GET {Paths.Models}.").WriteAsync(context);

    private static Task TextAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain";
        return context.Response.WriteAsync(text, context.RequestAborted);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Request to {Path} failed unexpectedly")]
        public static partial void Unexpected(ILogger logger, PathString path, Exception exception);
    }
}
