namespace Ops.Router;

/// <summary>Asks replicas about themselves: metrics and health. Apart from the connections that carry requests.</summary>
internal sealed class ReplicaReader(UpstreamTrust trust) : IDisposable
{
    /// <summary>Longest time for one question about itself. A healthy engine answers within milliseconds.</summary>
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
    internal Task<HttpResponseMessage> GetAsync(Replica replica, Uri page, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Get, page, replica.Protocol, replica.TlsName, cancellationToken);

    /// <summary>Posts nothing to a path of a replica. The time limit is the caller's.</summary>
    internal Task<HttpResponseMessage> PostAsync(ReplicaAddress replica, string path, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, new Uri(replica.Url + path), replica.Protocol, replica.TlsName, cancellationToken);

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, Uri page, UpstreamProtocol protocol, string? tlsName, CancellationToken cancellationToken)
    {
        var forwarding = protocol.Forwarding();
        using var request = new HttpRequestMessage(method, page) { Version = forwarding.Version!, VersionPolicy = forwarding.VersionPolicy!.Value };
        request.Headers.Host = tlsName;
        return await _http.SendAsync(request, cancellationToken);
    }

    public void Dispose() => _http.Dispose();
}
