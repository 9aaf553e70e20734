using Ops.Sandbox.Shop.Running;

namespace Ops.Sandbox.Shop.Faults;

/// <summary>Takes the service's core for 40 ms at a time, again and again: requests wait in between.</summary>
internal sealed class CpuHog(Core core, TimeProvider time) : IFault
{
    private const int SliceMicroseconds = 40_000;
    private const double MostShare = 0.9;

    public async Task RunAsync(Func<double> intensity, CancellationToken cancellation)
    {
        while (true)
        {
            var share = Math.Max(0.02, MostShare * intensity());
            await core.ComputeAsync(SliceMicroseconds);
            await Task.Delay(TimeSpan.FromMicroseconds(SliceMicroseconds * ((1 / share) - 1)), time, cancellation);
        }
    }
}
