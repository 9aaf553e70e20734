using System.Runtime.InteropServices;
using Ops.Profiles;

namespace Ops.Learning;

/// <summary>Acts on the simulated fleet once an interval, as an operator with a planner would.</summary>
public interface IFleetControl
{
    /// <summary>Seconds between two decisions, above 0.</summary>
    double IntervalSeconds { get; }

    /// <summary>Looks at the fleet and adds what is to be changed now.</summary>
    void Decide(FleetView fleet, ICollection<FleetChange> changes);
}

/// <summary>The fleet at one moment. Valid only during the call.</summary>
public sealed class FleetView
{
    private readonly Func<int, int, ReplicaView> _read;

    internal FleetView(SimulatedFleet fleet, Func<int, int, ReplicaView> read)
    {
        Fleet = fleet;
        _read = read;
    }

    /// <summary>The fleet as built.</summary>
    public SimulatedFleet Fleet { get; }

    /// <summary>Seconds since the start of the run.</summary>
    public double Now { get; internal set; }

    /// <summary>Requests that arrived since the last decision.</summary>
    public int Arrived { get; internal set; }

    /// <summary>Their prompt tokens.</summary>
    public long PromptTokens { get; internal set; }

    /// <summary>Requests rejected since the last decision.</summary>
    public int Rejected { get; internal set; }

    /// <summary>Joules of the whole fleet since the start.</summary>
    public double Joules { get; internal set; }

    /// <summary>A replica now.</summary>
    public ReplicaView Replica(int pool, int replica) => _read(pool, replica);
}

/// <summary>A replica at one moment.</summary>
/// <param name="Status">Where it stands.</param>
/// <param name="Running">Requests in its batch.</param>
/// <param name="Waiting">Requests in its queue.</param>
/// <param name="BusySeconds">Seconds with work since the start of the run.</param>
/// <param name="GeneratedTokens">Output tokens since the start of the run.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct ReplicaView(ReplicaStatus Status, int Running, int Waiting, double BusySeconds, long GeneratedTokens)
{
    /// <summary>What its metrics would show; without joules, since idle watts are the GPUs'.</summary>
    public EngineCounters Counters { get; init; }
}
