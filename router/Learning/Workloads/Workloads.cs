using System.Collections.Immutable;
using Ops.Traces;

namespace Ops.Learning;

/// <summary>How requests come. Every generator draws from a seeded source, so the same arguments give the same workload.</summary>
public static class Workloads
{
    /// <summary>A trace at another rate: its gaps and lengths as they are, time scaled; repeated if it is too short.</summary>
    /// <param name="trace">The trace.</param>
    /// <param name="rate">Requests a second, mean over the trace.</param>
    /// <param name="seconds">Length of the workload.</param>
    /// <param name="start">Where in the trace to begin, 0..1; seeds differ by it.</param>
    /// <param name="mix">Task by request; null for the default task.</param>
    public static Workload OfTrace(Trace trace, double rate, double seconds, double start = 0, TaskMix? mix = null)
    {
        ArgumentNullException.ThrowIfNull(trace);
        var requests = trace.Requests;
        var scale = requests.Length / trace.Duration.TotalSeconds / rate;
        var first = (int)(start * requests.Length) % requests.Length;
        var arrivals = ImmutableArray.CreateBuilder<Arrival>();
        var offset = requests[first].Arrival.TotalSeconds;
        var random = new Random(first);
        for (var i = first; ; i++)
        {
            var request = requests[i % requests.Length];
            // The gap between the end and the beginning of a repetition is the trace's mean gap.
            var lap = i / requests.Length * (trace.Duration.TotalSeconds * (1 + (1.0 / requests.Length)));
            var at = (request.Arrival.TotalSeconds + lap - offset) * scale;
            if (at > seconds)
                break;
            arrivals.Add(new Arrival(at, request.ContextTokens, request.GeneratedTokens, mix?.Next(random, at) ?? 0));
        }

        return new Workload($"{trace.Name} at {rate:0.##}/s", arrivals.ToImmutable());
    }

    /// <summary>Independent arrivals at a constant rate.</summary>
    public static Workload Poisson(double rate, double seconds, Lengths lengths, int seed, TaskMix? mix = null) =>
        Varying($"poisson {rate:0.##}/s", _ => rate, rate, seconds, lengths, seed, mix);

    /// <summary>
    /// Markov-modulated bursts: a quiet and a busy state of exponential length, each with Poisson arrivals at its rate.
    /// </summary>
    /// <param name="quietRate">Requests a second while quiet.</param>
    /// <param name="busyRate">Requests a second while busy.</param>
    /// <param name="quietSeconds">Mean length of the quiet state.</param>
    /// <param name="busySeconds">Mean length of the busy state.</param>
    /// <param name="seconds">Length of the workload.</param>
    /// <param name="lengths">Prompt and answer lengths.</param>
    /// <param name="seed">Seed of every draw.</param>
    /// <param name="mix">Task by request; null for the default task.</param>
    public static Workload Bursts(double quietRate, double busyRate, double quietSeconds, double busySeconds, double seconds, Lengths lengths, int seed, TaskMix? mix = null)
    {
        var random = new Random(seed);
        // Where the state changes, quiet first.
        var changes = new List<double>();
        for (var (at, busy) = (0.0, false); at <= seconds; busy = !busy)
        {
            at += -Math.Log(1 - random.NextDouble()) * (busy ? busySeconds : quietSeconds);
            changes.Add(at);
        }

        var state = 0;
        return Varying($"bursts {quietRate:0.##}/{busyRate:0.##} a second", Rate, Math.Max(quietRate, busyRate), seconds, lengths, random.Next(), mix);

        double Rate(double at)
        {
            while (state < changes.Count && changes[state] <= at)
                state++;
            return state % 2 == 0 ? quietRate : busyRate;
        }
    }

    /// <summary>
    /// Independent gaps that vary far more than a Poisson process's: bursts of requests 20 times closer than the mean gap,
    /// and long pauses.
    /// </summary>
    /// <param name="rate">Requests a second, mean.</param>
    /// <param name="variation">Standard deviation of the gaps over their mean, above 1.</param>
    /// <param name="seconds">Length of the workload.</param>
    /// <param name="lengths">Prompt and answer lengths.</param>
    /// <param name="seed">Seed of every draw.</param>
    /// <param name="mix">Task by request; null for the default task.</param>
    public static Workload Clusters(double rate, double variation, double seconds, Lengths lengths, int seed, TaskMix? mix = null)
    {
        ArgumentNullException.ThrowIfNull(lengths);
        var random = new Random(seed);
        var arrivals = ImmutableArray.CreateBuilder<Arrival>();
        for (var at = Gap(); at <= seconds; at += Gap())
        {
            var (prompt, output) = lengths.Next(random);
            arrivals.Add(new Arrival(at, prompt, output, mix?.Next(random, at) ?? 0));
        }

        return new Workload($"clusters {rate:0.##}/s", arrivals.ToImmutable());

        double Gap() => Draw.HyperExponential(random, 1 / rate, variation, 0.05 / rate);
    }

    /// <summary>A day in <paramref name="seconds"/>: the rate follows a sine between its least and its most, least at the start.</summary>
    public static Workload Diurnal(double leastRate, double mostRate, double seconds, Lengths lengths, int seed, TaskMix? mix = null) =>
        Varying(
            $"day {leastRate:0.##} to {mostRate:0.##}/s",
            at => leastRate + ((mostRate - leastRate) * (1 - Math.Cos(2 * Math.PI * at / seconds)) / 2),
            mostRate, seconds, lengths, seed, mix);

    /// <summary>A steady rate, and a crowd that comes at once and goes away slowly.</summary>
    /// <param name="rate">Requests a second without the crowd.</param>
    /// <param name="peak">Requests a second when the crowd is there.</param>
    /// <param name="from">When it comes, seconds.</param>
    /// <param name="decaySeconds">Its number falls to 1/e in this time.</param>
    /// <param name="seconds">Length of the workload.</param>
    /// <param name="lengths">Prompt and answer lengths.</param>
    /// <param name="seed">Seed of every draw.</param>
    /// <param name="mix">Task by request; null for the default task.</param>
    public static Workload FlashCrowd(double rate, double peak, double from, double decaySeconds, double seconds, Lengths lengths, int seed, TaskMix? mix = null) =>
        Varying(
            $"flash crowd {rate:0.##} to {peak:0.##}/s",
            at => at < from ? rate : rate + ((peak - rate) * Math.Exp(-(at - from) / decaySeconds)),
            peak, seconds, lengths, seed, mix);

    // Thinning: candidates at the highest rate, kept with probability rate / highest.
    private static Workload Varying(string name, Func<double, double> rate, double highest, double seconds, Lengths lengths, int seed, TaskMix? mix)
    {
        ArgumentNullException.ThrowIfNull(lengths);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(highest);
        var random = new Random(seed);
        var arrivals = ImmutableArray.CreateBuilder<Arrival>();
        for (var at = Gap(); at <= seconds; at += Gap())
        {
            if (random.NextDouble() * highest >= rate(at))
                continue;
            var (prompt, output) = lengths.Next(random);
            arrivals.Add(new Arrival(at, prompt, output, mix?.Next(random, at) ?? 0));
        }

        return new Workload(name, arrivals.ToImmutable());

        double Gap() => -Math.Log(1 - random.NextDouble()) / highest;
    }
}
