using Ops.Neural;

namespace Ops.Rca;

/// <summary>Forecasts one series from the encoded pasts of several, each behind a gate.</summary>
internal sealed class GatedForecaster
{
    private readonly IReadOnlyList<Matrix> _sources;
    private readonly Network _network;
    private readonly Parameter _gates;

    /// <summary>The first source is the series' own past.</summary>
    public GatedForecaster(IReadOnlyList<Matrix> sources, int hidden, Random random)
    {
        _sources = sources;
        _network = new Network(sources.Sum(source => source.Columns), [new Layer(hidden, Activation.Tanh), new Layer(1, Activation.Linear)], random);
        _gates = new Parameter([.. sources.Select(_ => 1f)]);
    }

    /// <summary>Trains on some rows by Huber loss.</summary>
    public void Train(float[] targets, int[] rows, int epochs, int batch, float gatePressure, Random random)
    {
        // Half of a short window can hold fewer rows than a batch.
        batch = Math.Min(batch, rows.Length);
        var adam = new Adam([.. _network.Parameters, _gates], new AdamOptions { LearningRate = 2e-3f, WeightDecay = 0.5f });
        var (wanted, gradient) = (new Matrix(batch, 1), new Matrix(batch, 1));
        var inputs = new Matrix(batch, _network.Inputs);
        for (var epoch = 0; epoch < epochs; epoch++)
        {
            random.Shuffle(rows);
            for (var start = 0; start + batch <= rows.Length; start += batch)
            {
                for (var i = 0; i < batch; i++)
                {
                    Fill(inputs[i], rows[start + i], closed: -1);
                    wanted.Data[i] = targets[rows[start + i]];
                }

                Loss.Huber(_network.Forward(inputs), wanted, gradient, 2);
                AddGateGradient(_network.Backward(gradient, wantInput: true)!, rows.AsSpan(start, batch));
                for (var gate = 0; gate < _gates.Values.Length; gate++)
                    _gates.Gradient[gate] += gatePressure * Math.Sign(_gates.Values[gate]);
                adam.Step();
            }
        }
    }

    /// <summary>Writes the squared error of each row in a range, with the gate of one source closed, or of none if negative.</summary>
    public void SquaredErrors(float[] targets, int from, int to, int closed, double[] errors)
    {
        var inputs = new Matrix(to - from, _network.Inputs);
        for (var row = from; row < to; row++)
            Fill(inputs[row - from], row, closed);
        var forecasts = _network.Forward(inputs);
        for (var row = from; row < to; row++)
            errors[row] = Math.Pow(targets[row] - forecasts.Data[row - from], 2);
    }

    private void Fill(Span<float> input, int row, int closed)
    {
        var at = 0;
        for (var source = 0; source < _sources.Count; source++)
        {
            var part = input.Slice(at, _sources[source].Columns);
            System.Numerics.Tensors.TensorPrimitives.Multiply(_sources[source][row], source == closed ? 0 : _gates.Values[source], part);
            at += part.Length;
        }
    }

    private void AddGateGradient(Matrix byInput, ReadOnlySpan<int> rows)
    {
        for (var i = 0; i < rows.Length; i++)
        {
            var at = 0;
            for (var source = 0; source < _sources.Count; source++)
            {
                var width = _sources[source].Columns;
                _gates.Gradient[source] += System.Numerics.Tensors.TensorPrimitives.Dot<float>(byInput[i].Slice(at, width), _sources[source][rows[i]]);
                at += width;
            }
        }
    }
}
