namespace Ops.Picking;

/// <summary>
/// queue: 1 for an idle replica, falling on a straight line to 0 at the most requests that <see cref="LoadBound"/> lets
/// one have. Counts queued and running requests alike: both share the batch, and a place in it is what both wait for.
/// </summary>
internal static class QueueScorer
{
    internal static float Score(int outstanding, float bound) => Unit.Clamp(1 - (outstanding / bound));
}
