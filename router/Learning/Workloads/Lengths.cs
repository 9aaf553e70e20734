using System.Collections.Immutable;
using Ops.Traces;

namespace Ops.Learning;

/// <summary>Prompt and answer lengths: pairs drawn together, so that what goes with what stays as it is.</summary>
public sealed class Lengths
{
    private readonly ImmutableArray<(int Prompt, int Output)> _pairs;

    private Lengths(ImmutableArray<(int, int)> pairs) => _pairs = pairs;

    /// <summary>The pairs of a trace, each as likely as it is frequent there.</summary>
    public static Lengths Of(Trace trace)
    {
        ArgumentNullException.ThrowIfNull(trace);
        return new([.. trace.Requests.Select(r => (r.ContextTokens, r.GeneratedTokens))]);
    }

    /// <summary>Log-normal lengths with given means and coefficients of variation, 4,096 pairs of them.</summary>
    public static Lengths LogNormal(double prompt, double promptVariation, double output, double outputVariation, int seed)
    {
        var random = new Random(seed);
        return new([.. Enumerable.Range(0, 4096).Select(_ => (Draw1(prompt, promptVariation), Draw1(output, outputVariation)))]);

        int Draw1(double mean, double variation) => (int)Math.Clamp(Math.Round(Draw.LogNormal(random, mean, variation)), 1, 16_384);
    }

    /// <summary>One pair.</summary>
    public (int Prompt, int Output) Next(Random random)
    {
        ArgumentNullException.ThrowIfNull(random);
        return _pairs[random.Next(_pairs.Length)];
    }
}
