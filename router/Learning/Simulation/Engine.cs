using System.Runtime.InteropServices;
using Ops.Picking;
using Ops.Profiles;

namespace Ops.Learning;

/// <summary>What happens inside an engine, for the simulation around it.</summary>
internal interface IEngineEvents
{
    void FirstToken(Engine engine, int request, double now);

    void Finished(Engine engine, in Decoding sequence, double now);
}

/// <summary>A request in an engine before its first token.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct Pending
{
    /// <summary>Index of the request in the workload.</summary>
    public int Request;

    /// <summary>The router's attempt, from 1.</summary>
    public int Attempt;

    /// <summary>Prompt tokens still to be computed.</summary>
    public int Left;

    /// <summary>Prompt tokens in the step under way.</summary>
    public int Chunk;

    /// <summary>When it got its place in the batch.</summary>
    public double Scheduled;
}

/// <summary>
/// One replica's continuous batching with chunked prefill, as in the simulated model server, with the same rules: each
/// step gives every decoding sequence a token, and what is left of the step's token budget goes to prompts in order of
/// arrival; a sequence's whole cache need is set aside at admission. Steps that only decode are all alike until a
/// sequence ends or a request comes, so a run of them is one event.
/// </summary>
internal sealed class Engine(SimulatedPool pool, int poolIndex, int replica, int index, Arrival[] arrivals, IEngineEvents events)
{
    private readonly ServingProfile _profile = pool.Profile;
    private readonly int _cacheTokens = pool.CacheTokens ?? pool.Profile.KvCapacityTokens;
    private readonly Fifo<Pending> _waiting = new();
    private readonly Fifo<Pending> _prefilling = new();
    private readonly DecodeHeap _decoding = new();
    private long _steps;
    private long _reserved;
    private long _held;
    private double _joules;
    private double _busySeconds;
    private EngineSample _counters = new() { Series = 1 };

    // The run under way: some equal steps, or one that computes prompts.
    private double _runStart;
    private double _stepSeconds;
    private double _stepJoules;
    private int _runSteps;
    private int _touched;

    public int PoolIndex { get; } = poolIndex;

    public int Replica { get; } = replica;

    /// <summary>Index among all engines of the fleet.</summary>
    public int Index { get; } = index;

    public ReadOnlySpan<int> Gpus => pool.Placement[Replica].AsSpan();

    public SimulatedPool Pool => pool;

    /// <summary>Whether the two run on a common GPU.</summary>
    public bool SharesWith(Engine other) => pool.Placement[Replica].Intersect(other.Pool.Placement[other.Replica]).Any();

    public ReplicaStatus Status { get; set; } = ReplicaStatus.Ready;

    /// <summary>What follows <see cref="ReplicaStatus.Draining"/>.</summary>
    public ReplicaStatus AfterDrain { get; set; } = ReplicaStatus.Off;

    /// <summary>When the status changes by itself; infinite when it does not.</summary>
    public double StatusUntil { get; set; } = double.PositiveInfinity;

    /// <summary>When the run under way ends; infinite when idle.</summary>
    public double RunEnd { get; private set; } = double.PositiveInfinity;

    public bool IsBusy => _runSteps > 0;

    public int Running => _prefilling.Count + _decoding.Count;

    public int Waiting => _waiting.Count;

    public bool IsEmpty => Running + Waiting == 0;

    /// <summary>Clock and power limit, from the next step on.</summary>
    public PowerSetting Setting { get; set; } = pool.Power ?? pool.Profile.Gpu.Default;

    /// <summary>False when too many wait already, or the request alone is larger than the cache.</summary>
    public bool TryEnqueue(int request, int attempt, double now)
    {
        if (_waiting.Count >= pool.MaxWaiting || Need(request) > _cacheTokens)
            return false;
        _waiting.Add(new Pending { Request = request, Attempt = attempt, Left = arrivals[request].PromptTokens });
        if (IsBusy && Fits(_waiting[0].Request))
            CutShort(now);
        return true;
    }

    /// <summary>Ends a run of equal steps with the step that is under way, so that the next one can be planned anew.</summary>
    public void CutShort(double now)
    {
        if (_runSteps <= 1)
            return;
        var steps = Math.Max(1, (int)Math.Ceiling(((now - _runStart) / _stepSeconds) - 1e-9));
        if (steps >= _runSteps)
            return;
        _runSteps = steps;
        RunEnd = _runStart + (steps * _stepSeconds);
    }

    /// <summary>Decides the next run and admits what fits; without work the engine is idle.</summary>
    /// <param name="now">Start of the run.</param>
    /// <param name="turns">Engines with work on the busiest of its GPUs, itself included; each step takes as many times as long.</param>
    public void Plan(double now, int turns)
    {
        var budget = pool.MaxStepTokens - _decoding.Count;
        var available = budget;
        _touched = 0;
        while (_touched < _prefilling.Count && budget > 0)
            Chunk(ref _prefilling[_touched++], ref budget);
        while (budget > 0 && _waiting.Count > 0 && Fits(_waiting[0].Request))
        {
            Admit(now);
            Chunk(ref _prefilling[_touched++], ref budget);
        }

        var sequences = _decoding.Count + _touched;
        if (sequences == 0)
        {
            (_runSteps, RunEnd) = (0, double.PositiveInfinity);
            return;
        }

        var cost = _profile.Step(sequences, available - budget, Setting);
        _runStart = now;
        _stepSeconds = cost.Seconds * turns;
        _stepJoules = cost.Joules;
        _runSteps = _touched > 0 ? 1 : (int)Math.Min(int.MaxValue, _decoding.First.EndStep - _steps);
        RunEnd = now + (_runSteps * _stepSeconds);
    }

    /// <summary>The run has been made.</summary>
    public void Complete(double now)
    {
        var tokens = (long)_decoding.Count * _runSteps;
        _steps += _runSteps;
        _held += tokens;
        _joules += _runSteps * _stepJoules;
        _busySeconds += _runSteps * _stepSeconds;
        _counters.GeneratedTokens += tokens;
        _counters.InterTokenSeconds += tokens * _stepSeconds;
        _counters.InterTokenCount += tokens;
        _runSteps = 0;
        RunEnd = double.PositiveInfinity;
        while (_decoding.Count > 0 && _decoding.First.EndStep <= _steps)
            Finish(_decoding.Take(), now);
        CompletePrefill(now);
    }

    /// <summary>Everything in it is lost. Those without a first token are listed, to be tried elsewhere.</summary>
    public void Drop(List<Pending> unanswered, List<int> broken)
    {
        for (var i = 0; i < _waiting.Count; i++)
            unanswered.Add(_waiting[i]);
        for (var i = 0; i < _prefilling.Count; i++)
            unanswered.Add(_prefilling[i]);
        foreach (ref readonly var sequence in _decoding.Items)
            broken.Add(sequence.Request);
        _waiting.Clear();
        _prefilling.Clear();
        _decoding.Clear();
        (_reserved, _held, _runSteps) = (0, 0, 0);
        RunEnd = double.PositiveInfinity;
        // A new process counts from 0; the joules are the meter's and stay.
        _counters = new EngineSample { Series = 1 };
    }

    /// <summary>The counters as its /metrics would show them now.</summary>
    public EngineSample Sample(double now)
    {
        var tokens = TokensUnderWay(now);
        return _counters with
        {
            Running = Running,
            Waiting = Waiting,
            KvCacheUsage = (double)(_held + tokens) / _cacheTokens,
            GeneratedTokens = _counters.GeneratedTokens + tokens,
            InterTokenSeconds = _counters.InterTokenSeconds + (tokens * _stepSeconds),
            InterTokenCount = _counters.InterTokenCount + tokens,
            EnergyJoules = Joules(now),
        };
    }

    /// <summary>Joules of its steps until now; idle power is the GPUs' own.</summary>
    public double Joules(double now) => _joules + (IsBusy ? Math.Min(_runSteps, (now - _runStart) / _stepSeconds) * _stepJoules : 0);

    public ReplicaView View(double now) => new(
        Status, Running, Waiting, _busySeconds + (IsBusy ? now - _runStart : 0), (long)_counters.GeneratedTokens + TokensUnderWay(now))
    {
        // Of whole runs: one under way counts when it ends, with its tokens.
        Counters = new EngineCounters(now, _steps, _counters.InterTokenCount, _counters.InterTokenSeconds, _counters.PromptTokens, 0),
    };

    public void CopyFrom(Engine other)
    {
        _waiting.CopyFrom(other._waiting);
        _prefilling.CopyFrom(other._prefilling);
        _decoding.CopyFrom(other._decoding);
        (Setting, _steps, _reserved, _held, _joules, _busySeconds) = (other.Setting, other._steps, other._reserved, other._held, other._joules, other._busySeconds);
        _counters = other._counters;
        (_runStart, _stepSeconds, _stepJoules, _runSteps, _touched) = (other._runStart, other._stepSeconds, other._stepJoules, other._runSteps, other._touched);
        (Status, AfterDrain, StatusUntil, RunEnd) = (other.Status, other.AfterDrain, other.StatusUntil, other.RunEnd);
    }

    private long TokensUnderWay(double now) =>
        IsBusy ? (long)_decoding.Count * Math.Min(_runSteps - (_touched > 0 ? 1 : 0), (int)((now - _runStart) / _stepSeconds)) : 0;

    private void CompletePrefill(double now)
    {
        var touched = _touched;
        _touched = 0;
        for (var i = 0; i < touched; i++)
        {
            ref var pending = ref _prefilling[0];
            pending.Left -= pending.Chunk;
            _held += pending.Chunk;
            _counters.PromptTokens += pending.Chunk;
            pending.Chunk = 0;
            // Prompts are computed in order, so one that is not done is the last that was touched.
            if (pending.Left > 0)
                return;
            Start(_prefilling.Take(), now);
        }
    }

    // The step that computes the last prompt token also yields the first token of the answer.
    private void Start(in Pending pending, double now)
    {
        var sequence = new Decoding
        {
            Request = pending.Request,
            Scheduled = pending.Scheduled,
            FirstToken = now,
            EndStep = _steps + arrivals[pending.Request].OutputTokens - 1,
        };
        _held++;
        _counters.GeneratedTokens++;
        events.FirstToken(this, pending.Request, now);
        if (sequence.EndStep == _steps)
            Finish(sequence, now);
        else
            _decoding.Add(sequence);
    }

    private void Finish(in Decoding sequence, double now)
    {
        var tokens = Need(sequence.Request);
        _reserved -= tokens;
        _held -= tokens;
        _counters.FinishedRequests++;
        _counters.PrefillSeconds += sequence.FirstToken - sequence.Scheduled;
        _counters.PrefillCount++;
        events.Finished(this, sequence, now);
    }

    private void Admit(double now)
    {
        var pending = _waiting.Take();
        pending.Scheduled = now;
        _reserved += Need(pending.Request);
        _prefilling.Add(pending);
    }

    private static void Chunk(ref Pending pending, ref int budget)
    {
        pending.Chunk = Math.Min(pending.Left, budget);
        budget -= pending.Chunk;
    }

    private bool Fits(int request) => Running < pool.MaxSequences && _reserved + Need(request) <= _cacheTokens;

    private int Need(int request) => arrivals[request].PromptTokens + arrivals[request].OutputTokens;
}
