namespace Ops.Rca;

/// <summary>The default without its walk: shows what the call graph adds.</summary>
public sealed class ShiftOnly : IMethod
{
    private readonly ShiftWalk _prior = new() { Walk = false };

    /// <inheritdoc/>
    public string Name => "shift";

    /// <inheritdoc/>
    public bool WeighsOnsets => true;

    /// <inheritdoc/>
    public Scores Score(Incident incident, double? onset) => _prior.Score(incident, onset);
}
