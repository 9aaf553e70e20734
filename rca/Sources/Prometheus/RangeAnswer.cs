using System.Globalization;
using System.Text.Json;

namespace Ops.Rca.Sources.Prometheus;

/// <summary>One series of a range answer.</summary>
/// <param name="Key">Its labels as the server wrote them, by which it is known again.</param>
/// <param name="Labels">Its labels, the name among them.</param>
/// <param name="Values">By grid point; NaN where the server gave none.</param>
internal sealed record RangeSeries(string Key, IReadOnlyDictionary<string, string> Labels, double[] Values);

/// <summary>Times start, start + step, ..., start + (count - 1) step, all multiples of the step.</summary>
internal readonly record struct Grid(double Start, double Step, int Count)
{
    public double End => At(Count - 1);

    public double At(int index) => Start + (index * Step);

    /// <summary>The points of the grid that lie after a time, up to another.</summary>
    public static Grid Between(double after, double upTo, double step)
    {
        var first = Math.Floor(after / step) + 1;
        var last = Math.Floor(upTo / step);
        return new Grid(first * step, step, (int)Math.Max(0, last - first + 1));
    }
}

/// <summary>Reads {"resultType":"matrix","result":[{"metric":{...},"values":[[1700000000,"1.5"],...]}]} and believes nothing that was not asked for.</summary>
internal static class RangeAnswer
{
    // Servers print times with milliseconds.
    private const double Tolerance = 0.002;

    public static IReadOnlyList<RangeSeries> Read(JsonElement data, Grid grid, int mostSeries, ICollection<string> notes)
    {
        if (data.ValueKind != JsonValueKind.Object || !data.TryGetProperty("resultType", out var type) || type.GetString() != "matrix"
            || !data.TryGetProperty("result", out var result) || result.ValueKind != JsonValueKind.Array)
            throw new SourceException("Prometheus answered a range query with something that is no matrix.");
        var series = new List<RangeSeries>();
        var seen = new HashSet<string>();
        foreach (var item in result.EnumerateArray())
        {
            if (series.Count == mostSeries)
            {
                notes.Add($"Prometheus answered with {result.GetArrayLength()} series where it counted {mostSeries} before; the rest was left out.");
                break;
            }

            if (item.ValueKind != JsonValueKind.Object || !item.TryGetProperty("metric", out var metric) || metric.ValueKind != JsonValueKind.Object
                || !item.TryGetProperty("values", out var values) || values.ValueKind != JsonValueKind.Array)
                throw new SourceException("Prometheus answered with a series that has no labels or no values (native histograms cannot be read).");
            if (!seen.Add(metric.GetRawText()))
            {
                notes.Add("Prometheus answered with the same series twice; the second was left out.");
                continue;
            }

            series.Add(new RangeSeries(metric.GetRawText(), metric.EnumerateObject().ToDictionary(label => label.Name, label => label.Value.GetString() ?? ""), Values(values, grid)));
        }

        return series;
    }

    /// <summary>The median distance between neighbouring samples of a range vector, as they were scraped; null without any two.</summary>
    public static double? MedianStep(JsonElement data)
    {
        if (data.ValueKind != JsonValueKind.Object || !data.TryGetProperty("result", out var result) || result.ValueKind != JsonValueKind.Array)
            return null;
        var steps = new List<double>();
        foreach (var item in result.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Object || !item.TryGetProperty("values", out var values) || values.ValueKind != JsonValueKind.Array)
                continue;
            var before = double.NaN;
            foreach (var pair in values.EnumerateArray())
            {
                var time = pair.ValueKind == JsonValueKind.Array && pair.GetArrayLength() > 0 && pair[0].ValueKind == JsonValueKind.Number ? pair[0].GetDouble() : double.NaN;
                if (time - before > 0)
                    steps.Add(time - before);
                before = time;
            }
        }

        steps.Sort();
        return steps.Count > 0 ? steps[steps.Count / 2] : null;
    }

    private static double[] Values(JsonElement pairs, Grid grid)
    {
        var values = new double[grid.Count];
        Array.Fill(values, double.NaN);
        foreach (var pair in pairs.EnumerateArray())
        {
            if (pair.ValueKind != JsonValueKind.Array || pair.GetArrayLength() != 2 || pair[0].ValueKind != JsonValueKind.Number || pair[1].ValueKind != JsonValueKind.String)
                throw new SourceException("Prometheus answered with a sample that is not [time, \"value\"].");
            var time = pair[0].GetDouble();
            var index = (int)Math.Round((time - grid.Start) / grid.Step);
            if (index < 0 || index >= grid.Count || Math.Abs(grid.At(index) - time) > Tolerance)
                throw new SourceException(
                    $"Prometheus was asked for samples every {grid.Step:0.###} s from {grid.Start:0.###} and answered with one at {time:0.###}: it lies about its step, and rates of such samples would be wrong. Check what stands between (a cache, a proxy that changes step or start).");
            // "+Inf", "-Inf" and "NaN" are values to Prometheus and missing ones to us.
            if (double.TryParse(pair[1].GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value))
                values[index] = value;
        }

        return values;
    }
}
