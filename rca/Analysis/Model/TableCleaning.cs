namespace Ops.Rca;

/// <summary>Puts right what can be put right in a table as it was read, and says so.</summary>
internal static class TableCleaning
{
    // 20,000 metrics by 240 rows, or 50 by 100,000, fit in 40 MB; more is a mistake or wants cutting first.
    private const long MostCells = 20_000_000;

    public static MetricTable Clean(MetricTable table, string what, List<string> notes)
    {
        if (table.Rows == 0 || table.Metrics.Count == 0)
            throw new BadInputException($"{what} has no {(table.Rows == 0 ? "rows" : "metrics")}.");
        if ((long)table.Rows * table.Metrics.Count > MostCells)
            throw new BadInputException($"{what} has {table.Rows} rows of {table.Metrics.Count} metrics; at most {MostCells} values can be analysed. Cut the time around the incident.");
        DropInfinite(table, what, notes);
        return MergeMetrics(OrderRows(table, what, notes), what, notes);
    }

    private static void DropInfinite(MetricTable table, string what, List<string> notes)
    {
        var count = 0;
        foreach (var column in table.Columns)
            for (var row = 0; row < column.Length; row++)
                if (double.IsInfinity(column[row]))
                {
                    column[row] = double.NaN;
                    count++;
                }

        if (count > 0)
            notes.Add($"{what}: {count} infinite values were taken as missing.");
    }

    // Rows by time; rows with one time become one, in which each metric has the mean of its values.
    private static MetricTable OrderRows(MetricTable table, string what, List<string> notes)
    {
        if (table.Times.Zip(table.Times.Skip(1), (a, b) => a < b).All(ascending => ascending) && Array.TrueForAll(table.Times, double.IsFinite))
            return table;
        var valid = Enumerable.Range(0, table.Rows).Where(row => double.IsFinite(table.Times[row])).ToList();
        if (valid.Count == 0)
            throw new BadInputException($"{what} has no row with a readable time.");
        if (valid.Count < table.Rows)
            notes.Add($"{what}: {table.Rows - valid.Count} rows without a readable time were left out.");
        var groups = valid.GroupBy(row => table.Times[row]).OrderBy(group => group.Key).Select(group => group.ToArray()).ToArray();
        if (groups.Length < valid.Count)
            notes.Add($"{what}: {valid.Count - groups.Length} rows repeated the time of another; their values were averaged.");
        if (!valid.Zip(valid.Skip(1), (a, b) => table.Times[a] <= table.Times[b]).All(ordered => ordered))
            notes.Add($"{what}: the rows were not in order of time and were sorted.");
        return new MetricTable(
            [.. groups.Select(group => table.Times[group[0]])],
            table.Metrics,
            [.. table.Columns.Select(column => groups.Select(group => Mean(group.Select(row => column[row]))).ToArray())]);
    }

    // Without values a metric says nothing; one name twice cannot be told apart, so both become their mean.
    private static MetricTable MergeMetrics(MetricTable table, string what, List<string> notes)
    {
        var kept = Enumerable.Range(0, table.Metrics.Count).Where(m => table.Columns[m].Any(double.IsFinite)).ToList();
        if (kept.Count == 0)
            throw new BadInputException($"{what} has no value at all.");
        if (kept.Count < table.Metrics.Count)
            notes.Add($"{what}: {table.Metrics.Count - kept.Count} metrics without any value were left out.");
        var groups = kept.GroupBy(m => (table.Metrics[m].Service, table.Metrics[m].Name)).Select(group => group.ToArray()).ToArray();
        if (groups.Length < kept.Count)
            notes.Add($"{what}: {kept.Count - groups.Length} columns repeated the name of another; their values were averaged.");
        return new MetricTable(
            table.Times,
            [.. groups.Select(group => table.Metrics[group[0]])],
            [.. groups.Select(group => group.Length == 1 ? table.Columns[group[0]]
                : [.. Enumerable.Range(0, table.Rows).Select(row => Mean(group.Select(m => table.Columns[m][row])))])]);
    }

    private static double Mean(IEnumerable<double> values) => values.Where(double.IsFinite).DefaultIfEmpty(double.NaN).Average();
}
