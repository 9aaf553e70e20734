namespace Ops.Router;

/// <summary>Asks replicas about themselves: metrics and health. Apart from the connections that carry requests.</summary>
internal sealed class ReplicaReader(UpstreamTrust trust) : IDisposable
{
    /// <summary>Longest time for one question. A healthy engine answers within milliseconds.</summary>
    internal static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1);

    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        ActivityHeadersPropagator = null,
        ConnectTimeout = Timeout,
        SslOptions = new() { RemoteCertificateValidationCallback = trust.Accepts },
    });

    /// <summary>Gets one of the replica's pages.</summary>
    internal async Task<HttpResponseMessage> GetAsync(Replica replica, Uri page, CancellationToken cancellationToken)
    {
        var protocol = replica.Protocol.Forwarding();
        using var request = new HttpRequestMessage(HttpMethod.Get, page) { Version = protocol.Version!, VersionPolicy = protocol.VersionPolicy!.Value };
        request.Headers.Host = replica.TlsName;
        return await _http.SendAsync(request, cancellationToken);
    }

    public void Dispose() => _http.Dispose();
}
