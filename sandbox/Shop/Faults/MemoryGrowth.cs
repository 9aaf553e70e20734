using Ops.Sandbox.Shop.Running;

namespace Ops.Sandbox.Shop.Faults;

/// <summary>Keeps up to 96 MiB that every request searches; gives them back at the end.</summary>
internal sealed class MemoryGrowth(Ballast ballast, TimeProvider time) : IFault
{
    private const int MostBlocks = 96;

    public async Task RunAsync(Func<double> intensity, CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                ballast.Keep((int)(MostBlocks * intensity()));
                await Task.Delay(Adjustment.Interval, time, cancellation);
            }
        }
        finally
        {
            ballast.Keep(0);
            // Without this the memory would stay with the process until some later request needs it.
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive);
        }
    }
}
