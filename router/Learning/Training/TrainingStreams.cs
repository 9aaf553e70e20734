using System.Collections.Immutable;
using Ops.Picking;

namespace Ops.Learning;

/// <summary>
/// Streams to learn from: Poisson, bursts, days, clusters and crowds at rates around what a fleet can serve, with lengths and mixes
/// drawn anew for each, and with neither the parameters nor the traces that benches hold out.
/// </summary>
public static class TrainingStreams
{
    /// <summary>Kinds of arrivals; streams take them in turn.</summary>
    public const int Kinds = 5;

    /// <summary>Draws streams.</summary>
    /// <param name="fleet">The fleet.</param>
    /// <param name="capacity">Requests a second that the fleet can about serve; rates lie between an eighth and one and a half of it.</param>
    /// <param name="objective">The route's objective.</param>
    /// <param name="prompt">Mean prompt length.</param>
    /// <param name="output">Mean answer length.</param>
    /// <param name="count">How many streams.</param>
    /// <param name="seconds">Length of each.</param>
    /// <param name="seed">Seed of every draw.</param>
    public static IReadOnlyList<SimulatedStream> Draw(SimulatedFleet fleet, double capacity, Objective objective, double prompt, double output, int count, double seconds, int seed)
    {
        ArgumentNullException.ThrowIfNull(fleet);
        var random = new Random(seed);
        // Clients of every other round of kinds send the answer's length as their limit, which some do and some do not.
        return [.. Enumerable.Range(0, count).Select(i => new SimulatedStream(fleet, One(i % Kinds, random), objective) { Kind = i % Kinds, ClientsLimitOutput = i / Kinds % 2 == 1 })];

        Workload One(int kind, Random random)
        {
            var lengths = Lengths.LogNormal(prompt * Between(0.6, 1.6), Between(0.6, 1.2), output * Between(0.6, 1.6), Between(0.6, 2), random.Next());
            var mix = new TaskMix([.. Enumerable.Range(0, fleet.Tasks.Length).Select(_ => random.NextDouble())]);
            var rate = capacity * Between(0.125, 1.1);
            return kind switch
            {
                0 => Workloads.Poisson(rate, seconds, lengths, random.Next(), mix),
                1 => Workloads.Bursts(rate * 0.2, capacity * Between(0.8, 2.5), Between(10, 40), Between(3, 15), seconds, lengths, random.Next(), mix),
                2 => Workloads.Diurnal(capacity * 0.05, capacity * Between(0.7, 1.5), seconds, lengths, random.Next(), mix),
                3 => Workloads.Clusters(rate * 0.6, Between(3, 15), seconds, lengths, random.Next(), mix),
                _ => Workloads.FlashCrowd(rate * 0.5, capacity * Between(1, 2.5), seconds * Between(0.1, 0.5), Between(10, 60), seconds, lengths, random.Next(), mix),
            };
        }

        double Between(double low, double high) => low * Math.Pow(high / low, random.NextDouble());
    }
}
