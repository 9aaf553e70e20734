namespace Ops.Picking;

/// <summary>prefixCache: the share of the prompt's blocks whose KV entries the replica probably holds already.</summary>
internal static class PrefixCacheScorer
{
    internal static float Score(int heldBlocks, int promptBlocks) => promptBlocks == 0 ? 0 : Unit.Clamp((float)heldBlocks / promptBlocks);
}
