using Ops.Sandbox.ShopPlan;

namespace Ops.Cli.Chaos.Recording;

/// <summary>One incident to be recorded; without an order nothing is injected.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Order">What is injected; null for a placebo.</param>
/// <param name="Second">What is injected at the same moment, in another service; null for a single fault.</param>
internal sealed record PlannedIncident(int Number, FaultOrder? Order, FaultOrder? Second = null)
{
    /// <summary>What is injected.</summary>
    public IEnumerable<FaultOrder> Orders => new[] { Order, Second }.OfType<FaultOrder>();

    /// <summary>Name of its folder: service_fault, as data sets of this kind have it; of two at once SERVICE_FAULT-SERVICE_FAULT.</summary>
    public string Folder => Order is null ? "none_placebo" : Order.Fault.Metric is null ? $"none_{Order.Fault.Name}" : string.Join('-', Orders.Select(order => $"{order.Service}_{order.Fault.Name}"));
}

/// <summary>Which incidents are recorded, by a seed alone.</summary>
internal static class Schedule
{
    // Half of the faults are severe: strong, and in one of the services that most requests depend on. They overwhelm
    // their callers, which then move more than the cause does.
    private const double LeastStrength = 0.5;
    private const double LeastSevere = 0.85;

    // Seconds in which a fault grows to its strength: some strike at once.
    private static readonly int[] Ramps = [0, 5, 10, 15];

    // Kinds that are seen in the service that has them before its callers notice: something fills, grows or is used up.
    private static readonly string[] Growing = ["cpu-hog", "memory-growth", "slow-disk", "pool-exhaustion", "lock-contention", "retry-storm", "cache-loss", "noisy-neighbour"];

    // A cascade grows in a third to five sixths of the fault's time, so that seconds lie between its first sign and its victims.
    private const double ShortestGrowth = 1 / 3.0;
    private const double LongestGrowth = 5 / 6.0;

    /// <summary>
    /// Rounds in random order: each kind of fault once, one surge, one placebo; services, strengths and ramps at random. Of
    /// cascades a round has the kinds that grow, strong and slow, in services that most requests depend on. Kinds that are
    /// named take the place of all; then a round has no surge and no placebo.
    /// </summary>
    public static IReadOnlyList<PlannedIncident> Draw(int count, int seed, TimeSpan span, bool cascades = false, IReadOnlyCollection<string>? kinds = null)
    {
        var random = new Random(seed);
        var incidents = new List<PlannedIncident>();
        FaultPlan?[] round = kinds is { Count: > 0 }
            ? [.. Faults.All.Where(fault => kinds.Contains(fault.Name))]
            : [.. Faults.All.Where(fault => !cascades || fault.Metric is null || Growing.Contains(fault.Name)), null];
        while (incidents.Count < count)
        {
            var order = round.ToArray();
            random.Shuffle(order);
            foreach (var fault in order.Take(count - incidents.Count))
                incidents.Add(new PlannedIncident(incidents.Count + 1, fault is null ? null : cascades ? DrawCascade(fault, random, span) : Draw(fault, random, span)));
        }

        return incidents;
    }

    /// <summary>Two faults at a time, drawn as single ones are and of different services.</summary>
    public static IReadOnlyList<PlannedIncident> DrawPairs(int count, int seed, TimeSpan span, bool cascades = false, IReadOnlyCollection<string>? kinds = null)
    {
        // At most one in ten draws fits no partner, so twenty a pair are plenty.
        var waiting = Draw(20 * count, seed, span, cascades, kinds).Select(incident => incident.Order).OfType<FaultOrder>().Where(order => order.Fault.Metric is not null).ToList();
        var pairs = new List<PlannedIncident>();
        while (pairs.Count < count && waiting.FindIndex(other => other.Service != waiting[0].Service && other.Fault != waiting[0].Fault) is > 0 and var partner)
        {
            pairs.Add(new PlannedIncident(pairs.Count + 1, waiting[0], waiting[partner]));
            waiting.RemoveAt(partner);
            waiting.RemoveAt(0);
        }

        return pairs;
    }

    private static FaultOrder DrawCascade(FaultPlan fault, Random random, TimeSpan span) => new(
        fault,
        fault.Targets[random.Next(Math.Max(1, fault.Targets.Count * 3 / 4))],
        Math.Round(LeastSevere + (random.NextDouble() * (1 - LeastSevere)), 2),
        TimeSpan.FromSeconds(Math.Round(span.TotalSeconds * (ShortestGrowth + (random.NextDouble() * (LongestGrowth - ShortestGrowth))))),
        span);

    private static FaultOrder Draw(FaultPlan fault, Random random, TimeSpan span)
    {
        var severe = random.Next(2) == 0;
        var targets = severe ? (fault.Targets.Count + 1) / 2 : fault.Targets.Count;
        var least = severe ? LeastSevere : LeastStrength;
        return new FaultOrder(
            fault,
            fault.Targets[random.Next(targets)],
            Math.Round(least + (random.NextDouble() * (1 - least)), 2),
            TimeSpan.FromSeconds(Ramps[random.Next(Ramps.Length)]),
            span);
    }
}
