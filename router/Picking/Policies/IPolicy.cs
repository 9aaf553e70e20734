namespace Ops.Picking;

/// <summary>Chooses a variant among those that admission left open. Implementations are immutable but for counts, and allocate nothing.</summary>
public interface IPolicy
{
    /// <summary>The name in a route's spec.</summary>
    string Name { get; }

    /// <summary>Whether the policy could ever choose this variant. Admission asks only about considered variants.</summary>
    bool Considers(RouteSnapshot snapshot, int variant);

    /// <summary>Chooses one.</summary>
    /// <param name="snapshot">The route.</param>
    /// <param name="request">The request.</param>
    /// <param name="outlooks">One row a variant; at least one is open.</param>
    /// <returns>The index of an open row, or -1 to reject: no variant is worth what it would cost the others.</returns>
    int Choose(RouteSnapshot snapshot, in RequestFeatures request, ReadOnlySpan<VariantOutlook> outlooks);
}
