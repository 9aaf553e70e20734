using System.Runtime.InteropServices;
using Ops.Picking;

namespace Ops.Router;

/// <summary>What a request holds while it is let in, to be given back at its end.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct AdmissionTicket
{
    /// <summary>The tenant's account at the route's gate; null until the request has passed it.</summary>
    public TenantShare? Tenant { get; set; }

    /// <summary>The waiting request that it was; null when there was room at once.</summary>
    public WaitingRequest? Waited { get; set; }

    /// <summary>The program that the request belongs to, if it names one.</summary>
    public string? Program { get; set; }

    /// <summary>Where its tokens were taken from; null when its caller has no limits.</summary>
    public CallerMeter? Meter { get; set; }

    /// <summary>The tokens taken.</summary>
    public long Taken { get; set; }
}
