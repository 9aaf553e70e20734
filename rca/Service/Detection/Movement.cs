using Ops.Rca.Sources;

namespace Ops.Rca.Service.Detection;

/// <summary>A signal that left its normal range and has not come back.</summary>
/// <param name="Signal">Which.</param>
/// <param name="Since">When it left, in seconds since 1970.</param>
/// <param name="Before">Its median before.</param>
/// <param name="Now">Its value when that was certain.</param>
/// <param name="Deviations">Now minus before in robust deviations, positive in the bad direction.</param>
internal sealed record Movement(Signal Signal, double Since, double Before, double Now, double Deviations)
{
    /// <summary>Whether users feel it.</summary>
    public bool IsSymptom => Signal.Metric.Kind.IsSymptom();
}
