using Ops.Sandbox.Shop.Running;

namespace Ops.Sandbox.Shop.Faults;

/// <summary>
/// Calls are given up after about the time that they usually take, and tried again at once up to six times. The callee
/// goes on working on what was given up, so it gets several times the work.
/// </summary>
internal sealed class RetryStorm(IReadOnlyList<Callee> callees, TimeProvider time) : IFault
{
    private const int MostAttempts = 6;
    private static readonly TimeSpan ShortestLimit = TimeSpan.FromMilliseconds(2);

    public async Task RunAsync(Func<double> intensity, CancellationToken cancellation)
    {
        // As it was before: the storm makes answers slower, and must not become more patient by that.
        var typical = callees.ToDictionary(callee => callee, callee => callee.Typical);
        try
        {
            while (true)
            {
                var now = intensity();
                foreach (var callee in callees)
                {
                    var limit = typical[callee] * (2.5 - (1.6 * now));
                    callee.Adopt(new CallPolicy(2 + (int)((MostAttempts - 2) * now), limit > ShortestLimit ? limit : ShortestLimit));
                }

                await Task.Delay(Adjustment.Interval, time, cancellation);
            }
        }
        finally
        {
            foreach (var callee in callees)
                callee.Adopt(null);
        }
    }
}
