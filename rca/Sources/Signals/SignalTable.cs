namespace Ops.Rca.Sources;

/// <summary>Rounds of raw samples as one table for the analysis.</summary>
public static class SignalTable
{
    /// <summary>All signals over all rounds but the first, which has no rates yet.</summary>
    /// <exception cref="BadInputException">There is nothing to build a table from.</exception>
    public static (MetricTable Table, IReadOnlyList<CallEdge> Calls, IReadOnlyList<string> Notes) Of(IReadOnlyList<SampleRound> rounds, LabelMapping mapping)
    {
        if (rounds.Count < 3)
            throw new BadInputException($"There are samples at {rounds.Count} times only; at least 3 are needed.");
        // Nothing is forgotten in one table: indexes must not change hands.
        var builder = new SignalBuilder(mapping, new SignalLimits { ForgetAfter = rounds.Count + 1 });
        var rows = new List<double[]>(rounds.Count);
        foreach (var round in rounds)
            rows.Add(builder.Take(round).ToArray());
        var signals = builder.Signals.OfType<Signal>().ToArray();
        if (signals.Length == 0)
            throw new BadInputException("None of the series could be used: no label names their service (see --service-labels), or they are internals of runtimes.");
        var columns = signals.Select((_, m) => rows.Skip(1).Select(row => m < row.Length ? row[m] : double.NaN).ToArray()).ToArray();
        var metrics = AnalysisView.Of(signals);
        var useful = Enumerable.Range(0, signals.Length).Where(m => metrics[m] is not null && Array.Exists(columns[m], double.IsFinite)).ToArray();
        var notes = builder.LeftOut > 0 ? [$"{builder.LeftOut} derived series were left out for want of room."] : Array.Empty<string>();
        return (new([.. rounds.Skip(1).Select(round => round.Seconds)], [.. useful.Select(m => metrics[m]!)], [.. useful.Select(m => columns[m])]), builder.Calls, notes);
    }
}
