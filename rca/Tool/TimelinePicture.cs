using System.Text;

namespace Ops.Rca.Tool;

/// <summary>Small curves, one a metric, on one axis of time: the onset as a line, each metric's first deviation as a dot.</summary>
internal static class TimelinePicture
{
    private const int Left = 250;
    private const int LineHeight = 46;
    private const int Curve = 34;

    /// <summary>Returns the height up to which the page is used.</summary>
    public static int Draw(StringBuilder drawing, Incident incident, Analysis analysis, Explanation explanation, int lines, int width, int top)
    {
        var table = incident.Observed;
        var first = explanation.Deviations.ToDictionary(deviation => deviation.Metric, deviation => deviation.Seconds);
        var chosen = analysis.Metrics.Take(lines).Select(cause => (cause.Service, cause.Metric)).ToArray();
        var (begin, span) = (table.Times[0], Math.Max(1e-9, table.Times[^1] - table.Times[0]));
        double X(double seconds) => Left + ((width - Left - 30) * (seconds - begin) / span);
        for (var line = 0; line < chosen.Length; line++)
        {
            var m = Enumerable.Range(0, table.Metrics.Count).First(m => table.Metrics[m].Service == chosen[line].Service && table.Metrics[m].Name == chosen[line].Metric);
            var y = top + (line * LineHeight);
            drawing.AppendLine($"""<text x="20" y="{y + 14}" fill="#666">{IncidentPicture.Text(table.Metrics[m].Service, 34)}</text>""");
            drawing.AppendLine($"""<text x="20" y="{y + 30}">{IncidentPicture.Text(table.Metrics[m].Name, 34)}</text>""");
            drawing.AppendLine($"""<path d="{Path(table, m, X, y)}" fill="none" stroke="#2b6cb0" stroke-width="1.2"/>""");
            if (first.TryGetValue(table.Metrics[m], out var at))
                drawing.AppendLine($"""<circle cx="{X(at):0.#}" cy="{y + (Curve / 2)}" r="4" fill="#d94f3d"/>""");
        }

        var bottom = top + (chosen.Length * LineHeight);
        if (analysis.Onset is { } onset)
            drawing.AppendLine($"""<line x1="{X(onset):0.#}" y1="{top - 6}" x2="{X(onset):0.#}" y2="{bottom}" stroke="#d94f3d" stroke-dasharray="3 3"/>""");
        drawing.AppendLine($"""<text x="{Left}" y="{bottom + 16}" fill="#666">{Clock(table.Times[0])}</text>""");
        drawing.AppendLine($"""<text x="{width - 30}" y="{bottom + 16}" text-anchor="end" fill="#666">{Clock(table.Times[^1])} UTC</text>""");
        drawing.AppendLine($"""<text x="20" y="{bottom + 34}" fill="#666">Dashed line: onset. Dot: where the metric left its usual range and stayed out. Each curve on its own scale.</text>""");
        return bottom + 48;
    }

    private static string Path(MetricTable table, int m, Func<double, double> x, int top)
    {
        var values = table.Columns[m].Where(double.IsFinite).ToArray();
        if (values.Length == 0)
            return "";
        var (low, range) = (values.Min(), Math.Max(1e-12, values.Max() - values.Min()));
        var path = new StringBuilder();
        var pen = 'M';
        for (var row = 0; row < table.Rows; row++)
        {
            if (!double.IsFinite(table.Columns[m][row]))
            {
                pen = 'M';
                continue;
            }

            path.Append($"{pen}{x(table.Times[row]):0.#} {top + Curve - (Curve * (table.Columns[m][row] - low) / range):0.#}");
            pen = 'L';
        }

        return path.ToString();
    }

    private static string Clock(double seconds) => $"{DateTimeOffset.FromUnixTimeMilliseconds((long)(seconds * 1000)):HH:mm:ss}";
}
