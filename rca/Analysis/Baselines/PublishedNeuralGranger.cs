using Ops.Neural;

namespace Ops.Rca;

/// <summary>
/// The published idea as written (RUN, AAAI 2024, its public code): for each target one linear forecaster over windows of 32
/// rows, split by a moving average that runs over the channels and not over time; each channel, the target's own too, is
/// weighed by a softmax over one attention number that starts at 1, and that number is the evidence. Left out: the
/// contrastive pre-training of the encoders. The decoder and the readout behind it, both linear, are one map here.
/// </summary>
public sealed class PublishedNeuralGranger : IEdgeTest
{
    private const int Window = 32;
    private const int Kernel = 25;
    private const int Encoded = 8;
    private const int Epochs = 10;
    private const int Batch = 128;

    /// <inheritdoc/>
    public string Name => "published";

    /// <inheritdoc/>
    public PairScores Test(EvenSeries series)
    {
        var count = series.Metrics.Count;
        var scores = new PairScores(count);
        var trend = OverChannels(series);
        for (var effect = 0; effect < count; effect++)
        {
            var attention = Train(series, trend, effect, new Random(effect));
            for (var cause = 0; cause < count; cause++)
                scores.Statistic[effect, cause] = attention[cause];
        }

        return scores;
    }

    // At each row the mean over 25 neighbouring channels, ends repeated: the axes were exchanged before the average.
    private static float[][] OverChannels(EvenSeries series)
    {
        var count = series.Metrics.Count;
        var trend = Enumerable.Range(0, count).Select(_ => new float[series.Rows]).ToArray();
        for (var channel = 0; channel < count; channel++)
            for (var offset = -Kernel / 2; offset <= Kernel / 2; offset++)
            {
                var from = series.Values[Math.Clamp(channel + offset, 0, count - 1)];
                for (var row = 0; row < series.Rows; row++)
                    trend[channel][row] += from[row] / Kernel;
            }

        return trend;
    }

    private static float[] Train(EvenSeries series, float[][] trend, int effect, Random random)
    {
        var count = series.Metrics.Count;
        Network[] seasonal = [.. Enumerable.Range(0, count).Select(_ => Channel(random))], slow = [.. Enumerable.Range(0, count).Select(_ => Channel(random))];
        var attention = new Parameter([.. Enumerable.Repeat(1f, count)]);
        var adam = new Adam([.. seasonal.Concat(slow).SelectMany(network => network.Parameters), attention]);
        var rows = Enumerable.Range(Window, series.Rows - Window).ToArray();
        for (var epoch = 0; epoch < Epochs; epoch++)
        {
            random.Shuffle(rows);
            for (var start = 0; start + Batch <= rows.Length; start += Batch)
            {
                Step(series, trend, effect, rows.AsSpan(start, Batch), seasonal, slow, attention);
                adam.Step();
            }
        }

        return attention.Values;
    }

    private static Network Channel(Random random) => new(Window, [new Layer(Encoded, Activation.Linear), new Layer(1, Activation.Linear)], random);

    private static void Step(EvenSeries series, float[][] trend, int effect, ReadOnlySpan<int> rows, Network[] seasonal, Network[] slow, Parameter attention)
    {
        var count = seasonal.Length;
        var shares = new float[count];
        System.Numerics.Tensors.TensorPrimitives.SoftMax<float>(attention.Values, shares);
        var parts = new float[count][];
        var (forecast, targets, gradient) = (new Matrix(rows.Length, 1), new Matrix(rows.Length, 1), new Matrix(rows.Length, 1));
        for (var channel = 0; channel < count; channel++)
        {
            var (fast, mean) = (new Matrix(rows.Length, Window), new Matrix(rows.Length, Window));
            for (var i = 0; i < rows.Length; i++)
            {
                trend[channel].AsSpan(rows[i] - Window, Window).CopyTo(mean[i]);
                System.Numerics.Tensors.TensorPrimitives.Subtract(series.Values[channel].AsSpan(rows[i] - Window, Window), mean[i], fast[i]);
            }

            var (a, b) = (seasonal[channel].Forward(fast).Data, slow[channel].Forward(mean).Data);
            parts[channel] = new float[rows.Length];
            for (var i = 0; i < rows.Length; i++)
            {
                parts[channel][i] = a[i] + b[i];
                forecast.Data[i] += shares[channel] * parts[channel][i];
            }
        }

        for (var i = 0; i < rows.Length; i++)
            targets.Data[i] = series.Values[effect][rows[i]];
        Loss.Squared(forecast, targets, gradient);
        Backward(seasonal, slow, attention, shares, parts, forecast, gradient);
    }

    private static void Backward(Network[] seasonal, Network[] slow, Parameter attention, float[] shares, float[][] parts, Matrix forecast, Matrix gradient)
    {
        for (var channel = 0; channel < shares.Length; channel++)
        {
            var own = new Matrix(gradient.Rows, 1);
            for (var i = 0; i < gradient.Rows; i++)
            {
                own.Data[i] = gradient.Data[i] * shares[channel];
                // Of a softmax: share times (part minus the weighted mean of all parts, which is the forecast).
                attention.Gradient[channel] += own.Data[i] * (parts[channel][i] - forecast.Data[i]);
            }

            var copy = new Matrix(own.Rows, 1, [.. own.Data]);
            seasonal[channel].Backward(own);
            slow[channel].Backward(copy);
        }
    }
}
