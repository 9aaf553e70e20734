using System.Runtime.InteropServices;

namespace Ops.Picking;

/// <summary>Another model's engine on the same GPUs; the two take turns.</summary>
/// <param name="Load">What this router has sent to it.</param>
/// <param name="SecondsPerPromptToken">Its prefill seconds by prompt token.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Neighbour(ReplicaLoad Load, double SecondsPerPromptToken)
{
    /// <summary>Seconds of prompts that it has still to compute.</summary>
    internal double BacklogSeconds => Load.PendingPromptTokens * SecondsPerPromptToken;
}
