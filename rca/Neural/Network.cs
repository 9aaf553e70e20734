using System.Numerics.Tensors;

namespace Ops.Neural;

/// <summary>One layer: how many outputs, and what becomes of the weighted sums.</summary>
public readonly record struct Layer(int Outputs, Activation Activation);

/// <summary>
/// A small dense network that trains on one core. Forward, backward, then <see cref="Adam.Step"/>; the same seed and the
/// same data give the same weights.
/// <code>
/// var network = new Network(inputs: 8, [new Layer(64, Activation.Relu), new Layer(3, Activation.Linear)], new Random(1));
/// var adam = new Adam(network.Parameters);
/// var prediction = network.Forward(examples);
/// var loss = Loss.Huber(prediction, targets, gradient);
/// network.Backward(gradient);
/// adam.Step();
/// </code>
/// </summary>
/// <remarks>
/// Training is for one thread: a forward pass keeps what its backward pass needs. <see cref="Predict"/> keeps nothing
/// and may run on many threads while nobody trains.
/// </remarks>
public sealed class Network
{
    private readonly DenseLayer[] _layers;

    /// <summary>Random weights, zero biases.</summary>
    /// <param name="inputs">Numbers in an example.</param>
    /// <param name="layers">From the first to the last; at least one.</param>
    /// <param name="random">Where the weights come from.</param>
    public Network(int inputs, IReadOnlyList<Layer> layers, Random random)
        : this([.. layers.Select((layer, i) => new DenseLayer(i == 0 ? inputs : layers[i - 1].Outputs, layer.Outputs, layer.Activation, random))])
    {
    }

    internal Network(DenseLayer[] layers)
    {
        if (layers.Length == 0)
            throw new ArgumentException("A network needs at least one layer.", nameof(layers));
        _layers = layers;
        Parameters = [.. layers.SelectMany(layer => new[] { layer.Weight, layer.Bias })];
    }

    /// <summary>Numbers in an example.</summary>
    public int Inputs => _layers[0].Weights.Rows;

    /// <summary>Numbers in an answer.</summary>
    public int Outputs => _layers[^1].Weights.Columns;

    /// <summary>The layers' shapes.</summary>
    public IReadOnlyList<Layer> Layers => [.. _layers.Select(layer => new Layer(layer.Weights.Columns, layer.Activation))];

    /// <summary>Weights and bias of each layer in turn.</summary>
    public IReadOnlyList<Parameter> Parameters { get; }

    internal IReadOnlyList<DenseLayer> Dense => _layers;

    /// <summary>The answers to a batch. The result belongs to the network and is valid until the next call; do not change the batch before the backward pass.</summary>
    /// <exception cref="ArgumentException">The batch does not have <see cref="Inputs"/> columns.</exception>
    public Matrix Forward(Matrix batch)
    {
        if (batch.Columns != Inputs)
            throw new ArgumentException($"The network takes {Inputs} numbers an example; there are {batch.Columns}.", nameof(batch));
        foreach (var layer in _layers)
            batch = layer.Forward(batch);
        return batch;
    }

    /// <summary>
    /// Adds to the parameters' gradients, from the gradient of the loss by the last forward pass's answers, which is
    /// overwritten. Returns the gradient by the batch if it is wanted, which belongs to the network; else null.
    /// </summary>
    public Matrix? Backward(Matrix gradient, bool wantInput = false)
    {
        Matrix? flowing = gradient;
        for (var i = _layers.Length - 1; i >= 0; i--)
            flowing = _layers[i].Backward(flowing!, wantInput || i > 0);
        return flowing;
    }

    /// <summary>The answer to one example; allocates nothing for layers up to 512 wide and keeps nothing.</summary>
    /// <exception cref="ArgumentException">The lengths are not <see cref="Inputs"/> and <see cref="Outputs"/>.</exception>
    public void Predict(ReadOnlySpan<float> example, Span<float> answer)
    {
        if (example.Length != Inputs || answer.Length != Outputs)
            throw new ArgumentException($"The network takes {Inputs} numbers and gives {Outputs}; there are {example.Length} and room for {answer.Length}.", nameof(example));
        const int OnStack = 512;
        var widest = 0;
        foreach (var layer in _layers)
            widest = Math.Max(widest, layer.Weights.Columns);
        // Two buffers in turn: a layer reads one and writes the other. 2 x 512 floats are 4 KiB of stack.
        Span<float> buffers = widest <= OnStack ? stackalloc float[2 * OnStack] : new float[2 * widest];
        var half = buffers.Length / 2;
        scoped var input = example;
        for (var i = 0; i < _layers.Length - 1; i++)
        {
            var output = buffers.Slice(i % 2 * half, _layers[i].Weights.Columns);
            _layers[i].Predict(input, output);
            input = output;
        }

        _layers[^1].Predict(input, answer);
    }

    /// <summary>Moves every parameter the given share of the way to the other network's; 1 copies it (a target network in Q-learning).</summary>
    /// <exception cref="ArgumentException">The networks have other shapes.</exception>
    public void MoveTowards(Network other, float share)
    {
        if (other.Inputs != Inputs || !other.Layers.SequenceEqual(Layers))
            throw new ArgumentException("Only a network of the same shape can be followed.", nameof(other));
        foreach (var (own, target) in Parameters.Zip(other.Parameters))
            TensorPrimitives.Lerp(own.Values, target.Values, share, own.Values);
    }
}
