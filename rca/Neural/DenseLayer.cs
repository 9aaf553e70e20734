using System.Numerics.Tensors;

namespace Ops.Neural;

/// <summary>Every output is a weighted sum of every input plus a bias, then the activation.</summary>
internal sealed class DenseLayer
{
    private Matrix? _input;
    private Matrix? _output;
    private Matrix? _inputGradient;
    private Matrix? _transposed;

    /// <summary>Weights drawn as He et al. (2015) for ReLU and as Glorot and Bengio (2010) else; biases 0.</summary>
    public DenseLayer(int inputs, int outputs, Activation activation, Random random)
        : this(new Matrix(inputs, outputs), new float[outputs], activation)
    {
        var deviation = activation == Activation.Relu ? Math.Sqrt(2.0 / inputs) : Math.Sqrt(2.0 / (inputs + outputs));
        foreach (ref var weight in Weights.Data.AsSpan())
            weight = (float)(deviation * Gauss(random));
    }

    public DenseLayer(Matrix weights, float[] bias, Activation activation)
    {
        (Weights, Activation) = (weights, activation);
        (Weight, Bias) = (new Parameter(weights.Data), new Parameter(bias));
        WeightGradient = new Matrix(weights.Rows, weights.Columns, Weight.Gradient);
    }

    /// <summary>Inputs by outputs.</summary>
    public Matrix Weights { get; }

    public Parameter Weight { get; }

    public Parameter Bias { get; }

    public Activation Activation { get; }

    private Matrix WeightGradient { get; }

    public Matrix Forward(Matrix input)
    {
        _input = input;
        _output = Matrix.Reuse(_output, input.Rows, Weights.Columns);
        for (var row = 0; row < input.Rows; row++)
            Bias.Values.CopyTo(_output[row]);
        MatrixProduct.Add(input, Weights, _output);
        Activation.Apply(_output.Data);
        return _output;
    }

    /// <summary>Overwrites the gradient of the output with that of the weighted sums and returns the input's; null if it is not wanted.</summary>
    public Matrix? Backward(Matrix gradient, bool wantInput)
    {
        if (_input is null || _output is null)
            throw new InvalidOperationException("A backward pass needs a forward pass before it.");
        Activation.Undo(_output.Data, gradient.Data);
        MatrixProduct.AddTransposed(_input, gradient, WeightGradient);
        for (var row = 0; row < gradient.Rows; row++)
            TensorPrimitives.Add(Bias.Gradient, gradient[row], Bias.Gradient);
        if (!wantInput)
            return null;
        _transposed = Matrix.Reuse(_transposed, Weights.Columns, Weights.Rows);
        MatrixProduct.Transpose(Weights, _transposed);
        _inputGradient = Matrix.Reuse(_inputGradient, gradient.Rows, Weights.Rows);
        Array.Clear(_inputGradient.Data);
        MatrixProduct.Add(gradient, _transposed, _inputGradient);
        return _inputGradient;
    }

    /// <summary>One example, without a trace: safe from any number of threads while nobody trains.</summary>
    public void Predict(ReadOnlySpan<float> input, Span<float> output)
    {
        Bias.Values.CopyTo(output);
        for (var i = 0; i < input.Length; i++)
            TensorPrimitives.MultiplyAdd(Weights[i], input[i], output, output);
        Activation.Apply(output);
    }

    // Box and Muller.
    private static double Gauss(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
