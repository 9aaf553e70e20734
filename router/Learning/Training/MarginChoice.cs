using System.Runtime.InteropServices;
using Ops.Picking;

namespace Ops.Learning;

/// <summary>The margin above which a model may overrule the rule, chosen on validation streams.</summary>
/// <param name="Margin">Infinite where no margin gained.</param>
/// <param name="Gain">Mean gain over the rule with it, points of performance.</param>
/// <param name="Sure">The gain less its standard error.</param>
/// <param name="LeastMarginGain">Mean gain with the least margin: what the model alone is worth.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct MarginChoice(double Margin, double Gain, double Sure, double LeastMarginGain)
{
    // 0.1 point: below the noise of 20 streams of a kind.
    private const double MostLoss = 0.1;

    // A margin of 0 trusts every prediction; the noise of a label is about 0.1.
    private static readonly double[] Margins = [0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 0.6];

    /// <summary>
    /// The margin with the best mean gain less its standard error, among those that lose on no kind of arrivals; without one
    /// above 0 the rule stays.
    /// </summary>
    internal static MarginChoice Of(PolicyModel model, PricePolicy rule, IReadOnlyList<SimulatedStream> validation, SimulationOptions options)
    {
        var best = new MarginChoice(double.PositiveInfinity, 0, 0, 0);
        var rules = validation.Select(stream => stream.PerformanceOf(rule, options)).ToList();
        foreach (var margin in Margins)
        {
            var gains = Gains(model, margin, rule, validation, rules, options);
            var mean = gains.Average();
            var sure = mean - Math.Sqrt(gains.Sum(g => (g - mean) * (g - mean)) / (gains.Count - 1) / gains.Count);
            if (margin == Margins[0])
                best = best with { LeastMarginGain = mean };
            if (sure > best.Sure && Worst(gains, validation) >= -MostLoss)
                best = best with { Margin = margin, Gain = mean, Sure = sure };
        }

        return best;
    }

    /// <summary>The least margin, and none below a given finite one, with which a model loses on no kind of arrivals; infinite without one.</summary>
    internal static double Safe(PolicyModel model, PricePolicy rule, IReadOnlyList<SimulatedStream> validation, SimulationOptions options, double atLeast)
    {
        var rules = validation.Select(stream => stream.PerformanceOf(rule, options)).ToList();
        foreach (var margin in Margins.Where(margin => double.IsPositiveInfinity(atLeast) || margin >= atLeast))
        {
            if (Worst(Gains(model, margin, rule, validation, rules, options), validation) >= -MostLoss)
                return margin;
        }

        return double.PositiveInfinity;
    }

    // Points over the rule, by stream.
    private static List<double> Gains(PolicyModel model, double margin, PricePolicy rule, IReadOnlyList<SimulatedStream> validation, List<double> rules, SimulationOptions options)
    {
        var policy = new LearnedPolicy(Apply(model, margin), rule);
        return [.. validation.Select((stream, i) => 100 * (stream.PerformanceOf(policy, options) - rules[i]))];
    }

    private static double Worst(List<double> gains, IReadOnlyList<SimulatedStream> validation) =>
        gains.Zip(validation, (gain, stream) => (gain, stream.Kind)).GroupBy(x => x.Kind).Min(kind => kind.Average(x => x.gain));

    /// <summary>The model with a margin.</summary>
    internal static PolicyModel Apply(PolicyModel model, double margin) =>
        new(model.Pools, margin, model.EnergyWeight, model.Lowest, model.Highest, model.Weights, model.Biases);
}
