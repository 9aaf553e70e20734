using System.Collections.Immutable;
using Ops.Picking;
using Ops.Profiles;

namespace Ops.Learning;

/// <summary>What a run needs besides fleet, policy and workload.</summary>
public sealed record SimulationOptions
{
    /// <summary>The objective that the router acts on. Scores may use another one.</summary>
    public Objective Objective { get; init; } = Objective.Default;

    /// <summary>Seconds between two looks of the router at a replica.</summary>
    public double ScrapeSeconds { get; init; } = 1;

    /// <summary>Whether clients send the answer's length as their limit on output tokens, as a replay of a trace does.</summary>
    public bool ClientsLimitOutput { get; init; }

    /// <summary>
    /// Whether the router learns answer lengths from finished requests, as the real one does; else it expects each replica's
    /// mean. Costs about a microsecond a request.
    /// </summary>
    public bool LearnsLengths { get; init; } = true;

    /// <summary>Attempts of one request before its first token, 1 to <see cref="TriedReplicas.Capacity"/>.</summary>
    public int Attempts { get; init; } = 2;

    /// <summary>Watts of a GPU whose models all sleep; a claim about sleep must sweep it.</summary>
    public double SleepWatts { get; init; } = GpuProduct.H100.SleepWatts;

    /// <summary>Replicas that are not ready at the start, with what they are instead.</summary>
    public ImmutableDictionary<(int Pool, int Replica), ReplicaStatus> Initially { get; init; } = ImmutableDictionary<(int, int), ReplicaStatus>.Empty;

    /// <summary>Changes to the fleet, in order of time.</summary>
    public ImmutableArray<ScheduledChange> Changes { get; init; } = [];

    /// <summary>A planner over the fleet; null for none.</summary>
    public IFleetControl? Control { get; init; }

    /// <summary>After the last arrival a run goes on until all is answered, at most this long; what is left then failed.</summary>
    public double DrainSeconds { get; init; } = 600;
}
