using Ops.Api;
using Ops.Learning;
using Ops.Operator.Energy;
using Ops.Planning.Fleet;
using Ops.Profiles;

namespace Ops.Bench.Energy;

/// <summary>Which knobs a run may turn.</summary>
/// <param name="Scales">The number of replicas follows the load.</param>
/// <param name="Clocks">Clocks go down.</param>
/// <param name="LeastQuality">Floor of the mean quality; null for quality first.</param>
/// <param name="Sleeps">Those that go sleep, and wake in weights / (25 GB/s a GPU); else their pods end, and come back by a cold start.</param>
internal sealed record Knobs(bool Scales, bool Clocks, double? LeastQuality = null, bool Sleeps = true);

/// <summary>The operator's planner over a simulated fleet: the same forecast, power levels and plan as in a cluster.</summary>
internal sealed class PlannedFleet : IFleetControl
{
    private readonly SimulatedFleet fleet;
    private readonly Knobs knobs;
    private readonly IReadOnlyList<PowerLevel>[] levels;
    private readonly int[] replicas;
    private readonly int[] fixedAt;
    private readonly DemandForecast forecast = new(TimeSpan.FromMinutes(1));
    private readonly PoolPlanStatus?[] previous;
    private FleetMemory memory = FleetMemory.Empty;

    /// <summary>Plans a fleet.</summary>
    /// <param name="fleet">The fleet.</param>
    /// <param name="knobs">What may be changed.</param>
    /// <param name="shape">Mean request and objective.</param>
    /// <param name="sizedFor">Without scaling: the replicas are those of a plan for this many requests a second.</param>
    public PlannedFleet(SimulatedFleet fleet, Knobs knobs, RequestShape shape, double sizedFor)
    {
        (this.fleet, this.knobs) = (fleet, knobs);
        levels = [.. fleet.Pools.Select(pool => PowerLevels.Of(pool.Profile, null, shape))];
        previous = new PoolPlanStatus?[fleet.Pools.Length];
        replicas = [.. fleet.Pools.Select(_ => 0)];
        var peak = FleetPlanner.Plan(Observation(0, new(sizedFor, sizedFor), (_, _) => 0, scales: true, sleeps: false), FleetMemory.Empty);
        fixedAt = [.. fleet.Pools.Select(pool => peak.Pools[pool.Name].Scale ?? 0)];
        fixedAt.CopyTo(replicas, 0);
        if (!knobs.Sleeps)
            return;
        for (var p = 0; p < previous.Length; p++)
            previous[p] = new() { Replicas = fleet.Pools[p].Placement.Length, Awake = fixedAt[p] };
    }

    /// <inheritdoc/>
    public double IntervalSeconds => 15;

    /// <summary>Replicas of each pool at the start.</summary>
    public IReadOnlyList<int> AtStart => fixedAt;

    /// <summary>GPU seconds under power.</summary>
    public double AwakeGpuSeconds { get; private set; }

    /// <summary>The most GPUs under power at once.</summary>
    public int MostAwakeGpus { get; private set; }

    /// <summary>What a replica that is not needed is.</summary>
    public ReplicaStatus Down => knobs.Sleeps ? ReplicaStatus.Asleep : ReplicaStatus.Off;

    /// <inheritdoc/>
    public void Decide(FleetView fleet, ICollection<FleetChange> changes)
    {
        forecast.Observe(DateTimeOffset.UnixEpoch.AddSeconds(fleet.Now), fleet.Arrived / IntervalSeconds);
        var plan = FleetPlanner.Plan(
            Observation(fleet.Now, forecast.Outlook(), (pool, status) => Count(fleet, pool, status), knobs.Scales, knobs.Scales && knobs.Sleeps), memory);
        memory = plan.Memory;
        var awake = 0;
        for (var p = 0; p < this.fleet.Pools.Length; p++)
        {
            var target = plan.Pools[this.fleet.Pools[p].Name];
            previous[p] = target.Plan;
            replicas[p] = target.Plan?.Awake ?? target.Scale ?? fixedAt[p];
            Steer(fleet, p, target.Plan, changes);
            awake += this.fleet.Pools[p].Profile.GpuCount * (this.fleet.Pools[p].Placement.Length - Count(fleet, p, Down));
        }

        AwakeGpuSeconds += awake * IntervalSeconds;
        MostAwakeGpus = Math.Max(MostAwakeGpus, awake);
    }

    private void Steer(FleetView view, int pool, PoolPlanStatus? plan, ICollection<FleetChange> changes)
    {
        var gpu = fleet.Pools[pool].Profile.Gpu;
        var setting = new PowerSetting(plan?.ClockMHz ?? gpu.MaxClockMHz, plan?.PowerLimitWatts ?? gpu.MaxPowerLimitWatts);
        // Those that already run or start stay; others wake from the lowest number on.
        var order = Enumerable.Range(0, fleet.Pools[pool].Placement.Length)
            .OrderBy(replica => view.Replica(pool, replica).Status switch { ReplicaStatus.Ready => 0, ReplicaStatus.Starting => 1, ReplicaStatus.Draining => 2, _ => 3 })
            .ThenBy(replica => replica)
            .ToArray();
        for (var i = 0; i < order.Length; i++)
        {
            changes.Add(new(FleetAction.SetPower, pool, order[i]) { Setting = setting });
            changes.Add(new((i < replicas[pool], knobs.Sleeps) switch { (true, true) => FleetAction.Wake, (true, false) => FleetAction.Start, (false, true) => FleetAction.Sleep, _ => FleetAction.Stop }, pool, order[i]));
        }
    }

    private FleetObservation Observation(double now, DemandOutlook demand, Func<int, ReplicaStatus, int> count, bool scales, bool sleeps) => new()
    {
        Now = DateTimeOffset.UnixEpoch.AddSeconds(now),
        Pools = [.. fleet.Pools.Select((pool, p) => new PoolState
        {
            Key = pool.Name,
            Objective = scales ? ScalingObjectives.Energy : ScalingObjectives.Fixed,
            Min = 0,
            Max = pool.Placement.Length,
            Sleeps = sleeps,
            Replicas = sleeps ? pool.Placement.Length : replicas[p],
            Existing = pool.Placement.Length - (sleeps ? 0 : count(p, Down)),
            Asleep = sleeps ? count(p, Down) : 0,
            // Planned as if whoever sleeps drew nothing, so that one run can be priced at any watts of sleep.
            SleepWatts = 0,
            Ready = count(p, ReplicaStatus.Ready),
            Levels = levels[p],
            MayLowerClock = knobs.Clocks,
            AsksForPower = true,
            Start = Start(knobs.Sleeps ? pool.Profile.WakeSeconds : pool.ColdStartSeconds, pool.Profile.IdleWatts),
            RequestsPerSecond = demand.Expected,
            Previous = previous[p],
        })],
        Routes = [new("route", demand, [.. fleet.Pools.Select(pool => new VariantChoice(pool.Name, pool.Quality[0]))], LeastQuality: knobs.LeastQuality)],
    };

    private static StartCost Start(double seconds, double watts) => new(TimeSpan.FromSeconds(seconds), seconds * watts);

    private int Count(FleetView view, int pool, ReplicaStatus status) =>
        Enumerable.Range(0, fleet.Pools[pool].Placement.Length).Count(replica => view.Replica(pool, replica).Status == status);
}
