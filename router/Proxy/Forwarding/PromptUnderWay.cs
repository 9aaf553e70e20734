using Ops.Picking;

namespace Ops.Router;

/// <summary>A prompt that a replica works on until the first byte of its answer, or until there will be none.</summary>
internal struct PromptUnderWay
{
    private readonly int _tokens;
    private ReplicaLoad? _load;

    internal PromptUnderWay(ReplicaLoad load, int tokens)
    {
        (_load, _tokens) = (load, tokens);
        load.Sent(tokens);
    }

    /// <summary>Takes it off the replica's load; the second call does nothing.</summary>
    internal void Began()
    {
        _load?.Began(_tokens);
        _load = null;
    }
}
