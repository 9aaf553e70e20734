namespace Ops.Rca;

/// <summary>One column: what is measured, where.</summary>
/// <param name="Service">The service, pod or node that the metric belongs to.</param>
/// <param name="Name">The metric's own name, unique within the service.</param>
/// <param name="Kind">What it measures.</param>
public sealed record Metric(string Service, string Name, MetricKind Kind)
{
    /// <summary>The caller whose view of the service this is; null for what the service measures itself.</summary>
    public string? SeenBy { get; init; }

    /// <summary>
    /// The least robust deviation that it is given, in its own unit: what nobody would feel moves nothing, however constant it
    /// was before. 0 where nobody knows the unit.
    /// </summary>
    public double Resolution { get; init; }

    /// <summary>Service and name as one text, for people.</summary>
    public override string ToString() => $"{Service} {Name}";
}

/// <summary>Time by metric. Times are seconds since 1970, ascending and distinct after <see cref="TableCleaning"/>; a gap is NaN.</summary>
public sealed class MetricTable
{
    /// <summary>Takes the arrays as they are.</summary>
    /// <exception cref="ArgumentException">A column is not as long as the times, or there are not as many columns as metrics.</exception>
    public MetricTable(double[] times, IReadOnlyList<Metric> metrics, double[][] columns)
    {
        if (columns.Length != metrics.Count || columns.Any(column => column.Length != times.Length))
            throw new ArgumentException("Every metric needs one column with one value for each time.", nameof(columns));
        (Times, Metrics, Columns) = (times, metrics, columns);
    }

    /// <summary>Seconds since 1970.</summary>
    public double[] Times { get; }

    /// <summary>What each column is.</summary>
    public IReadOnlyList<Metric> Metrics { get; }

    /// <summary>Columns[metric][row].</summary>
    public double[][] Columns { get; }

    /// <summary>Rows.</summary>
    public int Rows => Times.Length;

    /// <summary>The rows at which a condition on the time holds.</summary>
    public int[] RowsWhere(Func<double, bool> condition) => [.. Enumerable.Range(0, Rows).Where(row => condition(Times[row]))];

    /// <summary>The same metrics at some of the rows.</summary>
    public MetricTable Take(int[] rows) =>
        new([.. rows.Select(row => Times[row])], Metrics, [.. Columns.Select(column => rows.Select(row => column[row]).ToArray())]);

    /// <summary>Median distance between rows in seconds; NaN with fewer than two rows.</summary>
    public double StepSeconds => Rows < 2 ? double.NaN : Statistics.Median([.. Times.Zip(Times.Skip(1), (a, b) => b - a)]);
}
