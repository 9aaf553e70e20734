namespace Ops.Neural;

/// <summary>
/// How wrong answers are, with the gradient. A target that is NaN has no opinion: that answer adds nothing to the loss
/// and has gradient 0. The loss is the mean over the targets that have one, and 0 if none has.
/// </summary>
public static class Loss
{
    /// <summary>Half of the squared error, so that the gradient is the error.</summary>
    public static double Squared(Matrix answers, Matrix targets, Matrix gradient) => Huber(answers, targets, gradient, float.PositiveInfinity);

    /// <summary>Half of the squared error up to a distance, from there on straight (Huber, 1964): one wild target cannot carry a step away.</summary>
    /// <param name="answers">What the network said.</param>
    /// <param name="targets">What it should have said; NaN for no opinion.</param>
    /// <param name="gradient">Overwritten with the gradient of the loss by the answers.</param>
    /// <param name="distance">Where the straight part begins; above 0.</param>
    public static double Huber(Matrix answers, Matrix targets, Matrix gradient, float distance = 1)
    {
        if (targets.Data.Length != answers.Data.Length || gradient.Data.Length != answers.Data.Length)
            throw new ArgumentException("Answers, targets and gradient must have one shape.", nameof(answers));
        var (count, sum) = (0, 0.0);
        for (var i = 0; i < answers.Data.Length; i++)
        {
            var error = answers.Data[i] - targets.Data[i];
            gradient.Data[i] = float.IsNaN(targets.Data[i]) ? 0 : Math.Clamp(error, -distance, distance);
            if (float.IsNaN(targets.Data[i]))
                continue;
            count++;
            var size = Math.Abs(error);
            sum += size <= distance ? 0.5 * size * size : distance * (size - (0.5 * distance));
        }

        if (count == 0)
            return 0;
        System.Numerics.Tensors.TensorPrimitives.Multiply(gradient.Data, 1f / count, gradient.Data);
        return sum / count;
    }
}
