namespace Ops.Sandbox.Shop.Faults;

/// <summary>The service's own job, run by several at a time and without pause.</summary>
internal sealed class NoisyNeighbour(Func<Task> job, int most, TimeProvider time) : IFault
{
    public async Task RunAsync(Func<double> intensity, CancellationToken cancellation) =>
        await Task.WhenAll(Enumerable.Range(1, most).Select(number => WorkAsync(number, intensity, cancellation)));

    private async Task WorkAsync(int number, Func<double> intensity, CancellationToken cancellation)
    {
        while (true)
        {
            // As many work as the intensity asks for; the others look again a little later.
            if (number <= Math.Ceiling(most * intensity()))
                await job();
            else
                await Task.Delay(Adjustment.Interval, time, cancellation);
            cancellation.ThrowIfCancellationRequested();
        }
    }
}
