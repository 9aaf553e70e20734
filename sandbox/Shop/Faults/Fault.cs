using System.Text.Json.Serialization;
using Ops.Sandbox.Shop.Running;
using Ops.Sandbox.Shop.Users;

namespace Ops.Sandbox.Shop.Faults;

/// <summary>What was asked for at /chaos.</summary>
/// <param name="Fault">Name of the kind.</param>
/// <param name="Strength">0 (none) to 1 (as bad as the kind gets).</param>
/// <param name="RampSeconds">Time in which it grows from nothing to its strength.</param>
/// <param name="ForSeconds">It ends by itself after this.</param>
internal sealed record FaultOrder(string Fault, double Strength = 1, double RampSeconds = 0, double ForSeconds = 120)
{
    /// <summary>No fault outlives an hour: a forgotten one ends.</summary>
    public const double MostSeconds = 3600;

    /// <summary>Why the order cannot be carried out; null if it can.</summary>
    [JsonIgnore]
    public string? Problem => this switch
    {
        { Strength: not (> 0 and <= 1) } => $"strength must be above 0 and at most 1, not {Strength}.",
        { RampSeconds: not (>= 0 and <= MostSeconds) } => $"rampSeconds must be from 0 to {MostSeconds}, not {RampSeconds}.",
        { ForSeconds: not (> 0 and <= MostSeconds) } => $"forSeconds must be above 0 and at most {MostSeconds}, not {ForSeconds}.",
        _ => null,
    };
}

/// <summary>What a fault can reach of a process.</summary>
/// <param name="Service">The service; null in the load generator.</param>
/// <param name="Relay">What stands in front of it.</param>
/// <param name="Users">The load generator's users; null in a service.</param>
/// <param name="RunJob">Runs the service's job once; null where it has none.</param>
/// <param name="Time">The clock.</param>
internal sealed record Reach(Service? Service, Relay Relay, UserLoad? Users, Func<Task>? RunJob, TimeProvider Time);

/// <summary>One kind of fault: does its harm until it is cancelled, and then puts everything back.</summary>
internal interface IFault
{
    /// <summary>Runs until cancelled; <paramref name="intensity"/> is 0 to 1 at this moment.</summary>
    Task RunAsync(Func<double> intensity, CancellationToken cancellation);
}

/// <summary>Each kind of fault by its name, where it has what it needs.</summary>
internal static class FaultTable
{
    /// <summary>The fault; null where this process has not what it acts on.</summary>
    public static IFault? Create(string name, Reach reach) => (name, reach) switch
    {
        ("cpu-hog", { Service: { } service }) => new CpuHog(service.Core, reach.Time),
        ("memory-growth", { Service: { } service }) => new MemoryGrowth(service.Ballast, reach.Time),
        ("slow-disk", { Service: { } service }) => new Adjustment(reach.Time, intensity => service.Disk.BytesPerSecond = DiskRate(intensity), () => service.Disk.BytesPerSecond = null),
        ("slow-dependency", { Service: { } service }) => new Adjustment(reach.Time, intensity => service.ExtraWait = TimeSpan.FromMilliseconds(500 * intensity), () => service.ExtraWait = TimeSpan.Zero),
        ("packet-delay", _) => new Adjustment(reach.Time, intensity => reach.Relay.Delay = TimeSpan.FromMilliseconds(200 * intensity), () => reach.Relay.Delay = TimeSpan.Zero),
        ("pool-exhaustion", { Service: { Callees.Count: > 0 } service }) => new PoolExhaustion(service.Callees[service.Plan.Callees[0]].Pool, reach.Time),
        ("lock-contention", { Service: { } service }) => new LockContention(service.Lock, reach.Time),
        ("retry-storm", { Service: { Callees.Count: > 0 } service }) => new RetryStorm([.. service.Callees.Values], reach.Time),
        ("cache-loss", { Service: { } service }) => new Adjustment(reach.Time, intensity => service.Cache.Loss = intensity, () => service.Cache.Loss = 0),
        ("noisy-neighbour", { Service: { } service, RunJob: { } job }) => new NoisyNeighbour(job, service.Plan.Workers, reach.Time),
        (ShopPlan.Faults.Surge, { Users: { } users }) => new Adjustment(reach.Time, intensity => users.Surge = 1 + (2 * intensity), () => users.Surge = 1),
        _ => null,
    };

    // 400 KB/s makes a commit of 2 KB take 5 ms; 4 KB/s makes it half a second, which is slower than commits come in.
    private static double DiskRate(double intensity) => (400_000 * (1 - intensity) * (1 - intensity)) + 4_000;
}
