using System.Numerics.Tensors;

namespace Ops.Neural;

/// <summary>How Adam steps; the defaults are those of its paper.</summary>
public sealed record AdamOptions
{
    /// <summary>Length of a step.</summary>
    public float LearningRate { get; init; } = 1e-3f;

    /// <summary>How much of the mean gradient a step keeps.</summary>
    public float Beta1 { get; init; } = 0.9f;

    /// <summary>How much of the mean squared gradient a step keeps.</summary>
    public float Beta2 { get; init; } = 0.999f;

    /// <summary>Keeps the division finite.</summary>
    public float Epsilon { get; init; } = 1e-8f;

    /// <summary>Share of its value that a parameter loses in each step, times the learning rate (Loshchilov and Hutter, 2019).</summary>
    public float WeightDecay { get; init; }

    /// <summary>A longer gradient, over all parameters, is cut to this length; infinite for never.</summary>
    public float MaxNorm { get; init; } = float.PositiveInfinity;
}

/// <summary>Adam (Kingma and Ba, 2015): steps by the mean gradient over its root mean square, both running and corrected for their start at 0.</summary>
public sealed class Adam
{
    private readonly IReadOnlyList<Parameter> _parameters;
    private readonly float[][] _mean;
    private readonly float[][] _square;
    private int _steps;

    /// <summary>For these parameters, and no others.</summary>
    public Adam(IReadOnlyList<Parameter> parameters, AdamOptions? options = null)
    {
        _parameters = parameters;
        Options = options ?? new AdamOptions();
        _mean = [.. parameters.Select(parameter => new float[parameter.Values.Length])];
        _square = [.. parameters.Select(parameter => new float[parameter.Values.Length])];
    }

    /// <summary>May be replaced between steps, for example to lower the learning rate.</summary>
    public AdamOptions Options { get; set; }

    /// <summary>Changes every parameter by its gradient and sets the gradients to zero.</summary>
    /// <exception cref="ArithmeticException">A gradient is not finite; nothing was changed.</exception>
    public void Step()
    {
        var norm = Math.Sqrt(_parameters.Sum(parameter => (double)TensorPrimitives.SumOfSquares<float>(parameter.Gradient)));
        if (!double.IsFinite(norm))
            throw new ArithmeticException("A gradient is not finite: the inputs hold NaN, or the learning rate is too high.");
        var cut = norm > Options.MaxNorm ? (float)(Options.MaxNorm / norm) : 1;
        _steps++;
        var rate = (float)(Options.LearningRate * Math.Sqrt(1 - Math.Pow(Options.Beta2, _steps)) / (1 - Math.Pow(Options.Beta1, _steps)));
        for (var i = 0; i < _parameters.Count; i++)
        {
            Update(_parameters[i].Values, _parameters[i].Gradient, _mean[i], _square[i], rate, cut);
            Array.Clear(_parameters[i].Gradient);
        }
    }

    // One pass over the four arrays; the compiler vectorises neither this nor a chain of primitives over memory, and the
    // chain would read each array several times.
    private void Update(Span<float> values, ReadOnlySpan<float> gradient, Span<float> mean, Span<float> square, float rate, float cut)
    {
        var (beta1, beta2, decay) = (Options.Beta1, Options.Beta2, 1 - (Options.LearningRate * Options.WeightDecay));
        // The correction of the square's root is in the rate, so epsilon must carry it too.
        var epsilon = Options.Epsilon * MathF.Sqrt(1 - MathF.Pow(beta2, _steps));
        for (var i = 0; i < values.Length; i++)
        {
            var slope = gradient[i] * cut;
            mean[i] = (beta1 * mean[i]) + ((1 - beta1) * slope);
            square[i] = (beta2 * square[i]) + ((1 - beta2) * slope * slope);
            values[i] = (values[i] * decay) - (rate * mean[i] / (MathF.Sqrt(square[i]) + epsilon));
        }
    }
}
