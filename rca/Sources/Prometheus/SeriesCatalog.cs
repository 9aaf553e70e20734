using System.Text.Json;

namespace Ops.Rca.Sources.Prometheus;

/// <summary>Metrics that are asked for together, and how many series they had when they were counted.</summary>
internal sealed record Batch(IReadOnlyList<string> Names, int Series);

/// <summary>Which metrics a server has, and which of them are worth asking for.</summary>
internal static class SeriesCatalog
{
    // Names in one query: its regular expression stays below 4,000 characters.
    private const int MaxNames = 40;
    private const int MaxSeriesOfBatch = 1000;

    /// <summary>Batches of metrics within the budget of series; what is left out is in the notes.</summary>
    public static IReadOnlyList<Batch> Plan(JsonElement counts, int maxSeries, ICollection<string> notes)
    {
        var known = Read(counts).Where(metric => !SignalKinds.IsIgnored(metric.Name)).OrderBy(metric => Rank(metric.Name)).ThenBy(metric => metric.Name, StringComparer.Ordinal).ToList();
        var batches = new List<Batch>();
        var (names, series, all, leftOut) = (new List<string>(), 0, 0, new List<string>());
        foreach (var (name, count) in known)
        {
            if (all + count > maxSeries)
            {
                leftOut.Add(name);
                continue;
            }

            if (names.Count == MaxNames || (names.Count > 0 && series + count > MaxSeriesOfBatch))
            {
                batches.Add(new(names, series));
                (names, series) = ([], 0);
            }

            names.Add(name);
            (series, all) = (series + count, all + count);
        }

        if (names.Count > 0)
            batches.Add(new(names, series));
        if (leftOut.Count > 0)
            notes.Add($"{leftOut.Count} metrics were left out to stay within {maxSeries} series: {string.Join(", ", leftOut.Take(5))}{(leftOut.Count > 5 ? ", ..." : "")}. A narrower selector makes room.");
        return batches;
    }

    // What requests do says more than what machines do, and buckets are many for what they say.
    private static int Rank(string name) =>
        name.EndsWith("_bucket", StringComparison.Ordinal) ? 3
        : name.Contains("request", StringComparison.Ordinal) || name.Contains("duration", StringComparison.Ordinal) || name.Contains("error", StringComparison.Ordinal) ? 0
        : name.StartsWith("process_", StringComparison.Ordinal) || name.Contains("cpu", StringComparison.Ordinal) || name.Contains("memory", StringComparison.Ordinal) ? 1
        : 2;

    // {"resultType":"vector","result":[{"metric":{"__name__":"up"},"value":[1700000000,"3"]}]}
    private static IEnumerable<(string Name, int Series)> Read(JsonElement data)
    {
        if (data.ValueKind != JsonValueKind.Object || !data.TryGetProperty("result", out var result) || result.ValueKind != JsonValueKind.Array)
            throw new SourceException("Prometheus answered a count of its series with something that is no vector.");
        foreach (var item in result.EnumerateArray())
        {
            if (item.TryGetProperty("metric", out var metric) && metric.TryGetProperty("__name__", out var name) && name.GetString() is { } text && IsPlain(text)
                && item.TryGetProperty("value", out var value) && value.GetArrayLength() == 2 && int.TryParse(value[1].GetString(), out var count))
                yield return (text, count);
        }
    }

    // It goes into a query: what is not a classic metric name is not asked for.
    private static bool IsPlain(string name) => name.Length is > 0 and <= Tainted.MaxName && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or ':');
}
