using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Ops.Learning;

/// <summary>One request of a simulated run.</summary>
/// <param name="At">Seconds since the start of the run; never decreasing along a workload.</param>
/// <param name="PromptTokens">Prompt length, at least 1.</param>
/// <param name="OutputTokens">Answer length, at least 1; the router does not know it.</param>
/// <param name="Task">Task index of the fleet.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Arrival(double At, int PromptTokens, int OutputTokens, int Task);

/// <summary>Requests in order of arrival. The same workload is given to every policy that is compared.</summary>
/// <param name="Name">For tables and plots.</param>
/// <param name="Arrivals">In order of arrival.</param>
public sealed record Workload(string Name, ImmutableArray<Arrival> Arrivals)
{
    /// <summary>Arrival of the last request, seconds; 0 when empty.</summary>
    public double Seconds => Arrivals.IsEmpty ? 0 : Arrivals[^1].At;

    /// <summary>Requests a second.</summary>
    public double Rate => Seconds > 0 ? Arrivals.Length / Seconds : 0;
}
