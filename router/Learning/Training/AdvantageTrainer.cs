using System.Collections.Immutable;
using Ops.Picking;

namespace Ops.Learning;

/// <summary>One workload on one fleet, with the objective that both router and score use.</summary>
/// <param name="Fleet">The fleet.</param>
/// <param name="Workload">The workload.</param>
/// <param name="Objective">The objective.</param>
public sealed record SimulatedStream(SimulatedFleet Fleet, Workload Workload, Objective Objective)
{
    /// <summary>Which kind of arrivals it has; margins are chosen so that none loses.</summary>
    public int Kind { get; init; }

    /// <summary>Whether clients send the answer's length as their limit.</summary>
    public bool ClientsLimitOutput { get; init; }

    /// <summary>Performance of a policy on it.</summary>
    public double PerformanceOf(IPolicy policy, SimulationOptions options) =>
        Score.Of(new Simulation(Fleet, policy, Workload, Options(options)).Run(), Fleet, Objective).Performance;

    /// <summary>Options of a run of it.</summary>
    public SimulationOptions Options(SimulationOptions options) => options with { Objective = Objective, ClientsLimitOutput = ClientsLimitOutput };
}

/// <summary>
/// Fits a policy model to advantages from rollouts: in two rounds, the first in the states that the price rule leads to,
/// the second in those that the first round's policy leads to. What is kept is one network fitted to the mean of several, with a
/// margin that is chosen on validation streams of their own.
/// </summary>
public static class AdvantageTrainer
{
    /// <summary>Trains.</summary>
    /// <param name="training">Streams to learn from.</param>
    /// <param name="validation">Streams that choose the margin.</param>
    /// <param name="options">Options of all runs.</param>
    /// <param name="energyWeight">Quality by joule.</param>
    /// <param name="labelsPerStream">About how many choices of each stream are labelled in a round.</param>
    /// <param name="seed">Seed of weights and order.</param>
    /// <param name="progress">Told the share that is done, 0..1.</param>
    /// <param name="cancellation">Ends the training between two streams.</param>
    public static Training Train(
        IReadOnlyList<SimulatedStream> training, IReadOnlyList<SimulatedStream> validation, SimulationOptions options, double energyWeight, int labelsPerStream, int seed, Action<double>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(training);
        ArgumentNullException.ThrowIfNull(validation);
        var rule = new PricePolicy(energyWeight);
        var labels = new LabelledChoices();
        var random = new Random(seed);
        var curve = new List<double>();
        var pools = Pools(training);
        Collect(labels, training, rule, rule, options, labelsPerStream, done => progress?.Invoke(0.35 * done), cancellation);
        var first = FeatureRange.Of(labels).ToModel(AdvantageFit.ToLabels(labels, random, curve), pools, energyWeight);
        Collect(labels, training, new LearnedPolicy(first, rule), rule, options, labelsPerStream, done => progress?.Invoke(0.35 + (0.35 * done)), cancellation);
        var model = FeatureRange.Of(labels).ToModel(AdvantageFit.ToMean(labels, random, curve), pools, energyWeight);
        progress?.Invoke(0.8);
        var margin = MarginChoice.Of(model, rule, validation, options);
        progress?.Invoke(1);
        return new Training(TrainingMethod.Advantages, MarginChoice.Apply(model, margin.Margin), [.. curve], labels.Count, margin);
    }

    internal static ImmutableArray<string> Pools(IReadOnlyList<SimulatedStream> streams) => [.. streams[0].Fleet.Pools.Select(p => p.Name)];

    private static void Collect(
        LabelledChoices labels, IReadOnlyList<SimulatedStream> training, IPolicy driver, PricePolicy rule, SimulationOptions options, int labelsPerStream, Action<double> done, CancellationToken cancellation)
    {
        for (var s = 0; s < training.Count; s++)
        {
            cancellation.ThrowIfCancellationRequested();
            var stream = training[s];
            var every = Math.Max(1, stream.Workload.Arrivals.Length / labelsPerStream);
            labels.Collect(stream.Fleet, driver, rule, stream.Workload, stream.Options(options), stream.Objective, every);
            done((s + 1.0) / training.Count);
        }
    }
}
