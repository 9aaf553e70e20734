using Ops.Rca.Service.Detection;

namespace Ops.Rca.Service.Security;

/// <summary>A workload that does what it never did, in more than one respect.</summary>
/// <param name="Service">The workload.</param>
/// <param name="Signs">What it does.</param>
/// <param name="Words">The same in words.</param>
internal sealed record Suspicion(string Service, IReadOnlyList<Movement> Signs, string Words);
