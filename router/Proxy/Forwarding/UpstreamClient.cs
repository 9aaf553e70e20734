using System.Net;
using System.Net.Sockets;

namespace Ops.Router;

/// <summary>The connections to all replicas.</summary>
internal sealed class UpstreamClient : IDisposable
{
    // uvicorn, which serves vLLM, closes connections that were idle for 5 s. Leaving first avoids sending a request
    // into a connection that is just being closed.
    private static readonly TimeSpan IdleLifetime = TimeSpan.FromSeconds(4);

    private readonly TimeProvider _time;

    public UpstreamClient(UpstreamTrust trust, TimeProvider time)
    {
        _time = time;
        Invoker = new HttpMessageInvoker(new AttemptTokenHandler(new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            PooledConnectionIdleTimeout = IdleLifetime,
            // Response headers of an engine have a few hundred bytes.
            MaxResponseHeadersLength = 64,
            ConnectCallback = ConnectAsync,
            // An engine allows some 100 streams a connection; a busy replica needs more than one.
            EnableMultipleHttp2Connections = true,
            SslOptions = new() { RemoteCertificateValidationCallback = trust.Accepts },
        }));
    }

    internal HttpMessageInvoker Invoker { get; }

    public void Dispose() => Invoker.Dispose();

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var limit = context.InitialRequestMessage.Options.TryGetValue(UpstreamAttempt.OptionsKey, out var attempt)
            ? attempt.Limits.Connect
            : UpstreamTimeouts.Default.Connect;
        using var timeout = new CancellationTokenSource(limit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, either.Token);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            socket.Dispose();
            throw new ConnectTimeoutException();
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Sends under the attempt's own token, so that its time limits never cancel the forwarder's writes to the client,
    /// and with the attempt's own body, which is here already: the forwarder's would read it through one more buffer.
    /// </summary>
    private sealed class AttemptTokenHandler(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (!request.Options.TryGetValue(UpstreamAttempt.OptionsKey, out var attempt))
                return base.SendAsync(request, cancellationToken);
            request.Content = attempt.TakeOver(request.Content);
            return attempt.Hedge is { } hedge ? hedge.SendAsync(attempt, request, base.SendAsync) : base.SendAsync(request, attempt.Timer.Token);
        }
    }
}

/// <summary>A replica did not accept the connection within the route's limit.</summary>
internal sealed class ConnectTimeoutException() : IOException("The connection was not made in time.");
