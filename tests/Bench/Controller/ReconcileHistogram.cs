using System.Globalization;

namespace Ops.Bench.Controller;

/// <summary>The operator's own histogram of reconcile durations, read from its metrics page, all controllers together.</summary>
internal sealed class ReconcileHistogram
{
    private const string Name = "ops_kube_reconcile_duration";
    private readonly SortedDictionary<double, double> _cumulative = [];

    /// <summary>Reconciles counted.</summary>
    public double Count { get; private set; }

    /// <summary>Reads the page.</summary>
    public static ReconcileHistogram Parse(string metrics)
    {
        var histogram = new ReconcileHistogram();
        foreach (var line in metrics.Split('\n').Where(line => line.StartsWith(Name, StringComparison.Ordinal)))
        {
            // ops_kube_reconcile_duration_bucket{controller="pools",le="0.01"} 12
            var value = double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture);
            if (Label(line, "le") is { } bound && line.Contains("_bucket{", StringComparison.Ordinal))
            {
                var le = bound == "+Inf" ? double.PositiveInfinity : double.Parse(bound, CultureInfo.InvariantCulture);
                histogram._cumulative[le] = histogram._cumulative.GetValueOrDefault(le) + value;
            }
            else if (line.Contains("_count", StringComparison.Ordinal))
                histogram.Count += value;
        }

        return histogram;
    }

    /// <summary>Keys that wait for a worker, all controllers together.</summary>
    public static double QueueDepth(string metrics) => metrics.Split('\n')
        .Where(line => line.StartsWith("ops_kube_queue_depth{", StringComparison.Ordinal))
        .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));

    /// <summary>The upper bound of the bucket that holds the quantile; not a number when there is none.</summary>
    public double Quantile(double q)
    {
        foreach (var (bound, count) in _cumulative)
        {
            if (count >= q * Count && count > 0)
                return bound;
        }

        return double.NaN;
    }

    private static string? Label(string line, string name)
    {
        var start = line.IndexOf($"{name}=\"", StringComparison.Ordinal);
        if (start < 0)
            return null;
        start += name.Length + 2;
        return line[start..line.IndexOf('"', start)];
    }
}
