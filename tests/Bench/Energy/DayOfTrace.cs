using System.Collections.Immutable;
using Ops.Learning;
using Ops.Traces;

namespace Ops.Bench.Energy;

/// <summary>A day of real traffic: a trace's own gaps and lengths, with a rate that rises and falls as a day's does.</summary>
internal static class DayOfTrace
{
    /// <summary>
    /// The trace, repeated, with its time bent: request number n of an even run comes when the day's rate has added up to n.
    /// Bursts stay bursts. The rate follows a cosine from the least at midnight to the most at noon.
    /// </summary>
    /// <param name="trace">The trace.</param>
    /// <param name="least">Requests a second at night.</param>
    /// <param name="most">Requests a second at noon.</param>
    /// <param name="seconds">Length of the day.</param>
    /// <param name="start">Where in the trace to begin, 0..1.</param>
    public static Workload Of(Trace trace, double least, double most, double seconds, double start)
    {
        var (mean, swing) = ((least + most) / 2, (most - least) / 2);
        var even = Workloads.OfTrace(trace, mean, seconds, start);
        var arrivals = ImmutableArray.CreateBuilder<Arrival>(even.Arrivals.Length);
        foreach (var arrival in even.Arrivals)
            arrivals.Add(arrival with { At = TimeWhen(arrival.At * mean) });
        return new Workload($"{trace.Name}, a day of {least:0.#} to {most:0.#}/s", arrivals.ToImmutable());

        // The integral of mean - swing cos(2 pi t / day) is increasing, so it is inverted by bisection.
        double TimeWhen(double count)
        {
            double low = 0, high = seconds;
            for (var round = 0; round < 40; round++)
            {
                var middle = (low + high) / 2;
                if ((mean * middle) - (swing * seconds / (2 * Math.PI) * Math.Sin(2 * Math.PI * middle / seconds)) < count)
                    low = middle;
                else
                    high = middle;
            }

            return high;
        }
    }
}
