using Ops.Neural;
using Ops.Picking;

namespace Ops.Learning;

/// <summary>
/// Takes what a network thinks best, and in a share of the choices any that is open; remembers every choice. The rule's own
/// choice has the advantage 0.
/// </summary>
internal sealed class Explorer(Network advantage, PricePolicy rule, ChoiceMemory memory, Random random, double share) : IPolicy
{
    private readonly float[] _rows = new float[memory.Actions * PolicyFeatures.Count];
    private readonly bool[] _open = new bool[memory.Actions];
    private readonly float[] _answer = new float[1];
    private readonly List<int> _requests = [];
    private readonly List<double> _joules = [];

    public string Name => "explorer";

    /// <summary>The request that is routed next.</summary>
    public int Request { get; set; }

    public bool Considers(RouteSnapshot snapshot, int variant) => true;

    /// <summary>Runs a stream and closes its part of the memory.</summary>
    public void Run(SimulatedStream stream, SimulationOptions options)
    {
        _requests.Clear();
        _joules.Clear();
        var arrivals = stream.Workload.Arrivals;
        var log = new OutcomeLog(arrivals.Length);
        var run = new Simulation(stream.Fleet, this, stream.Workload, stream.Options(options));
        run.Report(log);
        while (run.NextArrival < arrivals.Length)
        {
            Request = run.NextArrival;
            run.Arrive();
        }

        run.Drain();
        memory.Close(_requests.Select((request, i) =>
            (float)(Score.Delivered(log.All[request], arrivals[request], stream.Fleet, stream.Objective) - (rule.EnergyWeight * _joules[i]))));
    }

    public int Choose(RouteSnapshot snapshot, in RequestFeatures request, ReadOnlySpan<VariantOutlook> outlooks)
    {
        var rejecting = memory.Actions - 1;
        var preferred = LearnedPolicy.Describe(rule, snapshot, request, outlooks, _rows);
        preferred = preferred < 0 ? rejecting : preferred;
        for (var action = 0; action < _open.Length; action++)
            _open[action] = action == rejecting || outlooks[action].Open;
        var taken = random.NextDouble() < share ? Any() : Best(preferred);
        memory.Add(_rows, _open, preferred, taken);
        _requests.Add(Request);
        _joules.Add(taken == rejecting ? 0 : outlooks[taken].MarginalJoules);
        return taken == rejecting ? -1 : taken;
    }

    private int Any()
    {
        int action;
        do
            action = random.Next(_open.Length);
        while (!_open[action]);
        return action;
    }

    private int Best(int preferred)
    {
        var (best, most) = (preferred, 0f);
        for (var action = 0; action < _open.Length; action++)
        {
            if (action == preferred || !_open[action])
                continue;
            advantage.Predict(_rows.AsSpan(action * PolicyFeatures.Count, PolicyFeatures.Count), _answer);
            if (_answer[0] > most)
                (best, most) = (action, _answer[0]);
        }

        return best;
    }
}
