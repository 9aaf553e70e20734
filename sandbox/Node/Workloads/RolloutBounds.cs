using k8s.Models;
using Ops.Sandbox.Node.Objects;

namespace Ops.Sandbox.Node.Workloads;

/// <summary>How many pods a rollout may have above and below the wanted number.</summary>
internal sealed record RolloutBounds(int MaxSurge, int MaxUnavailable)
{
    /// <summary>Percentages are of the wanted size: surge rounds up, unavailability down; both zero would stop every rollout, so one may then be down.</summary>
    public static RolloutBounds Of(V1DeploymentSpec spec)
    {
        if (spec.Strategy?.Type == "Recreate")
            return new RolloutBounds(0, 0);
        var wanted = spec.Replicas ?? 1;
        var surge = Amounts.Scaled(spec.Strategy?.RollingUpdate?.MaxSurge, wanted, roundUp: true, "25%");
        var down = Math.Min(Amounts.Scaled(spec.Strategy?.RollingUpdate?.MaxUnavailable, wanted, roundUp: false, "25%"), wanted);
        return surge == 0 && down == 0 ? new RolloutBounds(0, 1) : new RolloutBounds(surge, down);
    }
}
