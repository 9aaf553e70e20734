namespace Ops.Planning.Pools;

/// <summary>One engine of a pool whose replicas sleep.</summary>
/// <param name="Name">The pod's name, with /N for engine N of it; as routers name it.</param>
/// <param name="Asleep">What it says of itself; null where it did not answer.</param>
/// <param name="InFlight">Requests that run or wait in it; null where it did not say.</param>
public sealed record SleeperView(string Name, bool? Asleep, double? InFlight);

/// <summary>Which engines sleep.</summary>
/// <param name="Sleeping">Those that routers must leave alone, by name in order: asleep, on their way to it, or being woken.</param>
/// <param name="ToSleep">Those to be put to sleep now.</param>
/// <param name="ToWake">Those to be woken now.</param>
/// <param name="Quiet">Goes into the next round: those that could have been put to sleep.</param>
public sealed record SleepPlan(IReadOnlyList<string> Sleeping, IReadOnlyList<string> ToSleep, IReadOnlyList<string> ToWake, IReadOnlySet<string> Quiet)
{
    /// <summary>Nobody sleeps.</summary>
    public static readonly SleepPlan None = new([], [], [], new HashSet<string>());
}

/// <summary>
/// From how many are to be awake to which ones, one step at a time so that no request meets an engine that sleeps: it is taken
/// from the routers first, put to sleep once it had nothing to do in two rounds, and given back to them only when it says that
/// it is awake. Pure, and what is marked survives a restart in the pool's status.
/// </summary>
public static class SleepPlanner
{
    /// <summary>Plans a round.</summary>
    /// <param name="engines">The pool's engines that are ready.</param>
    /// <param name="awake">How many of them are to be awake.</param>
    /// <param name="marked">Those that routers leave alone already.</param>
    /// <param name="quiet">What the last round said.</param>
    /// <param name="most">Bound of <see cref="SleepPlan.Sleeping"/>.</param>
    public static SleepPlan Plan(IReadOnlyList<SleeperView> engines, int awake, IReadOnlySet<string> marked, IReadOnlySet<string> quiet, int most)
    {
        // Who serves goes on, then who can serve at once: a router that holds requests wakes engines by itself.
        var order = engines.OrderBy(engine => engine.Asleep == true ? 2 : marked.Contains(engine.Name) ? 1 : 0).ThenBy(engine => engine.Name, StringComparer.Ordinal).ToList();
        var served = order.Take(Math.Max(awake, order.Count - most)).ToList();
        var spared = order.Skip(served.Count).ToList();
        // One that does not answer may sleep: it stays marked until it says that it is awake.
        var waking = served.Where(engine => engine.Asleep == true || (engine.Asleep is null && marked.Contains(engine.Name)));
        var idle = spared.Where(engine => engine is { Asleep: false, InFlight: 0 } && marked.Contains(engine.Name)).Select(engine => engine.Name).ToHashSet(StringComparer.Ordinal);
        return new(
            [.. waking.Concat(spared).Select(engine => engine.Name).Order(StringComparer.Ordinal)],
            [.. idle.Where(quiet.Contains).Order(StringComparer.Ordinal)],
            [.. served.Where(engine => engine.Asleep == true).Select(engine => engine.Name)],
            idle);
    }
}
