namespace Ops.Picking;

/// <summary>
/// kvCacheUtilization: the share of the KV cache that is free. A replica whose metrics are stale counts as half full:
/// as the emptiest one it would draw every request, as the fullest one none, and neither is known.
/// </summary>
internal static class KvCacheUtilizationScorer
{
    private const float Unknown = 0.5f;

    internal static float Score(float usage, bool fresh) => fresh ? 1 - Unit.Clamp(usage) : Unknown;
}
