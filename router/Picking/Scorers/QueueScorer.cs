namespace Ops.Picking;

/// <summary>
/// queue: 1 for an idle replica, falling on a straight line to 0 at the most requests that <see cref="LoadBound"/> lets
/// one have. Counts queued and running requests alike: both share the batch, and a place in it is what both wait for.
/// </summary>
internal static class QueueScorer
{
    /// <param name="outstanding">Requests at the replica.</param>
    /// <param name="perRequest">1 / the bound, so that no replica costs a division.</param>
    internal static float Score(int outstanding, float perRequest) => Unit.Clamp(1 - (outstanding * perRequest));
}
