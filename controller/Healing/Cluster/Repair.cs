namespace Ops.Healing.Cluster;

/// <summary>A plan that was made for what only measures show: a goal that is missed, or an incident of the root-cause service.</summary>
/// <param name="Workload">Name of the workload that was suspected then; it may be another by now.</param>
/// <param name="Cause">What was found wrong with it.</param>
/// <param name="Ended">When it was verified or given up, UTC; null while it runs or its verification is open.</param>
/// <param name="IsVain">Whether it was given up.</param>
/// <param name="RootCause">Name of the incident of the root-cause service; null for a goal.</param>
public sealed record Repair(string Workload, string Cause, DateTime? Ended, bool IsVain = false, string? RootCause = null)
{
    /// <summary>Key of the goal; null for an incident of the root-cause service.</summary>
    public string? Goal { get; init; }

    /// <summary>Types of what was done.</summary>
    public IReadOnlyList<string> Actions { get; init; } = [];

    /// <summary>Until when, UTC, the goal was missed at the workload again and again, see <see cref="Goals.Lasting"/>; null while it is missed, and before the end.</summary>
    public DateTime? MissedUntil { get; init; }
}
