using k8s.Models;

namespace Ops.Sandbox.Api;

/// <summary>A request that the API server refused, with the Status that HTTP clients get.</summary>
public sealed class ApiException : Exception
{
    /// <summary>Wraps a Status.</summary>
    public ApiException(V1Status status)
        : base(status.Message)
    {
        Status = status;
    }

    /// <summary>The refusal: code, reason, message, details.</summary>
    public V1Status Status { get; }

    /// <summary>HTTP code of the refusal.</summary>
    public int Code => Status.Code ?? 500;

    /// <summary>Machine-readable reason, for example NotFound or Conflict.</summary>
    public string Reason => Status.Reason ?? "";

    /// <summary>The object or resource does not exist.</summary>
    public bool IsNotFound => Code == 404;

    /// <summary>Another writer was faster, or the name is taken.</summary>
    public bool IsConflict => Code == 409;
}
