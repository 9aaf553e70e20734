using System.Collections.Immutable;
using Ops.Learning;
using Ops.Picking;
using Ops.Traces;

namespace Ops.Bench.Routing;

/// <summary>
/// A replay in simulation, several times: a few milliseconds, or the moment at which metrics are read, decide who is served
/// where, and from there on a run goes its own way, so one run alone says little of what a live one may show.
/// </summary>
internal static class SimulatedReplay
{
    // The first as recorded; the others begin at another moment between two readings of the metrics, and their requests come
    // up to 10 ms later, as a busy router and generator have them.
    private const int Runs = 21;
    private const double MostDelay = 0.010;
    private static readonly SimulationOptions Options = new() { ClientsLimitOutput = true };

    /// <summary>Runs it; the first has the requests in the trace's order.</summary>
    internal static ImmutableArray<RunResult> Run(LiveSetting setting, IPolicy policy, Trace trace, TimeSpan length)
    {
        var recorded = trace.Requests.Select(request => new Arrival(request.Arrival.TotalSeconds / setting.Speedup, request.ContextTokens, request.GeneratedTokens, 0))
            .TakeWhile(arrival => arrival.At <= length.TotalSeconds).ToImmutableArray();
        return [.. Enumerable.Range(0, Runs).Select(seed => new Simulation(setting.Simulated(), policy, new Workload(trace.Name, Delayed(recorded, seed)), Options).Run())];
    }

    private static ImmutableArray<Arrival> Delayed(ImmutableArray<Arrival> recorded, int seed)
    {
        if (seed == 0)
            return recorded;
        var random = new Random(seed);
        var start = random.NextDouble() * Options.ScrapeSeconds;
        return [.. recorded.Select(arrival => arrival with { At = start + arrival.At + (MostDelay * random.NextDouble()) }).OrderBy(arrival => arrival.At)];
    }
}
