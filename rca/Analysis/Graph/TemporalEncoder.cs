using Ops.Neural;

namespace Ops.Rca;

/// <summary>
/// Turns the last few rows of any series into a few numbers, by one small network for all series. It is trained first
/// without a target, by contrast: windows of one series a moment apart should look alike, and unlike windows drawn from
/// elsewhere (InfoNCE, van den Oord et al., 2018; temporal neighbours as positives, as in RUN).
/// </summary>
internal sealed class TemporalEncoder
{
    public const int Window = 6;
    public const int Width = 16;

    private const int Batch = 64;
    private const int Steps = 150;
    private const int Neighbour = 2;
    private const float Temperature = 4;

    private readonly EvenSeries _series;
    private readonly Network _network;

    /// <summary>Trains on the rows before the given one only.</summary>
    public TemporalEncoder(EvenSeries series, int trainRows, Random random)
    {
        _series = series;
        _network = new Network(Window, [new Layer(Width, Activation.Relu)], random);
        var adam = new Adam(_network.Parameters, new AdamOptions { LearningRate = 3e-3f });
        for (var step = 0; step < Steps; step++)
        {
            Contrast(trainRows, random);
            adam.Step();
        }
    }

    /// <summary>One row for each time from <see cref="Window"/> on: what the rows before that time look like; each column scaled by the rows trained on.</summary>
    public Matrix Encode(int series, int trainRows)
    {
        var windows = new Matrix(_series.Rows - Window, Window);
        for (var row = 0; row < windows.Rows; row++)
            _series.Values[series].AsSpan(row, Window).CopyTo(windows[row]);
        var encoded = new Matrix(windows.Rows, Width, [.. _network.Forward(windows).Data]);
        for (var column = 0; column < Width; column++)
            Scale(encoded, column, trainRows);
        return encoded;
    }

    // Half of the batch are anchors, the other half their neighbours; every other neighbour is a contrast.
    private void Contrast(int trainRows, Random random)
    {
        var windows = new Matrix(2 * Batch, Window);
        for (var i = 0; i < Batch; i++)
        {
            var values = _series.Values[random.Next(_series.Metrics.Count)];
            var at = random.Next(trainRows - Window - Neighbour);
            values.AsSpan(at, Window).CopyTo(windows[i]);
            values.AsSpan(at + random.Next(1, Neighbour + 1), Window).CopyTo(windows[Batch + i]);
        }

        var codes = _network.Forward(windows);
        var gradient = new Matrix(2 * Batch, Width);
        for (var i = 0; i < Batch; i++)
        {
            var shares = Shares(codes, i);
            for (var j = 0; j < Batch; j++)
            {
                var pull = (shares[j] - (i == j ? 1 : 0)) / (Batch * Temperature);
                System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(codes[Batch + j], pull, gradient[i], gradient[i]);
                System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(codes[i], pull, gradient[Batch + j], gradient[Batch + j]);
            }
        }

        _network.Backward(gradient);
    }

    private static float[] Shares(Matrix codes, int anchor)
    {
        var shares = new float[Batch];
        for (var j = 0; j < Batch; j++)
            shares[j] = System.Numerics.Tensors.TensorPrimitives.Dot<float>(codes[anchor], codes[Batch + j]) / Temperature;
        System.Numerics.Tensors.TensorPrimitives.SoftMax<float>(shares, shares);
        return shares;
    }

    private static void Scale(Matrix encoded, int column, int trainRows)
    {
        var (sum, squares) = (0.0, 0.0);
        for (var row = 0; row < trainRows - Window; row++)
        {
            sum += encoded[row][column];
            squares += (double)encoded[row][column] * encoded[row][column];
        }

        var mean = sum / (trainRows - Window);
        var deviation = Math.Sqrt(Math.Max(1e-8, (squares / (trainRows - Window)) - (mean * mean)));
        for (var row = 0; row < encoded.Rows; row++)
            encoded[row][column] = (float)((encoded[row][column] - mean) / deviation);
    }
}
