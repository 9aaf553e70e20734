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

/// <summary>What a training came to.</summary>
/// <param name="Model">The model with the margin that validation chose; an infinite margin is the rule itself.</param>
/// <param name="Curve">Loss on held-out labels after each pass.</param>
/// <param name="Labels">Labels that it was fitted to.</param>
/// <param name="Gain">Mean gain over the rule on the validation streams, points of performance.</param>
public sealed record Training(PolicyModel Model, ImmutableArray<double> Curve, int Labels, double Gain);

/// <summary>
/// Fits a policy model to advantages from rollouts: in two rounds, the first in the states that the price rule leads to,
/// the second in those that the first round's policy leads to. The margin is chosen on validation streams of their own.
/// </summary>
public static class AdvantageTrainer
{
    private const int Batch = 256;
    private const int Hidden = 48;

    // 0.1 point: below the noise of 20 streams of a kind.
    private const double MostLoss = 0.001;

    // A margin of 0 trusts every prediction; the noise of a label is about 0.1.
    private static readonly double[] Margins = [0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 0.6];

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

        var (margin, gain) = ChooseMargin(model!, rule, validation, options);
        progress?.Invoke(1);
        return new Training(With(model!, margin), [.. curve], labels.Count, gain);
    }

    private static ImmutableArray<string> Pools(IReadOnlyList<SimulatedStream> streams) => [.. streams[0].Fleet.Pools.Select(p => p.Name)];

    private static PolicyModel Fit(LabelledChoices labels, ImmutableArray<string> pools, double energyWeight, Random random, List<double> curve)
    {
        var network = new Network(PolicyFeatures.Count, [new(Hidden, Activation.Relu), new(Hidden, Activation.Relu), new(1, Activation.Linear)], random);
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

        return Model(network, labels, pools, energyWeight);
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

    private static PolicyModel Model(Network network, LabelledChoices labels, ImmutableArray<string> pools, double energyWeight)
    {
        var lowest = Enumerable.Repeat(float.PositiveInfinity, PolicyFeatures.Count).ToArray();
        var highest = Enumerable.Repeat(float.NegativeInfinity, PolicyFeatures.Count).ToArray();
        for (var i = 0; i < labels.Count; i++)
        {
            var row = labels.Row(i);
            for (var f = 0; f < row.Length; f++)
                (lowest[f], highest[f]) = (Math.Min(lowest[f], row[f]), Math.Max(highest[f], row[f]));
        }

        var parameters = network.Parameters;
        return new PolicyModel(
            pools, 0, energyWeight, [.. lowest], [.. highest],
            Enumerable.Range(0, parameters.Count / 2).Select(l => parameters[2 * l].Values.ToArray()),
            Enumerable.Range(0, parameters.Count / 2).Select(l => parameters[(2 * l) + 1].Values.ToArray()));
    }

    // The margin with the best mean gain less its standard error, among those that lose on no kind of arrivals; without one
    // above 0 the rule stays.
    private static (double Margin, double Gain) ChooseMargin(PolicyModel model, PricePolicy rule, IReadOnlyList<SimulatedStream> validation, SimulationOptions options)
    {
        var best = (Margin: double.PositiveInfinity, Gain: 0.0, Sure: 0.0);
        var rules = validation.Select(s => s.PerformanceOf(rule, options)).ToList();
        foreach (var margin in Margins)
        {
            var policy = new LearnedPolicy(With(model, margin), rule);
            var gains = validation.Select((s, i) => s.PerformanceOf(policy, options) - rules[i]).ToList();
            var mean = gains.Average();
            var sure = mean - Math.Sqrt(gains.Sum(g => (g - mean) * (g - mean)) / (gains.Count - 1) / gains.Count);
            var worst = gains.Zip(validation, (gain, stream) => (gain, stream.Kind)).GroupBy(x => x.Kind).Min(kind => kind.Average(x => x.gain));
            if (sure > best.Sure && worst >= -MostLoss)
                best = (margin, mean, sure);
        }

        return (best.Margin, 100 * best.Gain);
    }

    private static PolicyModel With(PolicyModel model, double margin) =>
        new(model.Pools, margin, model.EnergyWeight, model.Lowest, model.Highest, model.Weights, model.Biases);
}
