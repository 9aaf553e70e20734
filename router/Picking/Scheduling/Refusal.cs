using System.Runtime.InteropServices;

namespace Ops.Picking;

/// <summary>Why a request may not wait.</summary>
public enum RefusalReason
{
    /// <summary>It may.</summary>
    None,

    /// <summary>The queue is full and nobody in it has less right to a place.</summary>
    QueueFull,

    /// <summary>Its turn would come after it has given up.</summary>
    TooLate,

    /// <summary>Its priority is sheddable and the fleet is filling up.</summary>
    Shed,
}

/// <summary>Why a request may not wait, and when another try could go better.</summary>
/// <param name="Reason">Why.</param>
/// <param name="RetryAfterSeconds">1 to <see cref="Admission.MaxRetrySeconds"/>.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Refusal(RefusalReason Reason, int RetryAfterSeconds);
