using Ops.Sandbox.Shop.Running;

namespace Ops.Sandbox.Shop.Faults;

/// <summary>Holds the service's lock for up to 250 ms at a time, with 20 ms in between.</summary>
internal sealed class LockContention(Exclusive exclusive, TimeProvider time) : IFault
{
    private const double MostHoldMilliseconds = 250;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    public async Task RunAsync(Func<double> intensity, CancellationToken cancellation)
    {
        while (true)
        {
            var hold = TimeSpan.FromMilliseconds(MostHoldMilliseconds * intensity());
            await exclusive.HoldAsync(() => Task.Delay(hold, time));
            await Task.Delay(Pause, time, cancellation);
        }
    }
}
