using System.Collections.Immutable;
using Ops.Profiles;

namespace Ops.Learning;

/// <summary>A pool of the simulated fleet: replicas of one model, each on GPUs of its own or shared with other pools.</summary>
public sealed record SimulatedPool
{
    /// <summary>The pool's name.</summary>
    public required string Name { get; init; }

    /// <summary>Timing and energy of one replica.</summary>
    public required ServingProfile Profile { get; init; }

    /// <summary>What the router takes for the profile, for its predictions; null for the real one.</summary>
    public ServingProfile? Believed { get; init; }

    /// <summary>Expected answer quality 0..1 by task index; index 0 is the default task.</summary>
    public required ImmutableArray<double> Quality { get; init; }

    /// <summary>
    /// One entry a replica: the indices of the fleet's GPUs that it runs on, as many as the profile has. A GPU that
    /// stands in several replicas is shared: its engines take turns, step by step.
    /// </summary>
    public required ImmutableArray<ImmutableArray<int>> Placement { get; init; }

    /// <summary>vLLM's max_num_seqs.</summary>
    public int MaxSequences { get; init; } = 256;

    /// <summary>vLLM's max_num_batched_tokens.</summary>
    public int MaxStepTokens { get; init; } = 8192;

    /// <summary>Tokens of key and value cache; null means all that fits beside the weights, which is right on GPUs of its own.</summary>
    public int? CacheTokens { get; init; }

    /// <summary>Requests that may wait in a replica; above it the engine refuses.</summary>
    public int MaxWaiting { get; init; } = 2048;

    /// <summary>Clock and power limit; null means the defaults under which the profile was measured.</summary>
    public PowerSetting? Power { get; init; }

    /// <summary>Seconds from nothing to ready. Assumption: 20 s of start and weights read at 2 GB/s.</summary>
    public double ColdStartSeconds => 20 + (Profile.WeightBytes / 2e9);

    /// <summary>The default placement: each replica on the next GPUs of its own, from <paramref name="firstGpu"/> on.</summary>
    public static ImmutableArray<ImmutableArray<int>> Apart(int replicas, int gpusEach, int firstGpu) =>
        [.. Enumerable.Range(0, replicas).Select(r => Enumerable.Range(firstGpu + (r * gpusEach), gpusEach).ToImmutableArray())];
}

/// <summary>Everything that serves one route.</summary>
/// <param name="Pools">The variants, in the route's order.</param>
/// <param name="Tasks">Task names in index order; the first is "default".</param>
public sealed record SimulatedFleet(ImmutableArray<SimulatedPool> Pools, ImmutableArray<string> Tasks)
{
    /// <summary>GPUs, used or not.</summary>
    public int GpuCount { get; } = Pools.SelectMany(p => p.Placement).SelectMany(g => g).DefaultIfEmpty(-1).Max() + 1;

    /// <summary>Replicas of all pools.</summary>
    public int ReplicaCount { get; } = Pools.Sum(p => p.Placement.Length);

    /// <summary>Checks shapes; the message names the pool.</summary>
    /// <exception cref="InvalidFleetException">A replica has not as many GPUs as its profile, weights do not fit, or qualities and tasks differ in number.</exception>
    public void Validate()
    {
        foreach (var pool in Pools)
        {
            if (pool.Quality.Length != Tasks.Length)
                throw new InvalidFleetException($"Pool {pool.Name} has {pool.Quality.Length} qualities for {Tasks.Length} tasks.");
            if (pool.Quality.Any(q => q is not (>= 0 and <= 1)))
                throw new InvalidFleetException($"Pool {pool.Name}: every quality lies between 0 and 1.");
            if (pool.Placement.Any(gpus => gpus.Length != pool.Profile.GpuCount || gpus.Distinct().Count() != gpus.Length || gpus.Any(g => g < 0)))
                throw new InvalidFleetException($"Pool {pool.Name}: every replica needs {pool.Profile.GpuCount} different GPUs.");
        }

        for (var gpu = 0; gpu < GpuCount; gpu++)
        {
            // 90 % of the memory less 2 GB, as in ServingProfile.KvCapacityTokens; cache comes out of the same room.
            var here = Pools.SelectMany(p => p.Placement.Where(g => g.Contains(gpu)).Select(_ => p)).ToList();
            var bytes = here.Sum(p => (p.Profile.WeightBytes + (CacheBytes(p, here.Count))) / p.Profile.GpuCount);
            if (here.Count > 0 && bytes > (0.9 * here[0].Profile.Gpu.MemoryBytes) - 2e9 + 1)
                throw new InvalidFleetException($"GPU {gpu}: weights and cache of {string.Join(", ", here.Select(p => p.Name))} need {bytes / 1e9:0.0} GB; set CacheTokens or move a pool.");
        }
    }

    private static double CacheBytes(SimulatedPool pool, int sharers) =>
        pool.CacheTokens is { } tokens ? tokens * pool.Profile.KvBytesPerToken
        : sharers == 1 ? pool.Profile.KvCapacityTokens * pool.Profile.KvBytesPerToken
        : throw new InvalidFleetException($"Pool {pool.Name} shares its GPUs: set CacheTokens.");
}
