using Ops.Picking;

namespace Ops.Learning;

/// <summary>
/// What each choice for one request would lead to: the run is copied, the choice is made, a rule makes all later ones on
/// the same arrivals, and the quality that is delivered is summed up.
/// </summary>
internal sealed class Rollouts
{
    /// <summary>Seconds of arrivals that a choice is judged by: those that live outcomes are counted over, since they correct what rollouts taught.</summary>
    public const double Horizon = OutcomeRing.WindowSeconds;

    private readonly SimulatedFleet _fleet;
    private readonly Arrival[] _arrivals;
    private readonly Simulation _fork;
    private readonly Forced _policy;
    private readonly DeliveredSum _sum;
    private readonly double _horizon;
    private readonly double _energyWeight;

    /// <param name="fleet">The fleet of the runs to be copied.</param>
    /// <param name="arrivals">Their workload.</param>
    /// <param name="options">Their options.</param>
    /// <param name="objective">The objective that delivered quality is measured by.</param>
    /// <param name="rule">Makes the later choices.</param>
    /// <param name="horizon">Seconds of arrivals after the choice; what has arrived by then is run to its end.</param>
    /// <param name="energyWeight">Quality by joule.</param>
    public Rollouts(SimulatedFleet fleet, Arrival[] arrivals, SimulationOptions options, Objective objective, IPolicy rule, double horizon, double energyWeight)
    {
        _fleet = fleet;
        _arrivals = arrivals;
        _policy = new Forced(rule);
        _sum = new DeliveredSum(fleet, arrivals, objective);
        _fork = new Simulation(fleet, _policy, arrivals, options, _sum);
        _horizon = horizon;
        _energyWeight = energyWeight;
    }

    /// <summary>Choices in a row of returns: the variants, and last to reject.</summary>
    public int Actions => _fleet.Pools.Length + 1;

    /// <summary>Fills in the return of each choice for the next arrival; not a number where the choice is not open.</summary>
    /// <param name="run">Advanced to that arrival; unchanged.</param>
    /// <param name="returns">One entry a choice.</param>
    public void Returns(Simulation run, Span<double> returns)
    {
        var joules = run.Joules();
        for (var action = 0; action < returns.Length; action++)
        {
            _sum.Value = 0;
            _fork.CopyFrom(run, _policy, _sum);
            _policy.Force(action == _fleet.Pools.Length ? Forced.Reject : action);
            _fork.Arrive();
            if (!_policy.WasPossible)
            {
                returns[action] = double.NaN;
                continue;
            }

            var until = run.Now + _horizon;
            while (_fork.NextArrival < _arrivals.Length && _arrivals[_fork.NextArrival].At <= until)
                _fork.Arrive();
            _fork.Drain();
            returns[action] = _sum.Value - (_energyWeight * (_fork.Joules() - joules));
        }
    }

    private sealed class DeliveredSum(SimulatedFleet fleet, Arrival[] arrivals, Objective objective) : IOutcomes
    {
        public double Value { get; set; }

        public void Ended(int request, in Outcome outcome) => Value += Score.Delivered(outcome, arrivals[request], fleet, objective);
    }
}

/// <summary>A policy whose next choice is made for it.</summary>
internal sealed class Forced(IPolicy then) : IPolicy
{
    public const int Reject = -1;
    private const int Nothing = -2;

    private int _next = Nothing;

    public string Name => then.Name;

    /// <summary>Whether the forced choice could be made.</summary>
    public bool WasPossible { get; private set; }

    /// <summary>Makes the next choice; admission may still turn the request away before it.</summary>
    public void Force(int variant) => (_next, WasPossible) = (variant, variant == Reject);

    public bool Considers(RouteSnapshot snapshot, int variant) => true;

    public int Choose(RouteSnapshot snapshot, in RequestFeatures request, ReadOnlySpan<VariantOutlook> outlooks)
    {
        if (_next == Nothing)
            return then.Choose(snapshot, request, outlooks);
        var forced = _next;
        _next = Nothing;
        WasPossible = forced == Reject || outlooks[forced].Open;
        return forced == Reject || WasPossible ? forced : Reject;
    }
}
