using CsCheck;

namespace Ops.Neural.Tests;

/// <summary>Gradients are the slopes of the loss, and training goes down them.</summary>
public sealed class Gradient_rules
{
    [Theory]
    [InlineData(Activation.Linear)]
    [InlineData(Activation.Relu)]
    [InlineData(Activation.Tanh)]
    public void Every_gradient_is_the_slope_that_two_losses_nearby_show(Activation hidden)
    {
        var random = new Random(7);
        var network = new Network(5, [new Layer(19, hidden), new Layer(7, Activation.Tanh), new Layer(3, Activation.Linear)], random);
        var batch = Numbers.Matrix(6, 5, random);
        var targets = Numbers.Matrix(6, 3, random);
        targets[2][1] = float.NaN;
        var gradient = new Matrix(6, 3);

        Loss.Huber(network.Forward(batch), targets, gradient, 0.8f);
        var byInput = network.Backward(gradient, wantInput: true)!;

        double LossNow() => Loss.Huber(network.Forward(batch), targets, new Matrix(6, 3), 0.8f);
        foreach (var parameter in network.Parameters)
            ExpectSlopes(parameter.Values, parameter.Gradient, LossNow);
        ExpectSlopes(batch.Data, byInput.Data, LossNow);
    }

    [Fact]
    public void A_second_backward_pass_adds_to_the_first()
    {
        var random = new Random(1);
        var network = new Network(3, [new Layer(4, Activation.Tanh)], random);
        var batch = Numbers.Matrix(5, 3, random);

        network.Forward(batch);
        network.Backward(new Matrix(5, 4, [.. Enumerable.Repeat(1f, 20)]));
        var once = network.Parameters.Select(parameter => parameter.Gradient.ToArray()).ToArray();
        network.Forward(batch);
        network.Backward(new Matrix(5, 4, [.. Enumerable.Repeat(1f, 20)]));

        foreach (var (parameter, single) in network.Parameters.Zip(once))
            for (var i = 0; i < single.Length; i++)
                parameter.Gradient[i].ShouldBe(2 * single[i], 1e-5);
    }

    [Fact]
    public void A_target_without_an_opinion_changes_neither_loss_nor_gradient()
    {
        var gradient = new Matrix(1, 3);

        Loss.Squared(new Matrix(1, 3, [1, 5, 3]), new Matrix(1, 3, [0, float.NaN, 1]), gradient).ShouldBe((0.5 + 2) / 2, 1e-6);
        gradient.Data.ShouldBe([0.5f, 0, 1]);
        Loss.Huber(new Matrix(1, 3, [1, 5, 3]), new Matrix(1, 3, [float.NaN, float.NaN, float.NaN]), gradient).ShouldBe(0);
        gradient.Data.ShouldBe([0, 0, 0]);
    }

    [Fact]
    public void Huber_is_squared_near_and_straight_far()
    {
        var gradient = new Matrix(1, 2);

        Loss.Huber(new Matrix(1, 2, [0.5f, -4]), new Matrix(1, 2, [0, 0]), gradient, 1).ShouldBe((0.125 + 3.5) / 2, 1e-6);
        gradient.Data.ShouldBe([0.25f, -0.5f]);
    }

    [Fact]
    public void The_product_is_that_of_the_definition_for_any_shape()
    {
        Gen.Select(Gen.Int[1, 40], Gen.Int[1, 40], Gen.Int[1, 40], Gen.Int[0, 1000]).Sample((rows, inner, columns, seed) =>
        {
            var random = new Random(seed);
            var (left, right) = (Numbers.Matrix(rows, inner, random), Numbers.Matrix(inner, columns, random));
            var transposed = new Matrix(inner, rows);
            MatrixProduct.Transpose(left, transposed);
            var (plain, other) = (new Matrix(rows, columns), new Matrix(rows, columns));

            MatrixProduct.Add(left, right, plain);
            MatrixProduct.AddTransposed(transposed, right, other);

            for (var i = 0; i < rows; i++)
                for (var j = 0; j < columns; j++)
                {
                    var expected = Enumerable.Range(0, inner).Sum(k => (double)left[i][k] * right[k][j]);
                    ((double)plain[i][j]).ShouldBe(expected, 1e-4);
                    other[i][j].ShouldBe(plain[i][j]);
                }
        }, iter: 200);
    }

    // The slopes to the left and to the right are the same up to rounding where the loss is smooth. Where a kink of ReLU or
    // Huber lies within the step they differ, and the gradient is one of them or lies between.
    private static void ExpectSlopes(float[] values, float[] gradient, Func<double> loss)
    {
        const float Step = 5e-3f;
        const double Rounding = 1e-3;
        var here = loss();
        for (var i = 0; i < values.Length; i++)
        {
            var value = values[i];
            values[i] = value + Step;
            var right = (loss() - here) / Step;
            values[i] = value - Step;
            var left = (here - loss()) / Step;
            values[i] = value;
            ((double)gradient[i]).ShouldBeInRange(Math.Min(left, right) - Rounding, Math.Max(left, right) + Rounding);
        }
    }
}
