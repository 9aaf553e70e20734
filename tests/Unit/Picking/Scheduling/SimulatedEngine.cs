namespace Ops.Picking.Tests;

/// <summary>
/// A simulated replica in virtual time: continuous batching with a first-come queue inside, as engines have it. Each
/// step reads the prompts of the requests that join and writes one token of each request of the batch.
/// </summary>
/// <param name="slots">Requests in a batch at most.</param>
internal sealed class SimulatedEngine(int slots)
{
    // About an 8B model on one H100: a step of 15 ms, 0.15 ms for each sequence, 10,000 prompt tokens a second.
    private const double StepMs = 15;
    private const double StepMsPerSequence = 0.15;
    private const double MsPerPromptToken = 0.1;
    private const int PromptTokensPerStep = 8_192;

    private readonly Queue<SimulatedRequest> _waiting = new();
    private readonly List<SimulatedRequest> _running = [];
    private long _generated;
    private long _finished;

    internal ReplicaLoad Load { get; } = new();

    internal bool Stepping { get; private set; }

    internal int Running => _running.Count;

    internal int Waiting => _waiting.Count;

    /// <summary>Tokens by finished answer; 0 before the first.</summary>
    internal double MeanOutputTokens => _finished == 0 ? 0 : (double)_generated / _finished;

    internal void Add(SimulatedRequest request) => _waiting.Enqueue(request);

    /// <summary>Begins a step and says how long it takes; null when there is nothing to do.</summary>
    internal double? BeginStep()
    {
        var prompt = 0;
        while (_waiting.Count > 0 && _running.Count < slots && (prompt == 0 || prompt + _waiting.Peek().PromptTokens <= PromptTokensPerStep))
        {
            prompt += _waiting.Peek().PromptTokens;
            _running.Add(_waiting.Dequeue());
        }

        Stepping = _running.Count > 0;
        return Stepping ? StepMs + (_running.Count * StepMsPerSequence) + (prompt * MsPerPromptToken) : null;
    }

    /// <summary>Ends the step: every request of the batch has one more token.</summary>
    /// <returns>Those that are complete.</returns>
    internal List<SimulatedRequest> EndStep(double nowMs)
    {
        Stepping = false;
        foreach (var request in _running)
        {
            request.Written++;
            _generated++;
            request.FirstTokenMs ??= nowMs;
        }

        var done = _running.Where(r => r.Written >= r.OutputTokens).ToList();
        _finished += done.Count;
        _running.RemoveAll(r => r.Written >= r.OutputTokens);
        return done;
    }
}

/// <summary>A request of a simulation and what became of it.</summary>
internal sealed class SimulatedRequest
{
    public required string Tenant { get; init; }

    public required double ArrivalMs { get; init; }

    public required int PromptTokens { get; init; }

    public required int OutputTokens { get; init; }

    /// <summary>What the router expects the answer's length to be.</summary>
    public double ExpectedOutputTokens { get; init; } = 200;

    public string? Program { get; init; }

    public PriorityLevel Priority { get; init; } = PriorityLevel.Default;

    public double Weight { get; init; } = 1;

    /// <summary>What happens after the answer, for example the program's next call.</summary>
    public Action<double>? Then { get; init; }

    /// <summary>Counts it out of the router; set when it is sent.</summary>
    internal Action? Release { get; set; }

    internal int Written { get; set; }

    /// <summary>When it passed the gate.</summary>
    internal double? SentMs { get; set; }

    internal double? FirstTokenMs { get; set; }

    internal double? DoneMs { get; set; }

    internal RefusalReason Refused { get; set; }

    internal WaitEnd? Gone { get; set; }

    internal double TimeToFirstToken => (FirstTokenMs!.Value - ArrivalMs) / 1000;

    internal double Latency => (DoneMs!.Value - ArrivalMs) / 1000;
}
