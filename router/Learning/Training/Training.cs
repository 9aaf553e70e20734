using System.Collections.Immutable;
using Ops.Picking;

namespace Ops.Learning;

/// <summary>How a policy learned.</summary>
public enum TrainingMethod
{
    /// <summary>Advantages over the rule from rollouts (<see cref="AdvantageTrainer"/>).</summary>
    Advantages,

    /// <summary>Double Q-learning (<see cref="DoubleDqnTrainer"/>).</summary>
    DoubleDqn,
}

/// <summary>What a training came to.</summary>
/// <param name="Method">How it learned.</param>
/// <param name="Model">The model with the margin that validation chose; an infinite margin is the rule itself.</param>
/// <param name="Curve">Advantages: loss on held-out labels after each pass. Double DQN: mean size of the temporal difference, by stream.</param>
/// <param name="Labels">Labels or choices that it was fitted to.</param>
/// <param name="Margin">What validation said about margins.</param>
public sealed record Training(TrainingMethod Method, PolicyModel Model, ImmutableArray<double> Curve, int Labels, MarginChoice Margin)
{
    /// <summary>Mean gain over the rule on the validation streams, points of performance.</summary>
    public double Gain => Margin.Gain;

    /// <summary>What the other method came to, where both were tried; it gained less.</summary>
    public Training? Other { get; init; }
}
