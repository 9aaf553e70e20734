using System.Threading.Tasks.Sources;

namespace Ops.Sandbox.ModelServer.Engine;

/// <summary>How an answer ended; the names are vLLM's <c>finished_reason</c>.</summary>
internal enum FinishReason
{
    /// <summary>Not ended.</summary>
    None,

    /// <summary>The model was done.</summary>
    Stop,

    /// <summary>The token limit was reached.</summary>
    Length,

    /// <summary>The client went away, or the server stopped.</summary>
    Abort,
}

/// <summary>
/// One request inside the engine. The batch writes its progress under the engine's lock; the HTTP side waits for it with
/// <see cref="WaitAsync"/>.
/// </summary>
internal sealed class Sequence(int promptTokens, int targetTokens, FinishReason atTarget, double arrival) : IValueTaskSource
{
    private readonly Lock _gate = new();
    private ManualResetValueTaskSourceCore<bool> _signal;
    private bool _waited;
    private int _published;
    private FinishReason _outcome;

    /// <summary>Prompt length.</summary>
    public int PromptTokens { get; } = promptTokens;

    /// <summary>Answer length, known beforehand because it is simulated.</summary>
    public int TargetTokens { get; } = targetTokens;

    /// <summary>Why the answer ends at its target.</summary>
    public FinishReason AtTarget { get; } = atTarget;

    /// <summary>Engine seconds of arrival.</summary>
    public double Arrival { get; } = arrival;

    /// <summary>Engine seconds of the first step that worked on it; 0 while it waits.</summary>
    public double Scheduled { get; set; }

    /// <summary>Engine seconds of the first token.</summary>
    public double FirstToken { get; set; }

    /// <summary>Prompt tokens computed.</summary>
    public int Prefilled { get; set; }

    /// <summary>Prompt tokens in the step under way.</summary>
    public int Chunk { get; set; }

    /// <summary>True when the step under way gives it a later token.</summary>
    public bool Decoding { get; set; }

    /// <summary>Tokens generated.</summary>
    public int Generated { get; set; }

    /// <summary>Its place among the waiting; null once admitted or gone.</summary>
    public LinkedListNode<Sequence>? Waiting { get; set; }

    /// <summary>True once it has left the batch.</summary>
    public bool Left { get; set; }

    /// <summary>Cache tokens set aside for it: all that it will ever need.</summary>
    public int Reserved => PromptTokens + TargetTokens;

    /// <summary>Cache tokens in use.</summary>
    public int Held => Prefilled + Generated;

    /// <summary>Tokens that the HTTP side may send, and how the answer ended, if it has.</summary>
    public (int Tokens, FinishReason Outcome) Progress
    {
        get
        {
            lock (_gate)
                return (_published, _outcome);
        }
    }

    /// <summary>Completes when there are more than <paramref name="seen"/> tokens, or the answer has ended. One waiter at a time.</summary>
    public ValueTask WaitAsync(int seen)
    {
        lock (_gate)
        {
            if (_published > seen || _outcome != FinishReason.None)
                return ValueTask.CompletedTask;
            _signal.Reset();
            _waited = true;
            return new ValueTask(this, _signal.Version);
        }
    }

    /// <summary>Makes progress visible and wakes the waiter. Never called under the engine's lock.</summary>
    public void Publish(int tokens, FinishReason outcome)
    {
        bool wake;
        lock (_gate)
        {
            if (_outcome != FinishReason.None)
                return;
            _published = tokens;
            _outcome = outcome;
            wake = _waited;
            _waited = false;
        }
        if (!wake)
            return;
        // A token is written on the engine's own thread, which saves a hop a token; the end of an answer is not, because
        // the connection's next request would then be read there too.
        _signal.RunContinuationsAsynchronously = outcome != FinishReason.None;
        _signal.SetResult(true);
    }

    void IValueTaskSource.GetResult(short token) => _signal.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _signal.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _signal.OnCompleted(continuation, state, token, flags);
}
