using Ops.Sandbox.Shop.Running;

namespace Ops.Sandbox.Shop.Faults;

/// <summary>Takes connections of a pool and does not give them back, until one is left, at nearly full strength none; at the end all return.</summary>
internal sealed class PoolExhaustion(Pool pool, TimeProvider time) : IFault
{
    private const double NoneLeft = 0.85;
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    public async Task RunAsync(Func<double> intensity, CancellationToken cancellation)
    {
        var leaked = 0;
        try
        {
            while (true)
            {
                var wanted = Leaked(intensity(), pool.Size);
                if (leaked < wanted && await pool.TryTakeAsync(Patience))
                    leaked++;
                await Task.Delay(Adjustment.Interval, time, cancellation);
            }
        }
        finally
        {
            for (; leaked > 0; leaked--)
                pool.Return();
        }
    }

    // Most leak early: at half the strength one is left of four.
    private static int Leaked(double intensity, int size) =>
        intensity >= NoneLeft ? size : Math.Min(size - 1, (int)Math.Ceiling(size * (1 - Math.Pow(1 - intensity, 2))));
}
