namespace Ops.Neural.Tests;

/// <summary>Training finds what is there to find, the same way every time.</summary>
public sealed class Training_rules
{
    [Fact]
    public void A_network_learns_what_no_straight_line_can()
    {
        var network = Trained(seed: 3, out var loss);

        loss.ShouldBeLessThan(0.01);
        foreach (var (a, b) in new[] { (0f, 0f), (0f, 1f), (1f, 0f), (1f, 1f) })
            Math.Abs(Answer(network, a, b) - (a != b ? 1 : 0)).ShouldBeLessThan(0.2f, $"{a} xor {b}");
    }

    [Fact]
    public void One_seed_gives_one_network_and_another_seed_another()
    {
        var first = Trained(seed: 5, out _);

        Weights(Trained(seed: 5, out _)).ShouldBe(Weights(first));
        Weights(Trained(seed: 6, out _)).ShouldNotBe(Weights(first));
    }

    [Fact]
    public void One_example_alone_has_the_answer_that_it_has_in_a_batch()
    {
        var random = new Random(2);
        foreach (var width in new[] { 37, 700 })
        {
            var network = new Network(9, [new Layer(width, Activation.Relu), new Layer(12, Activation.Tanh), new Layer(3, Activation.Linear)], random);
            var batch = Numbers.Matrix(11, 9, random);
            var together = network.Forward(batch);
            for (var row = 0; row < batch.Rows; row++)
            {
                var alone = new float[3];
                network.Predict(batch[row], alone);
                for (var i = 0; i < 3; i++)
                    alone[i].ShouldBe(together[row][i], 1e-4f);
            }
        }
    }

    [Fact]
    public void The_first_step_of_adam_is_as_long_as_the_learning_rate()
    {
        var parameter = new Parameter([1f, 1f, 1f]);
        var adam = new Adam([parameter], new AdamOptions { LearningRate = 0.1f });
        new[] { 4f, -0.02f, 0f }.CopyTo(parameter.Gradient, 0);

        adam.Step();

        parameter.Values[0].ShouldBe(0.9f, 1e-4f);
        parameter.Values[1].ShouldBe(1.1f, 1e-4f);
        parameter.Values[2].ShouldBe(1f);
        parameter.Gradient.ShouldBe([0, 0, 0]);
    }

    [Fact]
    public void Weight_decay_shrinks_what_has_no_gradient_and_a_long_gradient_is_cut()
    {
        var idle = new Parameter([2f]);
        new Adam([idle], new AdamOptions { LearningRate = 0.1f, WeightDecay = 0.5f }).Step();
        idle.Values[0].ShouldBe(1.9f, 1e-5f);

        // With epsilon 1 the step tells the length of the gradient: 3 and 4 are cut to 0.6 and 0.8.
        var pushed = new Parameter([0f, 0f]);
        new[] { 3f, 4f }.CopyTo(pushed.Gradient, 0);
        new Adam([pushed], new AdamOptions { LearningRate = 1, Epsilon = 1, MaxNorm = 1 }).Step();
        pushed.Values[0].ShouldBe(-0.6f / 1.6f, 1e-3f);
        pushed.Values[1].ShouldBe(-0.8f / 1.8f, 1e-3f);
    }

    [Fact]
    public void A_gradient_that_is_not_finite_is_refused_before_anything_changes()
    {
        var parameter = new Parameter([1f]);
        parameter.Gradient[0] = float.NaN;

        Should.Throw<ArithmeticException>(new Adam([parameter]).Step).Message.ShouldContain("not finite");
        parameter.Values[0].ShouldBe(1f);
    }

    [Fact]
    public void A_follower_moves_a_share_of_the_way_or_all_of_it()
    {
        var (leader, follower) = (new Network(2, [new Layer(3, Activation.Relu)], new Random(1)), new Network(2, [new Layer(3, Activation.Relu)], new Random(2)));
        var before = Weights(follower);

        follower.MoveTowards(leader, 0.25f);
        Weights(follower)[0].ShouldBe((0.75f * before[0]) + (0.25f * Weights(leader)[0]), 1e-6f);
        follower.MoveTowards(leader, 1);

        Weights(follower).ShouldBe(Weights(leader));
        Should.Throw<ArgumentException>(() => follower.MoveTowards(new Network(2, [new Layer(4, Activation.Relu)], new Random(1)), 1));
    }

    [Fact]
    public void A_wrong_shape_is_named()
    {
        var network = new Network(2, [new Layer(3, Activation.Relu)], new Random(1));

        Should.Throw<ArgumentException>(() => network.Forward(new Matrix(1, 5))).Message.ShouldContain("takes 2 numbers an example; there are 5");
        Should.Throw<ArgumentException>(() => network.Predict(new float[2], new float[1])).Message.ShouldContain("gives 3");
        Should.Throw<ArgumentException>(() => new Network(2, [], new Random(1))).Message.ShouldContain("at least one layer");
    }

    private static Network Trained(int seed, out double loss)
    {
        var network = new Network(2, [new Layer(16, Activation.Tanh), new Layer(1, Activation.Linear)], new Random(seed));
        var adam = new Adam(network.Parameters, new AdamOptions { LearningRate = 0.02f });
        var examples = new Matrix(4, 2, [0, 0, 0, 1, 1, 0, 1, 1]);
        var targets = new Matrix(4, 1, [0, 1, 1, 0]);
        var gradient = new Matrix(4, 1);
        loss = double.NaN;
        for (var step = 0; step < 500; step++)
        {
            loss = Loss.Squared(network.Forward(examples), targets, gradient);
            network.Backward(gradient);
            adam.Step();
        }

        return network;
    }

    private static float Answer(Network network, float a, float b)
    {
        var answer = new float[1];
        network.Predict([a, b], answer);
        return answer[0];
    }

    private static float[] Weights(Network network) => [.. network.Parameters.SelectMany(parameter => parameter.Values)];
}
