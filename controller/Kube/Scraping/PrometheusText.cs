using System.Globalization;

namespace Ops.Kube;

/// <summary>
/// Reads samples from Prometheus' text format, for example
/// <c>vllm:generation_tokens_total{model_name="m",simulated="true"} 1.5e3</c>.
/// </summary>
public static class PrometheusText
{
    /// <summary>Calls back for every sample; lines that are not samples are passed over.</summary>
    /// <param name="text">A whole exposition.</param>
    /// <param name="sample">Gets the metric's name, the raw text between the braces, and the value.</param>
    public static void Read(ReadOnlySpan<char> text, SampleHandler sample)
    {
        foreach (var raw in text.EnumerateLines())
        {
            var line = raw.Trim();
            if (line.IsEmpty || line[0] == '#')
                continue;
            var nameEnd = line.IndexOfAny('{', ' ', '\t');
            if (nameEnd <= 0)
                continue;
            var rest = line[nameEnd..];
            ReadOnlySpan<char> labels = [];
            if (rest[0] == '{')
            {
                var close = EndOfLabels(rest);
                if (close < 0)
                    continue;
                labels = rest[1..close];
                rest = rest[(close + 1)..];
            }

            if (TryValue(rest.Trim(), out var value))
                sample(line[..nameEnd], labels, value);
        }
    }

    /// <summary>The value of a label with its escapes undone, or null.</summary>
    /// <param name="labels">The raw text between the braces.</param>
    /// <param name="name">The label.</param>
    public static string? Label(ReadOnlySpan<char> labels, ReadOnlySpan<char> name)
    {
        while (!labels.IsEmpty)
        {
            var equals = labels.IndexOf('=');
            if (equals < 0 || labels.Length < equals + 2)
                return null;
            var key = labels[..equals].Trim(", ");
            var open = labels[(equals + 1)..];
            var close = EndOfQuoted(open);
            if (close < 0)
                return null;
            if (key.SequenceEqual(name))
                return Unescape(open[1..close]);
            labels = open[(close + 1)..];
        }

        return null;
    }

    // A brace inside a quoted value does not end the labels.
    private static int EndOfLabels(ReadOnlySpan<char> text)
    {
        var quoted = false;
        for (var i = 1; i < text.Length; i++)
        {
            if (text[i] == '\\' && quoted)
                i++;
            else if (text[i] == '"')
                quoted = !quoted;
            else if (text[i] == '}' && !quoted)
                return i;
        }

        return -1;
    }

    private static int EndOfQuoted(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty || text[0] != '"')
            return -1;
        for (var i = 1; i < text.Length; i++)
        {
            if (text[i] == '\\')
                i++;
            else if (text[i] == '"')
                return i;
        }

        return -1;
    }

    private static string Unescape(ReadOnlySpan<char> text) =>
        text.Contains('\\')
            ? text.ToString().Replace("\\n", "\n", StringComparison.Ordinal).Replace("\\\"", "\"", StringComparison.Ordinal).Replace("\\\\", "\\", StringComparison.Ordinal)
            : text.ToString();

    // "1.5e3" or "1.5e3 1700000000000"; infinities and NaN say nothing that a status could show.
    private static bool TryValue(ReadOnlySpan<char> text, out double value)
    {
        var end = text.IndexOfAny(' ', '\t');
        return double.TryParse(end < 0 ? text : text[..end], NumberStyles.Float, CultureInfo.InvariantCulture, out value)
            && double.IsFinite(value);
    }
}

/// <summary>Gets one sample.</summary>
/// <param name="name">The metric's name.</param>
/// <param name="labels">The raw text between the braces.</param>
/// <param name="value">Finite.</param>
public delegate void SampleHandler(ReadOnlySpan<char> name, ReadOnlySpan<char> labels, double value);
