namespace Ops.Rca;

/// <summary>When a metric first left its usual range and stayed out.</summary>
/// <param name="Metric">Which.</param>
/// <param name="Seconds">The first of the rows outside.</param>
/// <param name="Deviations">How far it was out during the incident, in robust deviations, positive in the bad direction.</param>
public sealed record FirstDeviation(Metric Metric, double Seconds, double Deviations)
{
    // Three deviations out for four of five rows in a row: one spike is no deviation, and one row back inside no end.
    private const double Outside = 3;
    private const int Rows = 5;
    private const int Needed = 4;
    private const double BeforeSeconds = 90;
    private const double AfterSeconds = 300;

    /// <summary>The metrics that deviate around an onset, the earliest first.</summary>
    public static IReadOnlyList<FirstDeviation> Around(Incident incident, double? onset)
    {
        var windows = Windows.Split(incident, onset);
        var shifts = incident.Observed.Metrics.Select((metric, m) => ShiftPrior.Of(windows, m, metric)).ToArray();
        return [.. Around(incident, onset, windows, shifts).Select(found => found.First)
            .OrderBy(first => first.Seconds).ThenByDescending(first => first.Deviations).ThenBy(first => first.Metric.ToString(), StringComparer.Ordinal)];
    }

    /// <summary>The same for windows and shifts that are known already, in order of the columns, each with its column.</summary>
    internal static IReadOnlyList<(int Metric, FirstDeviation First)> Around(Incident incident, double? onset, Windows windows, Shift[] shifts)
    {
        var table = incident.Observed;
        var from = onset is { } at ? Array.FindIndex(table.Times, time => time >= at - BeforeSeconds) : 0;
        var to = onset is { } begin ? table.RowsWhere(time => time <= begin + AfterSeconds).Length : table.Rows;
        var found = new List<(int, FirstDeviation)>();
        for (var m = 0; m < table.Metrics.Count; m++)
            if (Of(windows, m, shifts[m], table, Math.Max(0, from), to) is { } first)
                found.Add((m, first));
        return found;
    }

    private static FirstDeviation? Of(Windows windows, int m, Shift shift, MetricTable table, int from, int to)
    {
        var metric = table.Metrics[m];
        if (shift.Deviations < Outside)
            return null;
        var reference = Statistics.Sorted(windows.Before(m) is { Length: > 0 } before ? before : windows.Reference(m));
        if (reference.Length == 0)
            return null;
        var (middle, scale) = (Statistics.Quantile(reference, 0.5), Math.Max(metric.Resolution, ShiftPrior.Scale(Statistics.Sorted(windows.Reference(m)) is { Length: > 0 } sorted ? sorted : reference)));
        var direction = metric.Kind.BadDirection();
        bool Out(int row) => (table.Columns[m][row] - middle) / scale is var z && (direction == 0 ? Math.Abs(z) : direction * z) >= Outside;
        for (var row = from; row < to; row++)
        {
            // Near the end of the data fewer rows follow; all but one of those must be outside.
            var follow = Math.Min(Rows, table.Rows - row);
            if (Out(row) && Enumerable.Range(row, follow).Count(Out) >= Math.Min(Needed, Math.Max(1, follow - 1)))
                return new FirstDeviation(metric, table.Times[row], shift.Deviations);
        }

        return null;
    }
}
