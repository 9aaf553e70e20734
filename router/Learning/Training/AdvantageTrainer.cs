using System.Collections.Immutable;
using Ops.Neural;
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
/// the second in those that the first round's policy leads to. The margin is chosen on validation streams of their own.
/// </summary>
public static class AdvantageTrainer
{
    private const int Batch = 256;

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
        IPolicy driver = rule;
        PolicyModel? model = null;
        for (var round = 0; round < 2; round++)
        {
            for (var s = 0; s < training.Count; s++)
            {
                cancellation.ThrowIfCancellationRequested();
                var stream = training[s];
                var every = Math.Max(1, stream.Workload.Arrivals.Length / labelsPerStream);
                labels.Collect(stream.Fleet, driver, rule, stream.Workload, stream.Options(options), stream.Objective, every);
                progress?.Invoke((round + ((s + 1.0) / training.Count)) * 0.4);
            }

            model = Fit(labels, Pools(training), energyWeight, random, curve);
            driver = new LearnedPolicy(model, rule);
        }

        var margin = MarginChoice.Of(model!, rule, validation, options);
        progress?.Invoke(1);
        return new Training(TrainingMethod.Advantages, MarginChoice.Apply(model!, margin.Margin), [.. curve], labels.Count, margin);
    }

    internal static ImmutableArray<string> Pools(IReadOnlyList<SimulatedStream> streams) => [.. streams[0].Fleet.Pools.Select(p => p.Name)];

    private static PolicyModel Fit(LabelledChoices labels, ImmutableArray<string> pools, double energyWeight, Random random, List<double> curve)
    {
        var network = FeatureRange.NewNetwork(random);
        var adam = new Adam(network.Parameters, new AdamOptions { LearningRate = 2e-3f, WeightDecay = 1e-3f, MaxNorm = 1 });
        var order = Enumerable.Range(0, labels.Count).ToArray();
        random.Shuffle(order);
        var heldOut = order[..(order.Length / 10)];
        var used = order[(order.Length / 10)..];
        const int passes = 12;
        for (var pass = 0; pass < passes; pass++)
        {
            random.Shuffle(used);
            adam.Options = adam.Options with { LearningRate = 2e-3f * (1 - (pass / (float)passes)) };
            for (var from = 0; from + Batch <= used.Length; from += Batch)
            {
                Loss(network, labels, used.AsSpan(from, Batch), out var gradient);
                network.Backward(gradient);
                adam.Step();
            }

            curve.Add(heldOut.Length == 0 ? 0 : Loss(network, labels, heldOut, out _));
        }

        var range = new FeatureRange();
        for (var i = 0; i < labels.Count; i++)
            range.Include(labels.Row(i));
        return range.ToModel(network, pools, energyWeight);
    }

    private static double Loss(Network network, LabelledChoices labels, ReadOnlySpan<int> indices, out Matrix gradient)
    {
        var rows = new Matrix(indices.Length, PolicyFeatures.Count);
        var targets = new Matrix(indices.Length, 1);
        gradient = new Matrix(indices.Length, 1);
        for (var i = 0; i < indices.Length; i++)
        {
            labels.Row(indices[i]).CopyTo(rows[i]);
            targets.Data[i] = labels.Advantage(indices[i]);
        }

        return Neural.Loss.Huber(network.Forward(rows), targets, gradient, 0.3f);
    }
}
