namespace Ops.Picking;

/// <summary>Always the same pool. When it has no ready replica the request fails: another pool was never asked for.</summary>
public sealed class StaticPolicy : IPolicy
{
    private readonly string _pool;

    /// <summary>Creates the policy.</summary>
    /// <param name="pool">Name of the pool that is always taken.</param>
    public StaticPolicy(string pool) => _pool = pool;

    /// <inheritdoc/>
    public string Name => "static";

    /// <inheritdoc/>
    public bool Considers(RouteSnapshot snapshot, int variant) => string.Equals(snapshot.Variants[variant].Pool, _pool, StringComparison.Ordinal);

    /// <inheritdoc/>
    public int Choose(RouteSnapshot snapshot, in RequestFeatures request, ReadOnlySpan<VariantOutlook> outlooks)
    {
        for (var v = 0; v < outlooks.Length; v++)
        {
            if (outlooks[v].Open)
                return v;
        }

        throw new InvalidOperationException("Admission opened no variant.");
    }
}
