using System.Net;
using Yarp.ReverseProxy.Forwarder;

namespace Ops.Router;

/// <summary>How a replica is spoken to; from appProtocol of its Service's port.</summary>
internal enum UpstreamProtocol
{
    /// <summary>HTTP/1.1 without TLS.</summary>
    Http1,

    /// <summary>HTTP/2 without TLS, by prior knowledge (RFC 9113, 3.3).</summary>
    H2c,

    /// <summary>TLS; HTTP/2 or HTTP/1.1 as the replica chooses.</summary>
    Https,
}

/// <summary>What follows from a protocol.</summary>
internal static class UpstreamProtocols
{
    private static readonly ForwarderRequestConfig Http1 = Config(HttpVersion.Version11, HttpVersionPolicy.RequestVersionExact);
    private static readonly ForwarderRequestConfig H2c = Config(HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact);
    private static readonly ForwarderRequestConfig Https = Config(HttpVersion.Version20, HttpVersionPolicy.RequestVersionOrLower);

    /// <summary>Reads the standard names of appProtocol; an absent one is plain HTTP/1.1.</summary>
    /// <returns>Null for a name that the router does not speak.</returns>
    internal static UpstreamProtocol? Parse(string? appProtocol) => appProtocol switch
    {
        null or "" or "http" => UpstreamProtocol.Http1,
        "kubernetes.io/h2c" => UpstreamProtocol.H2c,
        "https" => UpstreamProtocol.Https,
        _ => null,
    };

    internal static string Scheme(this UpstreamProtocol protocol) => protocol == UpstreamProtocol.Https ? "https" : "http";

    internal static ForwarderRequestConfig Forwarding(this UpstreamProtocol protocol) => protocol switch
    {
        UpstreamProtocol.H2c => H2c,
        UpstreamProtocol.Https => Https,
        _ => Http1,
    };

    private static ForwarderRequestConfig Config(Version version, HttpVersionPolicy policy) => new()
    {
        // The attempt's own timer knows which limit is which.
        ActivityTimeout = Timeout.InfiniteTimeSpan,
        Version = version,
        VersionPolicy = policy,
        AllowResponseBuffering = false,
    };
}
