using System.Collections.Immutable;
using System.Numerics;

namespace Ops.Picking;

/// <summary>
/// A small network over <see cref="PolicyFeatures"/>: how much more quality than the price rule's choice a candidate
/// leads to over the next seconds, and what it was trained for. Immutable.
/// </summary>
public sealed class PolicyModel
{
    /// <summary>Widest layer; two buffers of this size lie on the stack.</summary>
    public const int MaxWidth = 128;

    private readonly float[][] _weights;
    private readonly float[][] _biases;

    /// <summary>Creates a model.</summary>
    /// <param name="pools">Names of the variants that it was trained for, in the route's order.</param>
    /// <param name="margin">Advantage that a candidate must have to be taken instead of the rule's choice; infinite means never.</param>
    /// <param name="energyWeight">The energy weight that it was trained with.</param>
    /// <param name="lowest">Least value of each feature in training.</param>
    /// <param name="highest">Largest value of each feature in training.</param>
    /// <param name="weights">By layer: inputs by outputs, row after row. All layers but the last are rectified.</param>
    /// <param name="biases">By layer: one number an output; the last layer has one output.</param>
    /// <exception cref="ArgumentException">Shapes do not fit together.</exception>
    public PolicyModel(
        ImmutableArray<string> pools, double margin, double energyWeight,
        ImmutableArray<float> lowest, ImmutableArray<float> highest, IEnumerable<float[]> weights, IEnumerable<float[]> biases)
    {
        Pools = pools;
        Margin = margin;
        EnergyWeight = energyWeight;
        Lowest = lowest;
        Highest = highest;
        _weights = [.. weights];
        _biases = [.. biases];
        if (lowest.Length != PolicyFeatures.Count || highest.Length != PolicyFeatures.Count || _weights.Length == 0 || _weights.Length != _biases.Length || _biases[^1].Length != 1)
            throw new ArgumentException("A policy model has ranges for every feature and layers that end in one number.", nameof(weights));
        var inputs = PolicyFeatures.Count;
        for (var layer = 0; layer < _weights.Length; layer++)
        {
            if (_biases[layer].Length is 0 or > MaxWidth || _weights[layer].Length != inputs * _biases[layer].Length)
                throw new ArgumentException($"Layer {layer} of the policy model has {_weights[layer].Length} weights for {inputs} inputs and {_biases[layer].Length} outputs.", nameof(weights));
            inputs = _biases[layer].Length;
        }
    }

    /// <summary>Names of the variants that it was trained for, in the route's order.</summary>
    public ImmutableArray<string> Pools { get; }

    /// <summary>Advantage that a candidate must have to be taken instead of the rule's choice.</summary>
    public double Margin { get; }

    /// <summary>The energy weight that it was trained with.</summary>
    public double EnergyWeight { get; }

    /// <summary>Least value of each feature in training.</summary>
    public ImmutableArray<float> Lowest { get; }

    /// <summary>Largest value of each feature in training.</summary>
    public ImmutableArray<float> Highest { get; }

    internal IReadOnlyList<float[]> Weights => _weights;

    internal IReadOnlyList<float[]> Biases => _biases;

    /// <summary>Whether every feature lies in the range of the training, and a tenth of it beyond.</summary>
    public bool Knows(ReadOnlySpan<float> row)
    {
        for (var i = 0; i < row.Length; i++)
        {
            var slack = 0.1f * (Highest[i] - Lowest[i]) + 1e-4f;
            if (!(row[i] >= Lowest[i] - slack && row[i] <= Highest[i] + slack))
                return false;
        }

        return true;
    }

    /// <summary>Predicted advantage over the rule's choice, in quality delivered.</summary>
    public float Advantage(ReadOnlySpan<float> row)
    {
        Span<float> buffers = stackalloc float[2 * MaxWidth];
        return Through(row, _weights.Length, buffers)[0];
    }

    /// <summary>Figures that the last layer adds up.</summary>
    internal int Hidden => _weights[^1].Length;

    /// <summary>Fills in what the last layer gets to see of a row.</summary>
    internal void Hide(ReadOnlySpan<float> row, Span<float> hidden)
    {
        Span<float> buffers = stackalloc float[2 * MaxWidth];
        Through(row, _weights.Length - 1, buffers).CopyTo(hidden);
    }

    private ReadOnlySpan<float> Through(ReadOnlySpan<float> row, int layers, Span<float> buffers)
    {
        var input = row;
        for (var layer = 0; layer < layers; layer++)
        {
            var output = buffers.Slice(layer % 2 * MaxWidth, _biases[layer].Length);
            Multiply(input, _weights[layer], _biases[layer], output);
            if (layer < _weights.Length - 1)
                Rectify(output);
            input = output;
        }

        return input;
    }

    private static void Multiply(ReadOnlySpan<float> input, ReadOnlySpan<float> weights, ReadOnlySpan<float> biases, Span<float> output)
    {
        biases.CopyTo(output);
        var lanes = Vector<float>.Count;
        for (var i = 0; i < input.Length; i++)
        {
            // Half of the rectified inputs are 0.
            if (input[i] == 0)
                continue;
            var row = weights.Slice(i * output.Length, output.Length);
            var o = 0;
            for (; o <= output.Length - lanes; o += lanes)
                (new Vector<float>(output[o..]) + (input[i] * new Vector<float>(row[o..]))).CopyTo(output[o..]);
            for (; o < output.Length; o++)
                output[o] += input[i] * row[o];
        }
    }

    private static void Rectify(Span<float> values)
    {
        for (var i = 0; i < values.Length; i++)
            values[i] = Math.Max(0, values[i]);
    }
}
