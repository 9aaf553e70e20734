using Ops.Neural;
using Ops.Picking;

namespace Ops.Learning;

/// <summary>Networks fitted to labelled choices.</summary>
internal static class AdvantageFit
{
    private const int Batch = 256;

    // A policy takes the largest of several predictions, which is often the one that noise made large; that differs from one
    // network to the next.
    private const int Members = 8;

    // A label is one future of many: far ones count less. The mean of predictions has no noise worth the name.
    private static readonly FitOptions OfLabels = new(WeightDecay: 1e-3f, HuberDelta: 0.3f);
    private static readonly FitOptions OfMeans = new(WeightDecay: 1e-4f, HuberDelta: 10);

    /// <summary>A network fitted to the labels; what it misses on a tenth of them, held out, is added to the curve pass by pass.</summary>
    public static Network ToLabels(LabelledChoices labels, Random random, List<double> curve) => Fit(labels, labels.Advantages, OfLabels, random, curve);

    /// <summary>A network fitted to the mean of several that were fitted to the labels, so that a choice costs what one does.</summary>
    public static Network ToMean(LabelledChoices labels, Random random, List<double> curve)
    {
        var means = new float[labels.Count];
        for (var member = 0; member < Members; member++)
        {
            // One learning curve is enough to look at.
            var network = ToLabels(labels, random, member == 0 ? curve : []);
            for (var from = 0; from < means.Length; from += Batch)
            {
                var predictions = network.Forward(labels.Rows(from, Math.Min(Batch, means.Length - from)));
                for (var i = 0; i < predictions.Rows; i++)
                    means[from + i] += predictions.Data[i] / Members;
            }
        }

        return Fit(labels, means, OfMeans, random, []);
    }

    private static Network Fit(LabelledChoices labels, ReadOnlySpan<float> targets, FitOptions options, Random random, List<double> curve)
    {
        var network = FeatureRange.NewNetwork(random);
        var adam = new Adam(network.Parameters, new AdamOptions { LearningRate = 2e-3f, WeightDecay = options.WeightDecay, MaxNorm = 1 });
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
                Loss(network, labels, targets, used.AsSpan(from, Batch), options.HuberDelta, out var gradient);
                network.Backward(gradient);
                adam.Step();
            }

            curve.Add(heldOut.Length == 0 ? 0 : Loss(network, labels, targets, heldOut, options.HuberDelta, out _));
        }

        return network;
    }

    private static double Loss(Network network, LabelledChoices labels, ReadOnlySpan<float> targets, ReadOnlySpan<int> indices, float huberDelta, out Matrix gradient)
    {
        var rows = new Matrix(indices.Length, PolicyFeatures.Count);
        var wanted = new Matrix(indices.Length, 1);
        gradient = new Matrix(indices.Length, 1);
        for (var i = 0; i < indices.Length; i++)
        {
            labels.Row(indices[i]).CopyTo(rows[i]);
            wanted.Data[i] = targets[indices[i]];
        }

        return Neural.Loss.Huber(network.Forward(rows), wanted, gradient, huberDelta);
    }

    private readonly record struct FitOptions(float WeightDecay, float HuberDelta);
}
