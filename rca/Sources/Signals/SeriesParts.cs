namespace Ops.Rca.Sources;

/// <summary>Which part of its metric a series is.</summary>
internal enum SeriesPart
{
    /// <summary>Of no use: a summary's quantile, which cannot be added up over processes.</summary>
    None,
    Level,
    Total,
    Sum,
    Count,
    Bucket,
}

/// <summary>Tells the parts of a metric apart: http_request_duration_seconds_bucket is a bucket of http_request_duration_seconds.</summary>
internal static class SeriesParts
{
    public static (string Name, SeriesPart Part) Of(RawSeries series) => series.Type switch
    {
        SeriesType.Counter => (Without(series.Name, "_total"), SeriesPart.Total),
        SeriesType.Gauge => (series.Name, SeriesPart.Level),
        SeriesType.Summary when series.Labels.ContainsKey("quantile") => (series.Name, SeriesPart.None),
        _ => OfName(series.Name, series.Labels),
    };

    private static (string Name, SeriesPart Part) OfName(string name, IReadOnlyDictionary<string, string> labels) =>
        name.EndsWith("_bucket", StringComparison.Ordinal) && labels.ContainsKey("le") ? (Without(name, "_bucket"), SeriesPart.Bucket)
        : name.EndsWith("_sum", StringComparison.Ordinal) ? (Without(name, "_sum"), SeriesPart.Sum)
        : name.EndsWith("_count", StringComparison.Ordinal) ? (Without(name, "_count"), SeriesPart.Count)
        : name.EndsWith("_total", StringComparison.Ordinal) ? (Without(name, "_total"), SeriesPart.Total)
        : labels.ContainsKey("quantile") ? (name, SeriesPart.None)
        : (name, SeriesPart.Level);

    private static string Without(string name, string end) => name.EndsWith(end, StringComparison.Ordinal) ? name[..^end.Length] : name;
}
