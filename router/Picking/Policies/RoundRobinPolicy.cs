namespace Ops.Picking;

/// <summary>The open variants in turn, whatever their quality and load. A baseline.</summary>
public sealed class RoundRobinPolicy : IPolicy
{
    /// <inheritdoc/>
    public string Name => "roundRobin";

    /// <inheritdoc/>
    public bool Considers(RouteSnapshot snapshot, int variant) => true;

    /// <inheritdoc/>
    public int Choose(RouteSnapshot snapshot, in RequestFeatures request, ReadOnlySpan<VariantOutlook> outlooks)
    {
        var open = 0;
        foreach (ref readonly var outlook in outlooks)
            open += outlook.Open ? 1 : 0;
        // The spread counts requests, so it is the turn.
        var turn = (int)(request.Spread % (uint)open);
        for (var v = 0; ; v++)
        {
            if (outlooks[v].Open && turn-- == 0)
                return v;
        }
    }
}
