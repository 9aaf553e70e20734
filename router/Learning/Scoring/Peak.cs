using Ops.Picking;

namespace Ops.Learning;

/// <summary>The most that a request could deliver: the best variant for its task, alone on a replica.</summary>
internal sealed class Peak(SimulatedFleet fleet, Objective objective)
{
    private readonly int[] _best =
    [
        .. Enumerable.Range(0, fleet.Tasks.Length).Select(task => Enumerable.Range(0, fleet.Pools.Length).MaxBy(p => fleet.Pools[p].Quality[task])),
    ];

    public double Of(in Arrival arrival)
    {
        var pool = fleet.Pools[_best[arrival.Task]];
        var power = pool.Power ?? pool.Profile.Gpu.Default;
        var first = pool.Profile.Step(1, arrival.PromptTokens, power).Seconds;
        var completion = first + ((arrival.OutputTokens - 1) * pool.Profile.DecodeStep(1, power).Seconds);
        return pool.Quality[arrival.Task] * Score.Worth(first, completion, objective);
    }
}
