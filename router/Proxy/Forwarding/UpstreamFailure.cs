namespace Ops.Router;

/// <summary>How an attempt failed.</summary>
internal enum UpstreamFailure
{
    None,

    /// <summary>No connection could be made.</summary>
    Connect,

    /// <summary>The connection was not made in time.</summary>
    ConnectTimeout,

    /// <summary>The replica's certificate is not trusted, or the TLS handshake failed otherwise.</summary>
    Tls,

    /// <summary>The connection broke before the first byte of the body.</summary>
    Reset,

    /// <summary>The first byte was not there in time.</summary>
    FirstByteTimeout,

    /// <summary>The replica answered 429 or 503.</summary>
    Busy,

    /// <summary>The replica answered another 5xx.</summary>
    ServerError,

    /// <summary>The body stopped after its first byte.</summary>
    Died,

    /// <summary>The next piece of the body was not there in time.</summary>
    IdleTimeout,

    /// <summary>The answer was not complete in time.</summary>
    TotalTimeout,
}

/// <summary>What follows from a failure.</summary>
internal static class UpstreamFailures
{
    /// <summary>
    /// Whether another replica is tried. Not after a time-out of the first byte: the replica has worked on the request
    /// all that time, and sending it again would double the load exactly when there is too much. Not after an answer
    /// of 500: the same request would most likely break the next replica too.
    /// </summary>
    internal static bool MayRetry(this UpstreamFailure failure, int? status) => failure switch
    {
        UpstreamFailure.Connect or UpstreamFailure.ConnectTimeout or UpstreamFailure.Tls or UpstreamFailure.Reset or UpstreamFailure.Busy => true,
        UpstreamFailure.ServerError => status is 502 or 504,
        _ => false,
    };

    /// <summary>
    /// Whether it speaks against the replica. Being busy does not, and an answer that is merely long does not either.
    /// </summary>
    internal static bool IsTheReplicas(this UpstreamFailure failure) => failure is not (UpstreamFailure.None or UpstreamFailure.Busy or UpstreamFailure.TotalTimeout);

    /// <summary>Whether the replica is likely to fail the next request as well.</summary>
    internal static bool MakesSuspect(this UpstreamFailure failure) =>
        failure is UpstreamFailure.Connect or UpstreamFailure.ConnectTimeout or UpstreamFailure.Tls or UpstreamFailure.Reset or UpstreamFailure.Died;

    /// <summary>The error that the client gets.</summary>
    internal static OpenAiError ToError(this UpstreamFailure failure, string replica, int? status, UpstreamTimeouts limits) => failure switch
    {
        UpstreamFailure.ConnectTimeout => new(504, "upstream_connect_timeout",
            $"Replica {replica} accepted no connection within {limits.Connect.TotalSeconds} s. Try again; if it lasts, look at the pod, or raise the route's spec.timeouts.connect.", RetryAfterSeconds: 1),
        UpstreamFailure.FirstByteTimeout => new(504, "upstream_first_byte_timeout",
            $"Replica {replica} sent nothing within {limits.FirstByte.TotalSeconds} s. Ask for fewer tokens or stream the answer, or raise the route's spec.timeouts.firstByte."),
        UpstreamFailure.IdleTimeout => new(504, "upstream_idle_timeout",
            $"Replica {replica} stopped sending for {limits.Idle.TotalSeconds} s; the answer is incomplete. Try again, or raise the route's spec.timeouts.idle."),
        UpstreamFailure.TotalTimeout => new(504, "upstream_total_timeout",
            $"The answer was not complete within {limits.Total?.TotalSeconds} s. Ask for fewer tokens, or raise the route's spec.timeouts.total."),
        UpstreamFailure.Connect => new(502, "upstream_connect_failed",
            $"Replica {replica} refuses connections. Try again; if it lasts, look at the pod.", RetryAfterSeconds: 1),
        UpstreamFailure.Tls => new(502, "upstream_tls_failed",
            $"The TLS handshake with replica {replica} failed. Its certificate must name the pool's Service (POOL.NAMESPACE.svc) and be signed by a root that the router trusts, see Router__UpstreamCaFile.", RetryAfterSeconds: 1),
        UpstreamFailure.Reset => new(502, "upstream_reset",
            $"Replica {replica} closed the connection before it answered. Try again; if it lasts, look at the pod's log.", RetryAfterSeconds: 1),
        UpstreamFailure.Died => new(502, "upstream_died",
            $"Replica {replica} broke off in the middle of the answer, which is incomplete. Try again."),
        UpstreamFailure.Busy => new(503, "upstream_overloaded",
            $"Replica {replica} answered {status}: it is overloaded. Try again later.", RetryAfterSeconds: 1),
        _ => new(502, "upstream_error",
            $"Replica {replica} answered {status}. The same request may fail again; look at the pod's log."),
    };
}
