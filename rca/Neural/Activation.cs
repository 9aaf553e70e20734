using System.Numerics.Tensors;

namespace Ops.Neural;

/// <summary>What a layer does with its weighted sums.</summary>
public enum Activation
{
    /// <summary>Nothing.</summary>
    Linear,

    /// <summary>max(0, x).</summary>
    Relu,

    /// <summary>Hyperbolic tangent.</summary>
    Tanh,
}

internal static class Activations
{
    public static void Apply(this Activation activation, Span<float> values)
    {
        if (activation == Activation.Relu)
            TensorPrimitives.Max(values, 0f, values);
        else if (activation == Activation.Tanh)
            TensorPrimitives.Tanh(values, values);
    }

    /// <summary>Turns the gradient of the output into that of the weighted sums; both derivatives follow from the output alone.</summary>
    public static void Undo(this Activation activation, ReadOnlySpan<float> output, Span<float> gradient)
    {
        if (activation == Activation.Relu)
        {
            for (var i = 0; i < gradient.Length; i++)
                gradient[i] = output[i] > 0 ? gradient[i] : 0;
        }
        else if (activation == Activation.Tanh)
        {
            for (var i = 0; i < gradient.Length; i++)
                gradient[i] *= 1 - (output[i] * output[i]);
        }
    }
}
