using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using Microsoft.Net.Http.Headers;
using Yarp.ReverseProxy.Forwarder;

namespace Ops.Router;

/// <summary>
/// One attempt to have a request answered by one replica: what is sent instead of the client's headers, what becomes
/// of the response's, and how the attempt ended.
/// </summary>
internal sealed class UpstreamAttempt : HttpTransformer, IDisposable
{
    internal const string VariantHeader = "x-ops-variant";
    internal const string ReplicaHeader = "x-ops-replica";
    internal const string JoulesHeader = "x-ops-expected-joules";

    internal static readonly HttpRequestOptionsKey<UpstreamAttempt> OptionsKey = new("ops.attempt");

    // Read by llm-d's routing sidecar: host:port of the replica that is to read the prompt.
    private const string PrefillerHeader = "x-prefiller-host-port";

    private readonly HttpContext _context;
    private readonly string _pool;
    private readonly SplicedContent _body;
    private readonly Activity? _span;
    private readonly string? _prefiller;
    private readonly double _joules;

    internal UpstreamAttempt(HttpContext context, string pool, Replica replica, Exchange exchange, SplicedContent body, TimeProvider time)
    {
        _context = context;
        _pool = pool;
        _body = body;
        _span = exchange.Span;
        _prefiller = exchange.Prefill?.HostAndPort;
        _joules = exchange.Route.Config.EnergyHeader ? exchange.ExpectedJoules : 0;
        Replica = replica;
        Limits = exchange.Route.Config.Timeouts;
        Observer = exchange.Observer;
        Timer = new UpstreamTimer(time, Limits, exchange.StartedAt, context.RequestAborted);
        body.Sent = Timer.RequestSent;
        Observer.Start(isEventStream: false);
    }

    /// <summary>Who is asked; the winner once a hedged request is decided.</summary>
    internal Replica Replica { get; set; }

    /// <summary>Sends the request to a second replica when the first is slow; null for not.</summary>
    internal Hedge? Hedge { get; init; }

    internal UpstreamTimeouts Limits { get; }

    internal UpstreamTimer Timer { get; }

    internal ResponseObserver Observer { get; }

    /// <summary>Status of the replica's answer; null when there was none.</summary>
    internal int? Status { get; private set; }

    /// <summary>How the attempt failed, as far as known.</summary>
    internal UpstreamFailure Failure { get; private set; }

    public void Dispose() => Timer.Dispose();

    public override async ValueTask TransformRequestAsync(HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        // The body is here already; waiting for the replica's 100 would cost a round trip.
        httpContext.Request.Headers.Expect = default;
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
        var headers = proxyRequest.Headers;
        // With TLS it is also the name that the replica's certificate must have.
        headers.Host = Replica.TlsName;
        // The client's key is meant for the router alone. Taken out of the copy: the server keeps the client's own header
        // for the connection's next request, see CheckedKey.
        headers.Remove(HeaderNames.Authorization);
        // Usage is read on the way past, which compressed bytes would hide.
        headers.Remove(HeaderNames.AcceptEncoding);
        // A client's own would have the sidecar call an address of the client's choice.
        headers.Remove(PrefillerHeader);
        if (_prefiller is not null)
            headers.TryAddWithoutValidation(PrefillerHeader, _prefiller);
        // Where nothing is traced, what the client sent passes on.
        if (_span is not null)
            SetTraceParent(headers, _span);
        proxyRequest.Options.Set(OptionsKey, this);
        if (!httpContext.Request.QueryString.HasValue)
            proxyRequest.RequestUri = Replica.UriOf(httpContext.Request.Path.Value!);
    }

    public override async ValueTask<bool> TransformResponseAsync(HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        if (proxyResponse is null)
            return false;
        Status = (int)proxyResponse.StatusCode;
        if (Status >= 500 || Status == 429)
        {
            Failure = Status is 429 or 503 ? UpstreamFailure.Busy : UpstreamFailure.ServerError;
            return false;
        }

        await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
        httpContext.Response.Headers[VariantHeader] = _pool;
        httpContext.Response.Headers[ReplicaHeader] = Replica.Name;
        if (_joules > 0)
            httpContext.Response.Headers[JoulesHeader] = _joules.ToString("0.###", CultureInfo.InvariantCulture);
        else
            // An engine's own word on it is not the router's.
            httpContext.Response.Headers.Remove(JoulesHeader);
        Observer.Start(Status == 200 && IsEventStream(proxyResponse.Content.Headers));
        proxyResponse.Content = new ObservedContent(proxyResponse.Content, this);
        return true;
    }

    /// <summary>The attempt's body with the headers that the forwarder made for its own.</summary>
    internal SplicedContent TakeOver(HttpContent? forwarders)
    {
        foreach (var (name, values) in forwarders?.Headers.NonValidated ?? default)
        {
            // The length is the new body's.
            if (!name.Equals(HeaderNames.ContentLength, StringComparison.OrdinalIgnoreCase))
                _body.Headers.TryAddWithoutValidation(name, values);
        }

        return _body;
    }

    /// <summary>
    /// Decides how a response body that ended, by an exception or by its end, is presented to the client.
    /// </summary>
    /// <returns>A last event to send, or nothing: then the end is a good one, or the exception has to do its work.</returns>
    /// <exception cref="IOException">An event stream ended before its first event; another replica may do better.</exception>
    internal ReadOnlyMemory<byte> FarewellAfter(Exception? exception)
    {
        if (_context.RequestAborted.IsCancellationRequested)
            return default;
        if (exception is null && (!Observer.IsEventStream || Observer is { Done: true, AtEventBoundary: true }))
            return default;

        Failure = Timer.Expired switch
        {
            TimeLimit.Idle => UpstreamFailure.IdleTimeout,
            TimeLimit.Total => UpstreamFailure.TotalTimeout,
            TimeLimit.FirstByte => UpstreamFailure.FirstByteTimeout,
            _ => Observer.Bytes == 0 ? UpstreamFailure.Reset : UpstreamFailure.Died,
        };
        if (Observer.Bytes == 0 && exception is null)
            throw new IOException("The event stream ended before its first event.");
        return Observer.IsEventStream && Observer.Bytes > 0 ? Observer.Farewell(Failure.ToError(Replica.Name, Status, Limits)) : default;
    }

    /// <summary>Names the failure after the forwarder gave up.</summary>
    internal UpstreamFailure Conclude(ForwarderError error, Exception? exception)
    {
        if (Failure == UpstreamFailure.None && error != ForwarderError.None)
            Failure = Classify(exception);
        return Failure;
    }

    private UpstreamFailure Classify(Exception? exception)
    {
        if (Timer.Expired == TimeLimit.Total)
            return UpstreamFailure.TotalTimeout;
        if (Timer.Expired != TimeLimit.None)
            return Observer.Bytes == 0 ? UpstreamFailure.FirstByteTimeout : UpstreamFailure.IdleTimeout;
        for (var e = exception; e is not null; e = e.InnerException)
        {
            if (e is ConnectTimeoutException)
                return UpstreamFailure.ConnectTimeout;
            if (e is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError })
                return UpstreamFailure.Tls;
            if (e is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError } request && request.InnerException is not ConnectTimeoutException)
                return UpstreamFailure.Connect;
        }

        return Observer.Bytes == 0 ? UpstreamFailure.Reset : UpstreamFailure.Died;
    }

    private static void SetTraceParent(HttpRequestHeaders headers, Activity span)
    {
        headers.Remove(HeaderNames.TraceParent);
        headers.Remove(HeaderNames.TraceState);
        headers.TryAddWithoutValidation(HeaderNames.TraceParent, span.Id);
        if (span.TraceStateString is { Length: > 0 } state)
            headers.TryAddWithoutValidation(HeaderNames.TraceState, state);
    }

    internal static bool IsEventStream(HttpContentHeaders headers) =>
        headers.NonValidated.TryGetValues(HeaderNames.ContentType, out var type)
        && type.ToString().StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase);
}
