namespace Ops.Rca;

/// <summary>
/// Random choice: every candidate has the same score. Its accuracy is not drawn but the expected one, k of n, which
/// <see cref="Accuracy"/> gives to a tie that straddles place k.
/// </summary>
public sealed class Indifferent : IMethod
{
    /// <inheritdoc/>
    public string Name => "random";

    /// <inheritdoc/>
    public Scores Score(Incident incident, double? onset) => Scores.FromMetrics(incident, new double[incident.Observed.Metrics.Count]);
}
