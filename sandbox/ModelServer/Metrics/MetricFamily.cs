using System.Globalization;
using System.Text;

namespace Ops.Sandbox.ModelServer.Metrics;

/// <summary>
/// One metric in the text exposition format. Written here because prometheus-net does not take vLLM's names: it refuses the colon.
/// Not thread-safe; <see cref="ServerMetrics"/> holds the lock.
/// </summary>
internal abstract class MetricFamily(string name, string type, string help)
{
    protected string Name { get; } = name;

    public void Write(StringBuilder text, string labels)
    {
        text.Append("# HELP ").Append(Name).Append(' ').Append(help).Append('\n');
        text.Append("# TYPE ").Append(Name).Append(' ').Append(type).Append('\n');
        WriteSamples(text, labels);
    }

    protected abstract void WriteSamples(StringBuilder text, string labels);

    protected static void Sample(StringBuilder text, string name, string labels, string more, double value) =>
        text.Append(name).Append('{').Append(labels).Append(more).Append("} ").Append(Number(value)).Append('\n');

    protected static string Number(double value) =>
        double.IsPositiveInfinity(value) ? "+Inf" : value.ToString("0.0##############", CultureInfo.InvariantCulture);
}

/// <summary>A gauge or a counter.</summary>
internal sealed class ScalarMetric(string name, string type, string help) : MetricFamily(name, type, help)
{
    public double Value { get; set; }

    protected override void WriteSamples(StringBuilder text, string labels) => Sample(text, Name, labels, "", Value);
}

/// <summary>A gauge or a counter by one label.</summary>
internal sealed class LabelledMetric(string name, string type, string help, string label, string[] values) : MetricFamily(name, type, help)
{
    private readonly double[] _values = new double[values.Length];

    public double this[int index]
    {
        get => _values[index];
        set => _values[index] = value;
    }

    protected override void WriteSamples(StringBuilder text, string labels)
    {
        for (var i = 0; i < values.Length; i++)
            Sample(text, Name, labels, $",{label}=\"{values[i]}\"", _values[i]);
    }
}

/// <summary>Facts that do not change, as labels of a 1.</summary>
internal sealed class InfoMetric(string name, string help, string facts) : MetricFamily(name, "gauge", help)
{
    protected override void WriteSamples(StringBuilder text, string labels) => Sample(text, Name, labels, $",{facts}", 1);
}

/// <summary>A histogram with fixed upper bounds.</summary>
internal sealed class HistogramMetric(string name, string help, double[] bounds) : MetricFamily(name, "histogram", help)
{
    private readonly long[] _counts = new long[bounds.Length + 1];
    private readonly string[] _bounds = [.. bounds.Select(Number), "+Inf"];
    private double _sum;

    /// <summary>Counts a value <paramref name="times"/> times.</summary>
    public void Observe(double value, int times = 1)
    {
        var index = Array.BinarySearch(bounds, value);
        _counts[index < 0 ? ~index : index] += times;
        _sum += value * times;
    }

    protected override void WriteSamples(StringBuilder text, string labels)
    {
        var cumulated = 0L;
        for (var i = 0; i < _counts.Length; i++)
        {
            cumulated += _counts[i];
            Sample(text, Name + "_bucket", labels, $",le=\"{_bounds[i]}\"", cumulated);
        }
        Sample(text, Name + "_count", labels, "", cumulated);
        Sample(text, Name + "_sum", labels, "", _sum);
    }
}
