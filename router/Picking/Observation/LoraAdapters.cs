using System.Collections.Immutable;

namespace Ops.Picking;

/// <summary>The LoRA adapters at an engine at one moment.</summary>
/// <param name="At">When that was, in seconds on the engine's clock.</param>
/// <param name="Room">Adapters that a batch has room for.</param>
/// <param name="Running">Adapters of running requests.</param>
/// <param name="Waiting">Adapters of waiting requests.</param>
public sealed record LoraAdapters(double At, int Room, ImmutableArray<string> Running, ImmutableArray<string> Waiting)
{
    /// <summary>How the engine stands to an adapter.</summary>
    public LoraPresence PresenceOf(string adapter)
    {
        if (Running.Contains(adapter))
            return LoraPresence.Active;
        if (Waiting.Contains(adapter))
            return LoraPresence.Waiting;
        return Running.Length + Waiting.Length < Room ? LoraPresence.Room : LoraPresence.Full;
    }
}
