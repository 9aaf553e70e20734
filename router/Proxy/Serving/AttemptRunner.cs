using Microsoft.Net.Http.Headers;
using Yarp.ReverseProxy.Forwarder;

namespace Ops.Router;

/// <summary>Has one replica answer a request, and decides what follows when it does not.</summary>
internal sealed partial class AttemptRunner(IHttpForwarder forwarder, UpstreamClient upstream, Accounting accounting, RouterMetrics metrics, TimeProvider time, ILogger<AttemptRunner> logger)
{
    /// <summary>Makes one attempt.</summary>
    /// <returns>Whether to try another replica, else the error that the client gets instead of an answer, or null.</returns>
    internal async Task<(bool Retry, OpenAiError? Error)> RunAsync(Exchange exchange, LiveVariant variant, Replica replica, bool isLast)
    {
        var context = exchange.Context;
        var body = new SplicedContent(exchange.Body.Memory, exchange.Parsed.ModelToken, variant.ModelJson);
        using var attempt = new UpstreamAttempt(context, variant.Config.Pool, replica, exchange, body, time) { Hedge = HedgeOf(exchange, variant) };
        replica.Load.Enter();
        // Without a stream the first byte is the last one, and says nothing about the prompt.
        exchange.Observer.Prompt = new PromptUnderWay(replica.Load, exchange.Parsed.Stream ? exchange.Parsed.EstimatedPromptTokens : 0, exchange.Prefill?.Load);
        variant.Metrics.InFlight.Inc();
        try
        {
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
                attempt.Replica.Health.Succeeded(time.NowMs());
                accounting.Answered(exchange, variant, attempt.Status);
                return (false, null);
            }

            return Failed(exchange, variant, attempt, failure, isLast);
        }
        finally
        {
            variant.Metrics.InFlight.Dec();
            exchange.Observer.Prompt.Began();
            attempt.Replica.Load.Leave();
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
            return await forwarder.SendAsync(exchange.Context, attempt.Replica.Url, upstream.Invoker, attempt.Replica.Protocol.Forwarding(), attempt);
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
        metrics.AttemptFailed(exchange.Route.Label, variant.Config.Pool, failure);
        var now = time.NowMs();
        // A dying replica breaks all its streams at once: the first one is worth a line, the access log has the others.
        if (!attempt.Replica.Load.IsSuspect(now))
            Log.AttemptFailed(logger, exchange.Route.Label, variant.Config.Pool, attempt.Replica.Name, attempt.Replica.Url, failure, attempt.Status);
        if (failure.IsTheReplicas() && attempt.Replica.Health.Failed(now, failure.MakesSuspect(), variant.Replicas.AsSpan()))
            metrics.Ejected(exchange.Route.Config.Namespace, variant.Config.Pool, RouterMetrics.Name(failure));

        var error = failure.ToError(attempt.Replica.Name, attempt.Status, attempt.Limits);
        var retry = !isLast && !response.HasStarted && failure.MayRetry(attempt.Status) && MayRetry(exchange, now);
        if (!retry)
            accounting.Failed(exchange, variant, error);

        if (response.HasStarted)
            return (false, null);
        response.Clear();
        if (retry)
            return (true, null);
        response.Headers[UpstreamAttempt.VariantHeader] = variant.Config.Pool;
        response.Headers[UpstreamAttempt.ReplicaHeader] = attempt.Replica.Name;
        return (false, error);
    }

    private Hedge? HedgeOf(Exchange exchange, LiveVariant variant) =>
        exchange.Route.Config.HedgeAfter is { } after ? new Hedge(exchange, variant, after, metrics, time) : null;

    private bool MayRetry(Exchange exchange, long now)
    {
        if (exchange.Route.Memory.Retries.TrySpend(now, exchange.Route.Config.RetryPercent))
            return true;
        metrics.RetryDenied(exchange.Route.Label);
        return false;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Replica {Variant}/{Replica} at {Url} failed a request of {Route}: {Failure}, status {Status}")]
        public static partial void AttemptFailed(ILogger logger, string route, string variant, string replica, string url, UpstreamFailure failure, int? status);
    }
}
