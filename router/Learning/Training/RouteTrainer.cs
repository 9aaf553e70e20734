using Ops.Picking;

namespace Ops.Learning;

/// <summary>What a policy is trained for.</summary>
public sealed record TrainingOrder
{
    /// <summary>The route's pools, in the route's order.</summary>
    public required SimulatedFleet Fleet { get; init; }

    /// <summary>The route's objective.</summary>
    public required Objective Objective { get; init; }

    /// <summary>Quality by joule, as in the route.</summary>
    public double EnergyWeight { get; init; }

    /// <summary>Mean prompt length; streams vary it by 0.6 to 1.6. Default: that of the Azure 2023 conversation trace.</summary>
    public double PromptTokens { get; init; } = 1155;

    /// <summary>Mean answer length; streams vary it likewise.</summary>
    public double OutputTokens { get; init; } = 211;

    /// <summary>Seed of every draw.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>A tenth of the labels and a fifth of the validation: to see whether it works.</summary>
    public bool Quick { get; init; }
}

/// <summary>Trains a policy for one route from the simulator, from rollouts and by Q-learning, and keeps the better.</summary>
public static class RouteTrainer
{
    private const double StreamSeconds = 200;

    // The share of the time that rollouts take.
    private const double MostOfIt = 0.8;

    // About where the throughput of a decode step no longer grows much.
    private const int TypicalBatch = 64;

    /// <summary>Trains; a few minutes on one core.</summary>
    public static Training Train(TrainingOrder order, Action<double>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(order);
        // States of one stream are alike, so many streams with few labels each teach far more than as many labels of few streams.
        var (streams, labels) = order.Quick ? (40, 30) : (320, 50);
        var (streamsOfDqn, updates) = order.Quick ? (10, 50) : (40, 250);
        var (learning, choosing) = (Draw(order, streams, order.Seed), Validation(order));
        var advantages = AdvantageTrainer.Train(learning, choosing, new(), order.EnergyWeight, labels, order.Seed, share => progress?.Invoke(MostOfIt * share), cancellation);
        var dqn = DoubleDqnTrainer.Train([.. learning.Take(streamsOfDqn)], choosing, new(), order.EnergyWeight, updates, order.Seed, share => progress?.Invoke(MostOfIt + ((1 - MostOfIt) * share)), cancellation);
        return dqn.Margin.Sure > advantages.Margin.Sure ? dqn with { Other = advantages } : advantages with { Other = dqn };
    }

    /// <summary>Streams that choose a margin; none of them is trained on.</summary>
    public static IReadOnlyList<SimulatedStream> Validation(TrainingOrder order)
    {
        ArgumentNullException.ThrowIfNull(order);
        return Draw(order, order.Quick ? 20 : 100, 1_000_000 + order.Seed);
    }

    /// <summary>Requests a second that keep every replica of a fleet about busy.</summary>
    public static double Capacity(SimulatedFleet fleet, double promptTokens, double outputTokens)
    {
        ArgumentNullException.ThrowIfNull(fleet);
        return fleet.Pools.Sum(pool =>
        {
            var table = pool.Profile.Tabulate(pool.Power ?? pool.Profile.Gpu.Default, TypicalBatch);
            return pool.Placement.Length / ((promptTokens * table.SecondsPerPromptToken) + (outputTokens * table.StepSeconds[^1] / TypicalBatch));
        });
    }

    private static IReadOnlyList<SimulatedStream> Draw(TrainingOrder order, int count, int seed) => TrainingStreams.Draw(
        order.Fleet, Capacity(order.Fleet, order.PromptTokens, order.OutputTokens), order.Objective, order.PromptTokens, order.OutputTokens, count, StreamSeconds, seed);
}
