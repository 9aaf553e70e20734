using System.Collections.Immutable;
using Ops.Picking;

namespace Ops.Learning;

/// <summary>
/// The router of a simulated run: the same snapshot, features and choice as in the real one, from what a real one can
/// see: each replica's counters once an interval, and its own requests in flight.
/// </summary>
internal sealed class RouterView
{
    private readonly SimulatedFleet _fleet;
    private readonly SimulationOptions _options;
    private readonly Engine[] _engines;
    private readonly ReplicaState[] _states;
    private readonly ObservationWindow[] _windows;
    private readonly ServingCurve[] _curves;
    private readonly ArrivalRateEstimator _rates = new();
    private OnlineLengthEstimator? _lengths;
    private bool _observesLengths = true;
    private readonly int[][] _ready;
    private readonly int[] _firstEngine;
    private RouteSnapshot _snapshot;
    private uint _spread;

    public RouterView(SimulatedFleet fleet, SimulationOptions options, Engine[] engines)
    {
        _fleet = fleet;
        _options = options;
        _engines = engines;
        _lengths = options.LearnsLengths ? new OnlineLengthEstimator() : null;
        _windows = [.. engines.Select(_ => new ObservationWindow())];
        _curves = [.. fleet.Pools.Select(p => CurveOf(p))];
        ReplicaLoad[] loads = [.. engines.Select(_ => new ReplicaLoad())];
        _states = [.. engines.Select(e => new ReplicaState { Name = $"{e.Pool.Name}-{e.Replica}", Address = "", Load = loads[e.Index], Neighbours = Neighbours(e, loads) })];
        _ready = new int[fleet.Pools.Length][];
        _firstEngine = [.. fleet.Pools.Select((_, p) => fleet.Pools.Take(p).Sum(q => q.Placement.Length))];
        FindReady();
        _snapshot = RouteSnapshot.Create("simulated", options.Objective, fleet.Tasks, Variants());
    }

    public ReplicaLoad Load(Engine engine) => _states[engine.Index].Load;

    /// <summary>A request has come.</summary>
    public void Arrived(in Arrival arrival) => _rates.Record(ToMs(arrival.At), arrival.PromptTokens);

    /// <summary>A request has got its whole answer.</summary>
    public void Answered(in Arrival arrival)
    {
        if (_observesLengths)
            _lengths?.Observe(Length(arrival), arrival.OutputTokens);
    }

    /// <summary>Reads every ready replica's counters.</summary>
    public void Scrape(double now)
    {
        var nowMs = ToMs(now);
        foreach (var engine in _engines)
        {
            if (engine.Status is not (ReplicaStatus.Ready or ReplicaStatus.Draining))
                continue;
            ref var state = ref _states[engine.Index];
            state = _windows[engine.Index].Add(engine.Sample(now), nowMs, state.Load.InFlight).Describe(state);
        }

        Publish();
    }

    /// <summary>Makes changed endpoints visible to choices.</summary>
    public void Refresh()
    {
        FindReady();
        Publish();
    }

    /// <summary>Chooses; null engine when the request is rejected.</summary>
    public Engine? Choose(IPolicy policy, in Arrival arrival, double now, in TriedReplicas tried)
    {
        var request = new RequestFeatures
        {
            Task = arrival.Task,
            PromptTokens = arrival.PromptTokens,
            MaxTokens = Limit(arrival),
            ExpectedOutputTokens = _lengths?.Predict(Length(arrival)) ?? 0,
            Streaming = true,
            NowMs = ToMs(now),
            Rates = _rates.Read(ToMs(now)),
            IsRetry = tried.Count > 0,
            ElapsedSeconds = now - arrival.At,
            Spread = ++_spread,
        };
        var choice = Chooser.Choose(_snapshot, policy, request, tried);
        return choice.Kind == ChoiceKind.Chosen ? _engines[_ready[choice.Variant][choice.Replica]] : null;
    }

    public void CopyFrom(RouterView other)
    {
        for (var i = 0; i < _states.Length; i++)
        {
            var load = _states[i].Load;
            load.CopyFrom(other._states[i].Load);
            _states[i] = other._states[i] with { Load = load, Neighbours = _states[i].Neighbours };
            _windows[i].CopyFrom(other._windows[i]);
        }

        _spread = other._spread;
        _rates.CopyFrom(other._rates);
        // It predicts by what the original has learned, and adds nothing: the original would then know answers of the future.
        (_lengths, _observesLengths) = (other._lengths, false);
        Refresh();
    }

    private int? Limit(in Arrival arrival) => _options.ClientsLimitOutput ? arrival.OutputTokens : null;

    // The task is a part of the route in the real router's features; tenants, templates and sessions are not simulated.
    private LengthFeatures Length(in Arrival arrival) => new() { Route = (ulong)arrival.Task + 1, PromptTokens = arrival.PromptTokens, MaxTokens = Limit(arrival), Streaming = true };

    private void Publish() => _snapshot = _snapshot.WithVariants(Variants());

    private void FindReady()
    {
        for (var pool = 0; pool < _ready.Length; pool++)
            _ready[pool] = [.. Enumerable.Range(_firstEngine[pool], _fleet.Pools[pool].Placement.Length).Where(e => _engines[e].Status == ReplicaStatus.Ready)];
    }

    private ImmutableArray<VariantState> Variants()
    {
        var variants = ImmutableArray.CreateBuilder<VariantState>(_fleet.Pools.Length);
        for (var pool = 0; pool < _fleet.Pools.Length; pool++)
        {
            variants.Add(new VariantState
            {
                Pool = _fleet.Pools[pool].Name,
                Quality = _fleet.Pools[pool].Quality,
                Curve = _curves[pool],
                Replicas = [.. _ready[pool].Select(e => _states[e])],
            });
        }

        return variants.MoveToImmutable();
    }

    private ImmutableArray<Neighbour> Neighbours(Engine engine, ReplicaLoad[] loads) =>
        [.. _engines.Where(other => other != engine && other.SharesWith(engine)).Select(other => new Neighbour(loads[other.Index], _curves[other.PoolIndex].SecondsPerPromptToken))];

    private static ServingCurve CurveOf(SimulatedPool pool)
    {
        var profile = pool.Believed ?? pool.Profile;
        var table = profile.Tabulate(pool.Power ?? profile.Gpu.Default, pool.MaxSequences);
        return new ServingCurve(table.StepSeconds, table.StepJoules, profile.IdleWatts, table.SecondsPerPromptToken, table.JoulesPerPromptToken);
    }

    private static long ToMs(double seconds) => (long)(seconds * 1000);
}
