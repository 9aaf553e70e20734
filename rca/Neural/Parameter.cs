namespace Ops.Neural;

/// <summary>Numbers that training changes, with the gradient of the loss for each. A backward pass adds to the gradient.</summary>
public sealed class Parameter
{
    /// <summary>All zero.</summary>
    public Parameter(int length)
        : this(new float[length])
    {
    }

    /// <summary>Takes the array as it is.</summary>
    public Parameter(float[] values) => (Values, Gradient) = (values, new float[values.Length]);

    /// <summary>The numbers.</summary>
    public float[] Values { get; }

    /// <summary>As many as <see cref="Values"/>; <see cref="Adam.Step"/> uses them and sets them to zero.</summary>
    public float[] Gradient { get; }
}
