using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Ops.Sandbox.Api;

/// <summary>How to start an <see cref="ApiServer"/>.</summary>
public sealed record ApiServerOptions
{
    /// <summary>TCP port on 127.0.0.1. Default 0: any free one.</summary>
    public int Port { get; init; }

    /// <summary>SQLite file that holds the state. Default null: memory only.</summary>
    public string? StatePath { get; init; }

    /// <summary>Clock of timestamps, token lifetimes and watch timers. Default: the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where the server logs. Default: nowhere.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>Bearer token of system:masters. Default null: generated once, and kept in the state file.</summary>
    public string? AdminToken { get; init; }

    /// <summary>Cluster addresses of Services. Default 127.96.0.0/16.</summary>
    public IPNetwork ServiceAddressRange { get; init; } = new(IPAddress.Parse("127.96.0.0"), 16);

    /// <summary>How long Events are kept. Default one hour, as kube-apiserver.</summary>
    public TimeSpan EventLifetime { get; init; } = TimeSpan.FromHours(1);
}
