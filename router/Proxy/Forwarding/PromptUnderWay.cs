using Ops.Picking;

namespace Ops.Router;

/// <summary>A prompt that a replica works on until the first byte of its answer, or until there will be none.</summary>
internal struct PromptUnderWay
{
    private readonly int _tokens;
    private readonly ReplicaLoad? _prefill;
    private ReplicaLoad? _load;

    /// <summary>A prompt is on its way.</summary>
    /// <param name="answering">The replica that answers.</param>
    /// <param name="tokens">The prompt's tokens.</param>
    /// <param name="prefill">The replica that reads the prompt for it, and has nothing to do with the rest; null for none.</param>
    internal PromptUnderWay(ReplicaLoad answering, int tokens, ReplicaLoad? prefill)
    {
        (_load, _tokens, _prefill) = (prefill ?? answering, tokens, prefill);
        _load.Sent(tokens);
        prefill?.Enter();
    }

    /// <summary>Takes it off the replica's load; the second call does nothing.</summary>
    internal void Began()
    {
        if (_load is null)
            return;
        _load.Began(_tokens);
        _prefill?.Leave();
        _load = null;
    }
}
