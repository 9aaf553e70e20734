using Ops.Rca.Sources;

namespace Ops.Rca.Service.Tests;

/// <summary>Raw series by hand: every series is one object, as a source keeps it.</summary>
internal sealed class Rounds(LabelMapping? mapping = null, SignalLimits? limits = null)
{
    private readonly Dictionary<string, RawSeries> known = [];

    public SignalBuilder Builder { get; } = new(mapping ?? new(), limits);

    /// <summary>Takes a round of "name{a=b,c=d}" texts with their values and returns each signal's value by "service name".</summary>
    public Dictionary<string, double> Take(double seconds, params (string Series, double Value)[] samples)
    {
        var row = Builder.Take(new(seconds, [.. samples.Select(sample => new Sample(Series(sample.Series), sample.Value))]));
        var result = new Dictionary<string, double>();
        for (var i = 0; i < row.Length; i++)
            if (Builder.Signals[i] is { } signal)
                result[signal.Metric.ToString()] = row[i];
        return result;
    }

    private RawSeries Series(string text)
    {
        if (known.TryGetValue(text, out var series))
            return series;
        var open = text.IndexOf('{');
        var labels = text[(open + 1)..^1].Split(',').Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => pair[1]);
        return known[text] = new RawSeries(text[..open], labels, SeriesType.Unknown);
    }
}
