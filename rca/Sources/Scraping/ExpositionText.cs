using System.Globalization;
using System.Text;

namespace Ops.Rca.Sources.Scraping;

/// <summary>Gets one line of an exposition.</summary>
/// <param name="series">Name and labels as they stand there, for example http_requests_total{code="200"}.</param>
/// <param name="type">The type that the page gave to the metric.</param>
/// <param name="value">Any number.</param>
internal delegate void LineHandler(ReadOnlySpan<char> series, SeriesType type, double value);

/// <summary>Reads Prometheus' text format and OpenMetrics' where it is the same. What is no sample is passed over.</summary>
internal static class ExpositionText
{
    // More labels, or longer ones, are a mistake or an attack.
    private const int MaxLabels = 32;

    /// <summary>Calls back for every sample. The series' text is that of the page: the same series has the same text each time.</summary>
    public static void Read(ReadOnlySpan<char> page, LineHandler sample)
    {
        var (type, metric) = (SeriesType.Unknown, "");
        foreach (var raw in page.EnumerateLines())
        {
            var line = raw.Trim();
            if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
                (metric, type) = TypeOf(line["# TYPE ".Length..]);
            if (line.IsEmpty || line[0] == '#')
                continue;
            var end = EndOfSeries(line);
            if (end > 0 && TryValue(line[end..].Trim(), out var value))
                sample(line[..end], line.StartsWith(metric, StringComparison.Ordinal) && metric.Length > 0 ? type : SeriesType.Unknown, value);
        }
    }

    /// <summary>The series of a text, its escapes undone; null if its labels are malformed or too many.</summary>
    public static RawSeries? Parse(ReadOnlySpan<char> series, SeriesType type, string owner)
    {
        var open = series.IndexOf('{');
        var name = (open < 0 ? series : series[..open]).Trim().ToString();
        var labels = new Dictionary<string, string>();
        var rest = open < 0 ? [] : series[(open + 1)..^1].Trim();
        while (!rest.IsEmpty)
        {
            var equals = rest.IndexOf('=');
            var quoted = equals < 0 ? [] : rest[(equals + 1)..].TrimStart();
            var close = EndOfQuoted(quoted);
            if (close < 0 || labels.Count == MaxLabels)
                return null;
            labels[rest[..equals].Trim().ToString()] = Unescape(quoted[1..close]);
            rest = quoted[(close + 1)..].TrimStart(", ");
        }

        // Typed pages put gauges and counters under their own names; parts of distributions are told by their endings.
        return new RawSeries(name, labels, type, owner);
    }

    // "http_requests_total counter"; OpenMetrics names a counter without its ending.
    private static (string Metric, SeriesType Type) TypeOf(ReadOnlySpan<char> text)
    {
        var space = text.IndexOf(' ');
        return space <= 0 ? ("", SeriesType.Unknown) : (text[..space].ToString(), text[(space + 1)..].Trim() switch
        {
            "counter" => SeriesType.Counter,
            "gauge" => SeriesType.Gauge,
            "histogram" => SeriesType.Histogram,
            "summary" => SeriesType.Summary,
            _ => SeriesType.Unknown,
        });
    }

    // The first blank outside of the labels; a brace or a blank inside a quoted value ends nothing.
    private static int EndOfSeries(ReadOnlySpan<char> line)
    {
        var open = line.IndexOfAny('{', ' ', '\t');
        if (open <= 0 || line[open] != '{')
            return open;
        var quoted = false;
        for (var i = open + 1; i < line.Length; i++)
        {
            if (quoted && line[i] == '\\')
                i++;
            else if (line[i] == '"')
                quoted = !quoted;
            else if (line[i] == '}' && !quoted)
                return i + 1;
        }

        return -1;
    }

    private static int EndOfQuoted(ReadOnlySpan<char> text)
    {
        for (var i = 1; i < text.Length && text[0] == '"'; i++)
        {
            if (text[i] == '\\')
                i++;
            else if (text[i] == '"')
                return i;
        }

        return -1;
    }

    private static string Unescape(ReadOnlySpan<char> text)
    {
        if (!text.Contains('\\'))
            return text.ToString();
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
            result.Append(text[i] != '\\' || i + 1 == text.Length ? text[i] : text[++i] switch { 'n' => '\n', var other => other });
        return result.ToString();
    }

    // "1.5e3" or "1.5e3 1700000000000"; the time of a sample is ours, and exemplars are passed over.
    private static bool TryValue(ReadOnlySpan<char> text, out double value)
    {
        var end = text.IndexOfAny(' ', '\t');
        var number = end < 0 ? text : text[..end];
        if (number is "+Inf" or "-Inf" or "Inf" or "NaN" or "Nan")
        {
            value = double.NaN;
            return true;
        }

        return double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out value);
    }
}
