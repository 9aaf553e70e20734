using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Ops.Picking;

namespace Ops.Learning;

/// <summary>
/// A fleet under a workload, event by event. Deterministic: the same arguments give the same run. The choice is
/// <see cref="Chooser"/> with the policy given, over snapshots as a real router would have them.
/// </summary>
/// <remarks>
/// Events at the same moment happen in this order: runs of engines and changes of status, changes to the fleet, looks of
/// the router, decisions of the control, arrivals.
/// </remarks>
public sealed class Simulation : IEngineEvents
{
    private readonly SimulatedFleet _fleet;
    private readonly SimulationOptions _options;
    private readonly Arrival[] _arrivals;
    private readonly Engine[] _engines;
    private readonly Engine[][] _sharers;
    private readonly GpuMeter _gpus;
    private readonly RouterView _router;
    private readonly FleetView _view;
    private readonly List<FleetChange> _decided = [];
    private readonly List<Pending> _unanswered = [];
    private readonly List<int> _broken = [];
    private IPolicy _policy;
    private IOutcomes _outcomes;
    private double _now;
    private int _nextArrival;
    private int _nextChange;
    private double _nextScrape;
    private double _nextDecision;

    /// <summary>Prepares a run.</summary>
    /// <exception cref="InvalidFleetException">The fleet cannot be.</exception>
    public Simulation(SimulatedFleet fleet, IPolicy policy, Workload workload, SimulationOptions options)
        : this(fleet, policy, ImmutableCollectionsMarshal.AsArray(Checked(workload).Arrivals)!, options, new OutcomeLog(workload.Arrivals.Length))
    {
        Workload = workload;
    }

    internal Simulation(SimulatedFleet fleet, IPolicy policy, Arrival[] arrivals, SimulationOptions options, IOutcomes outcomes)
    {
        ArgumentNullException.ThrowIfNull(fleet);
        ArgumentNullException.ThrowIfNull(options);
        fleet.Validate();
        _fleet = fleet;
        _options = options;
        _policy = policy;
        _arrivals = arrivals;
        _outcomes = outcomes;
        Workload = new Workload("", []);
        var index = 0;
        _engines = [.. fleet.Pools.SelectMany((pool, p) => pool.Placement.Select((_, r) => new Engine(pool, p, r, index++, arrivals, this)))];
        foreach (var engine in _engines)
            engine.Status = options.Initially.GetValueOrDefault((engine.PoolIndex, engine.Replica), ReplicaStatus.Ready);
        _sharers = [.. _engines.Select(e => _engines.Where(o => o != e && o.SharesWith(e)).ToArray())];
        _gpus = new GpuMeter(fleet, _engines, options.SleepWatts);
        _router = new RouterView(fleet, options, _engines);
        _view = new FleetView(fleet, (pool, replica) => EngineOf(pool, replica).View(_now));
        _nextDecision = options.Control?.IntervalSeconds ?? double.PositiveInfinity;
    }

    internal Workload Workload { get; }

    /// <summary>Seconds since the start of the run.</summary>
    internal double Now => _now;

    /// <summary>The next request to arrive.</summary>
    internal int NextArrival => _nextArrival;

    /// <summary>Runs to the end.</summary>
    public RunResult Run()
    {
        var outcomes = new OutcomeLog(_arrivals.Length);
        _outcomes = outcomes;
        while (_nextArrival < _arrivals.Length)
            Arrive();
        Drain();
        return Result(outcomes);
    }

    /// <summary>Sends outcomes from now on elsewhere.</summary>
    internal void Report(IOutcomes outcomes) => _outcomes = outcomes;

    /// <summary>What the run so far has left behind.</summary>
    internal RunResult Result(OutcomeLog outcomes) => new()
    {
        Workload = Workload,
        Outcomes = ImmutableCollectionsMarshal.AsImmutableArray(outcomes.All),
        StepJoules = [.. _fleet.Pools.Select((_, p) => _engines.Where(e => e.PoolIndex == p).Sum(e => e.Joules(_now)))],
        IdleJoules = _gpus.Joules(_now),
        Seconds = _now,
    };

    /// <summary>Goes on until the next arrival is there, without serving it.</summary>
    internal void AdvanceToArrival() => AdvanceTo(_arrivals[_nextArrival].At);

    /// <summary>Goes on to the next arrival and serves it.</summary>
    internal void Arrive()
    {
        ref readonly var arrival = ref _arrivals[_nextArrival];
        AdvanceTo(arrival.At);
        _view.Arrived++;
        _view.PromptTokens += arrival.PromptTokens;
        _router.Arrived(arrival);
        Route(_nextArrival++, attempt: 1, default);
    }

    /// <summary>Goes on without arrivals until nothing is under way.</summary>
    internal void Drain()
    {
        var limit = _now + _options.DrainSeconds;
        while (Array.Exists(_engines, e => !e.IsEmpty) && _now < limit)
            AdvanceTo(Math.Min(limit, NextEvent()));
    }

    /// <summary>Takes over the state of another run of the same fleet and workload.</summary>
    internal void CopyFrom(Simulation other, IPolicy policy, IOutcomes outcomes)
    {
        for (var i = 0; i < _engines.Length; i++)
            _engines[i].CopyFrom(other._engines[i]);
        _gpus.CopyFrom(other._gpus);
        _router.CopyFrom(other._router);
        (_now, _nextArrival, _nextChange, _nextScrape, _nextDecision) = (other._now, other._nextArrival, other._nextChange, other._nextScrape, other._nextDecision);
        (_policy, _outcomes) = (policy, outcomes);
    }

    /// <summary>Joules until now.</summary>
    internal double Joules() => _gpus.Joules(_now) + _engines.Sum(e => e.Joules(_now));

    void IEngineEvents.FirstToken(Engine engine, int request, double now) => _router.Load(engine).Began(_arrivals[request].PromptTokens);

    void IEngineEvents.Finished(Engine engine, in Decoding sequence, double now)
    {
        ref readonly var arrival = ref _arrivals[sequence.Request];
        _router.Load(engine).Leave();
        _router.Answered(arrival);
        var at = arrival.At;
        _outcomes.Ended(sequence.Request, new Outcome(OutcomeKind.Answered, engine.PoolIndex, sequence.FirstToken - at, now - at));
    }

    private void AdvanceTo(double time)
    {
        for (var next = NextEvent(); next <= time; next = NextEvent())
            Step(next);
        _now = time;
    }

    private double NextEvent()
    {
        var next = Math.Min(_nextScrape, _nextDecision);
        if (_nextChange < _options.Changes.Length)
            next = Math.Min(next, _options.Changes[_nextChange].At);
        foreach (var engine in _engines)
            next = Math.Min(next, Math.Min(engine.RunEnd, engine.StatusUntil));
        return next;
    }

    private void Step(double time)
    {
        _now = time;
        foreach (var engine in _engines)
        {
            if (engine.RunEnd <= _now)
                EndRun(engine);
            if (engine.StatusUntil <= _now)
                SetStatus(engine, ReplicaStatus.Ready);
        }

        while (_nextChange < _options.Changes.Length && _options.Changes[_nextChange].At <= _now)
            Apply(_options.Changes[_nextChange++].Change);
        if (_nextScrape <= _now)
        {
            _router.Scrape(_now);
            _nextScrape = _now + _options.ScrapeSeconds;
        }

        if (_nextDecision <= _now)
            Decide();
    }

    private void Decide()
    {
        _nextDecision = _now + _options.Control!.IntervalSeconds;
        (_view.Now, _view.Joules) = (_now, Joules());
        _decided.Clear();
        _options.Control.Decide(_view, _decided);
        (_view.Arrived, _view.PromptTokens, _view.Rejected) = (0, 0, 0);
        foreach (var change in _decided)
            Apply(change);
    }

    private void Route(int request, int attempt, TriedReplicas tried)
    {
        for (; attempt <= _options.Attempts; attempt++)
        {
            if (_router.Choose(_policy, _arrivals[request], _now, tried) is not { } engine)
            {
                _view.Rejected++;
                _outcomes.Ended(request, new Outcome(OutcomeKind.Rejected, -1, 0, 0));
                return;
            }

            if (engine.TryEnqueue(request, attempt, _now))
            {
                _router.Load(engine).Enter();
                _router.Load(engine).Sent(_arrivals[request].PromptTokens);
                if (!engine.IsBusy)
                    BeginWork(engine);
                return;
            }

            tried.Add(_router.Load(engine));
        }

        _outcomes.Ended(request, new Outcome(OutcomeKind.Failed, -1, 0, 0));
    }

    private void BeginWork(Engine engine)
    {
        _gpus.Work(engine, +1, _now);
        CutSharers(engine);
        engine.Plan(_now, _gpus.Turns(engine));
    }

    private void EndRun(Engine engine)
    {
        var end = engine.RunEnd;
        engine.Complete(end);
        engine.Plan(end, _gpus.Turns(engine));
        if (engine.IsBusy)
            return;
        _gpus.Work(engine, -1, end);
        CutSharers(engine);
        if (engine.Status == ReplicaStatus.Draining)
            SetStatus(engine, engine.AfterDrain);
    }

    // Whoever shares a GPU gets its turn more or less often from the next step on.
    private void CutSharers(Engine engine)
    {
        foreach (var other in _sharers[engine.Index])
            other.CutShort(_now);
    }

    private void Apply(in FleetChange change)
    {
        var engine = EngineOf(change.Pool, change.Replica);
        switch (change.Action)
        {
            case FleetAction.Lose:
                Lose(engine);
                break;
            case FleetAction.Start when engine.Status == ReplicaStatus.Off:
                SetStatus(engine, ReplicaStatus.Starting, _now + engine.Pool.ColdStartSeconds);
                break;
            case FleetAction.Wake when engine.Status == ReplicaStatus.Asleep:
                SetStatus(engine, ReplicaStatus.Starting, _now + engine.Pool.Profile.WakeSeconds);
                break;
            case FleetAction.Start or FleetAction.Wake when engine.Status == ReplicaStatus.Draining:
                SetStatus(engine, ReplicaStatus.Ready);
                break;
            case FleetAction.Stop or FleetAction.Sleep when engine.Status is ReplicaStatus.Ready or ReplicaStatus.Draining:
                engine.AfterDrain = change.Action == FleetAction.Stop ? ReplicaStatus.Off : ReplicaStatus.Asleep;
                SetStatus(engine, engine.IsEmpty ? engine.AfterDrain : ReplicaStatus.Draining);
                break;
            case FleetAction.Stop when engine.Status is ReplicaStatus.Asleep or ReplicaStatus.Starting:
                SetStatus(engine, ReplicaStatus.Off);
                break;
            case FleetAction.SetPower:
                engine.Setting = change.Setting;
                engine.CutShort(_now);
                break;
        }
    }

    private void Lose(Engine engine)
    {
        if (engine.IsBusy)
        {
            _gpus.Work(engine, -1, _now);
            CutSharers(engine);
        }

        _unanswered.Clear();
        _broken.Clear();
        engine.Drop(_unanswered, _broken);
        SetStatus(engine, ReplicaStatus.Off);
        var load = _router.Load(engine);
        foreach (var request in _broken)
        {
            load.Leave();
            _outcomes.Ended(request, new Outcome(OutcomeKind.Failed, engine.PoolIndex, 0, 0));
        }

        foreach (var pending in _unanswered)
        {
            load.Leave();
            load.Began(_arrivals[pending.Request].PromptTokens);
            var tried = default(TriedReplicas);
            tried.Add(load);
            Route(pending.Request, pending.Attempt + 1, tried);
        }
    }

    private void SetStatus(Engine engine, ReplicaStatus status, double until = double.PositiveInfinity)
    {
        engine.Status = status;
        engine.StatusUntil = until;
        _gpus.Changed(engine, _now);
        _router.Refresh();
    }

    private Engine EngineOf(int pool, int replica)
    {
        foreach (var engine in _engines)
        {
            if (engine.PoolIndex == pool && engine.Replica == replica)
                return engine;
        }

        throw new InvalidFleetException($"The fleet has no replica {replica} of pool {pool}.");
    }

    private static Workload Checked(Workload workload)
    {
        ArgumentNullException.ThrowIfNull(workload);
        for (var i = 1; i < workload.Arrivals.Length; i++)
        {
            if (workload.Arrivals[i].At < workload.Arrivals[i - 1].At)
                throw new ArgumentException($"Workload {workload.Name}: arrival {i} comes before the one that it follows.", nameof(workload));
        }

        return workload;
    }
}
