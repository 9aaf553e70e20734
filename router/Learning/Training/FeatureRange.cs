using System.Collections.Immutable;
using Ops.Neural;
using Ops.Picking;

namespace Ops.Learning;

/// <summary>The range of each feature that a training has seen; outside it the policy leaves the choice to the rule.</summary>
internal sealed class FeatureRange
{
    private readonly float[] _lowest = [.. Enumerable.Repeat(float.PositiveInfinity, PolicyFeatures.Count)];
    private readonly float[] _highest = [.. Enumerable.Repeat(float.NegativeInfinity, PolicyFeatures.Count)];

    /// <summary>A small network over a row of features with one number as its answer.</summary>
    public static Network NewNetwork(Random random)
    {
        const int hidden = 48;
        return new Network(PolicyFeatures.Count, [new(hidden, Activation.Relu), new(hidden, Activation.Relu), new(1, Activation.Linear)], random);
    }

    /// <summary>The range of everything that was labelled.</summary>
    public static FeatureRange Of(LabelledChoices labels)
    {
        var range = new FeatureRange();
        for (var i = 0; i < labels.Count; i++)
            range.Include(labels.Row(i));
        return range;
    }

    public void Include(ReadOnlySpan<float> row)
    {
        for (var f = 0; f < row.Length; f++)
            (_lowest[f], _highest[f]) = (Math.Min(_lowest[f], row[f]), Math.Max(_highest[f], row[f]));
    }

    /// <summary>The network as a policy's model for this range, with a margin of 0.</summary>
    public PolicyModel ToModel(Network network, ImmutableArray<string> pools, double energyWeight)
    {
        var parameters = network.Parameters;
        return new PolicyModel(
            pools, 0, energyWeight, [.. _lowest], [.. _highest],
            Enumerable.Range(0, parameters.Count / 2).Select(l => parameters[2 * l].Values.ToArray()),
            Enumerable.Range(0, parameters.Count / 2).Select(l => parameters[(2 * l) + 1].Values.ToArray()));
    }
}
