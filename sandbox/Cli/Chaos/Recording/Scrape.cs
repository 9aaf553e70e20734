using System.Globalization;

namespace Ops.Cli.Chaos.Recording;

/// <summary>What one service said at /metrics at one time.</summary>
internal sealed class Scrape
{
    private readonly Dictionary<string, List<(string Labels, double Value)>> series = new(StringComparer.Ordinal);

    private Scrape()
    {
    }

    /// <summary>From the text format; buckets of histograms are left out.</summary>
    public static Scrape Parse(string text)
    {
        var scrape = new Scrape();
        foreach (var line in text.Split('\n'))
        {
            // http_server_request_duration_seconds_count{caller="load",http_response_status_code="200"} 529
            var end = line.LastIndexOf(' ');
            if (end <= 0 || line[0] == '#' || line.Contains("_bucket{", StringComparison.Ordinal)
                || !double.TryParse(line.AsSpan(end + 1), CultureInfo.InvariantCulture, out var value))
                continue;
            var brace = line.IndexOf('{', StringComparison.Ordinal);
            var name = brace < 0 ? line[..end] : line[..brace];
            if (!scrape.series.TryGetValue(name, out var list))
                scrape.series[name] = list = [];
            list.Add((brace < 0 ? "" : line[brace..end], value));
        }

        return scrape;
    }

    /// <summary>The sum of a metric's series whose labels hold a text; 0 where there is none yet.</summary>
    public double Sum(string name, string labels = "") => series.TryGetValue(name, out var list)
        ? list.Where(one => one.Labels.Contains(labels, StringComparison.Ordinal)).Sum(one => one.Value)
        : 0;
}
