namespace Ops.Sandbox.Shop.Faults;

/// <summary>A fault that is one setting turned up, and turned back at the end.</summary>
internal sealed class Adjustment(TimeProvider time, Action<double> turn, Action restore) : IFault
{
    /// <summary>How often a growing fault is brought up to date: finer than the finest sampling of metrics.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    public async Task RunAsync(Func<double> intensity, CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                turn(intensity());
                await Task.Delay(Interval, time, cancellation);
            }
        }
        finally
        {
            restore();
        }
    }
}
