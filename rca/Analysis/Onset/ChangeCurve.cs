namespace Ops.Rca;

/// <summary>
/// How much the metrics change for the worse at each row: the sum over metrics of the squared difference between the
/// mean of the five minutes from there on and of the ten minutes before, times n m / (n + m) as in a two-sample test.
/// Values are robust deviations, log-compressed, so that no single metric and no single spike decides; a metric whose
/// bad direction is known counts only in that direction, so that the end of an earlier incident is no onset.
/// </summary>
internal sealed class ChangeCurve
{
    private const double AfterSeconds = 300;
    private const double BeforeSeconds = 600;
    private const double Most = 8;

    private readonly MetricTable _table;
    private readonly double[][] _deviations;
    private readonly int _after;
    private readonly int _before;

    public ChangeCurve(Incident incident)
    {
        _table = incident.Observed;
        var step = double.IsNaN(_table.StepSeconds) ? 1 : Math.Max(_table.StepSeconds, 1e-9);
        _after = (int)Math.Clamp(AfterSeconds / step, 2, _table.Rows);
        _before = (int)Math.Clamp(BeforeSeconds / step, 2, _table.Rows);
        _deviations = Deviations(incident);
    }

    /// <summary>The sum over the metrics of one service, or of all.</summary>
    /// <param name="service">Null for all.</param>
    /// <param name="order">The rows in the order in which they are to be read; null for their own.</param>
    public double[] Of(string? service = null, int[]? order = null)
    {
        var curve = new double[_table.Rows];
        var sums = new double[_table.Rows + 1];
        var counts = new int[_table.Rows + 1];
        for (var m = 0; m < _deviations.Length; m++)
        {
            var metric = _table.Metrics[m];
            if (service is not null && metric.Service != service)
                continue;
            Accumulate(_deviations[m], order, sums, counts);
            Add(sums, counts, metric.Kind.BadDirection(), metric.Kind.Weight(), curve);
        }

        return curve;
    }

    // sign(z) min(8, ln(1 + |z|)), z in robust deviations of the normal period if it knows the metric, else of the table.
    private static double[][] Deviations(Incident incident)
    {
        var normal = incident.Normal is { } apart
            ? Enumerable.Range(0, apart.Metrics.Count).ToDictionary(m => (apart.Metrics[m].Service, apart.Metrics[m].Name), m => apart.Columns[m])
            : [];
        return [.. incident.Observed.Metrics.Select((metric, m) =>
        {
            var own = Statistics.Sorted(incident.Observed.Columns[m]);
            var reference = normal.TryGetValue((metric.Service, metric.Name), out var column) ? Statistics.Sorted(column) : own;
            var scale = ShiftPrior.Scale(reference.Length > 0 ? reference : own);
            var middle = Statistics.Quantile(own, 0.5);
            return Array.ConvertAll(incident.Observed.Columns[m], value =>
                (value - middle) / scale is var z && double.IsNaN(z) ? z : Math.CopySign(Math.Min(Most, Math.Log(1 + Math.Abs(z))), z));
        })];
    }

    private static void Accumulate(double[] column, int[]? order, double[] sums, int[] counts)
    {
        for (var i = 0; i < column.Length; i++)
        {
            var value = column[order is null ? i : order[i]];
            var known = !double.IsNaN(value);
            sums[i + 1] = sums[i] + (known ? value : 0);
            counts[i + 1] = counts[i] + (known ? 1 : 0);
        }
    }

    private void Add(double[] sums, int[] counts, int direction, double weight, double[] curve)
    {
        for (var row = 1; row < curve.Length; row++)
        {
            var (from, to) = (Math.Max(0, row - _before), Math.Min(curve.Length, row + _after));
            var (n, m) = (counts[row] - counts[from], counts[to] - counts[row]);
            if (n == 0 || m == 0)
                continue;
            var change = ((sums[to] - sums[row]) / m) - ((sums[row] - sums[from]) / n);
            if (direction == 0 || change * direction > 0)
                curve[row] += weight * change * change * n * m / (n + m);
        }
    }
}
