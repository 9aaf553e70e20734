namespace Ops.Picking.Tests;

/// <summary>
/// A router with its gate and choice over simulated engines, as a discrete-event simulation: no clock, no thread, the
/// same result every time. The gate and the choice are the product's own; metrics are read once a second, as there.
/// </summary>
internal sealed class SimulatedFleet
{
    private const double ObserveEveryMs = 1_000;
    private const double TickEveryMs = 100;
    private const double HardDeadlineMs = 60_000;

    private static readonly IPolicy Policy = new LadderPolicy();

    private readonly PriorityQueue<Action, (double At, long Order)> _events = new();
    private readonly SimulatedEngine[] _engines;
    private readonly ProgramTable _programs = new();
    private readonly RouteGate? _gate;
    private readonly int? _declared;
    private RouteSnapshot _snapshot;
    private long _order;
    private uint _spread;
    private double _now;

    internal SimulatedFleet(int replicas, int slots, GateSettings? gate, int? declared = null)
    {
        _declared = declared;
        _engines = [.. Enumerable.Range(0, replicas).Select(_ => new SimulatedEngine(slots))];
        _gate = gate is null ? null : new RouteGate(gate);
        _snapshot = Observe();
    }

    internal List<SimulatedRequest> Requests { get; } = [];

    internal int MostWaiting { get; private set; }

    /// <summary>The longest queue inside an engine.</summary>
    internal int MostWaitingAtEngines { get; private set; }

    /// <summary>The gate's room at each reading of the metrics.</summary>
    internal List<int> Rooms { get; } = [];

    /// <summary>Plans a request; may be called while the simulation runs, by <see cref="SimulatedRequest.Then"/>.</summary>
    internal void Plan(SimulatedRequest request)
    {
        Requests.Add(request);
        At(request.ArrivalMs, () => Arrive(request));
    }

    internal void Run(double untilMs)
    {
        Every(ObserveEveryMs, () =>
        {
            _snapshot = Observe();
            _gate?.Observe(_snapshot, Policy, (long)_now);
            Rooms.Add(_gate?.Room ?? 0);
        });
        Every(TickEveryMs, () => _gate?.Tick((long)_now));
        while (_events.TryDequeue(out var happen, out var when) && when.At <= untilMs)
        {
            _now = when.At;
            happen();
            MostWaiting = Math.Max(MostWaiting, _gate?.Waiting ?? 0);
            MostWaitingAtEngines = Math.Max(MostWaitingAtEngines, _engines.Max(e => e.Waiting));
        }
    }

    private void At(double when, Action happen) => _events.Enqueue(happen, (when, _order++));

    private void Every(double ms, Action happen) => At(_now, () => Repeat(ms, happen));

    private void Repeat(double ms, Action happen)
    {
        happen();
        At(_now + ms, () => Repeat(ms, happen));
    }

    private RouteSnapshot Observe() => RouteSnapshot.Create("default/simulated", Objective.Default, [RouteSnapshot.DefaultTask],
    [
        new VariantState { Pool = "simulated", Quality = [1], MaxSequences = _declared, Replicas = [.. _engines.Select((e, i) => Observe(e, i))] },
    ]);

    private ReplicaState Observe(SimulatedEngine engine, int index) => new()
    {
        Name = $"engine-{index}",
        Address = $"http://127.0.0.{index + 1}",
        Load = engine.Load,
        ObservedAtMs = (long)_now,
        OwnAtObservation = engine.Load.InFlight,
        Running = engine.Running,
        Waiting = engine.Waiting,
        MeanOutputTokens = engine.MeanOutputTokens,
    };

    private void Arrive(SimulatedRequest request)
    {
        if (_gate is null)
        {
            Send(request, null, null);
            return;
        }

        var tenant = _gate.TenantOf(request.Tenant, request.Weight, (long)_now);
        request.Refused = _gate.Shed(request.Priority).Reason;
        if (request.Refused != RefusalReason.None)
            return;
        if (_gate.TryEnter(tenant))
        {
            Send(request, tenant, null);
            return;
        }

        request.Refused = _gate.Wait(new Waiter(this, request)
        {
            Tenant = tenant,
            Priority = request.Priority,
            ArrivedAtMs = (long)_now,
            GivesUpAtMs = (long)(_now + HardDeadlineMs),
            Cost = ServiceCost.Of(request.PromptTokens, request.ExpectedOutputTokens),
            Length = ServiceCost.Length(request.PromptTokens, request.ExpectedOutputTokens),
            ProgramLength = request.Program is { } program ? _programs.ServiceOf(request.Tenant, program) : 0,
        }, (long)_now).Reason;
    }

    private void Send(SimulatedRequest request, TenantShare? tenant, WaitingRequest? waited)
    {
        var features = new RequestFeatures { PromptTokens = request.PromptTokens, NowMs = (long)_now, Streaming = true, Spread = _spread++ };
        var choice = Chooser.Choose(_snapshot, Policy, features, default);
        choice.Kind.ShouldBe(ChoiceKind.Chosen);
        var engine = _engines[choice.Replica];
        engine.Load.Enter();
        request.SentMs = _now;
        request.Release = () =>
        {
            engine.Load.Leave();
            if (request.Program is { } program)
                _programs.Add(request.Tenant, program, ServiceCost.Length(request.PromptTokens, request.OutputTokens));
            if (tenant is not null)
                _gate!.Leave(tenant, waited, ServiceCost.Of(request.PromptTokens, request.OutputTokens));
        };
        engine.Add(request);
        Step(engine);
    }

    private void Step(SimulatedEngine engine)
    {
        if (engine.Stepping || engine.BeginStep() is not { } ms)
            return;
        At(_now + ms, () =>
        {
            foreach (var done in engine.EndStep(_now))
            {
                done.DoneMs = _now;
                done.Release!();
                done.Then?.Invoke(_now);
            }

            Step(engine);
        });
    }

    private sealed class Waiter(SimulatedFleet fleet, SimulatedRequest request) : WaitingRequest
    {
        protected internal override void End(WaitEnd end)
        {
            request.Gone = end;
            // Not from inside the gate: what it starts is an event of its own, at the same moment.
            if (end == WaitEnd.Started)
                fleet.At(fleet._now, () => fleet.Send(request, Tenant, this));
        }
    }
}
