using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;

namespace Ops.Rca.Sources.Prometheus;

/// <summary>Rounds from a Prometheus server (or what speaks its API) by range queries on a grid of multiples of the step.</summary>
public sealed class PrometheusSource : ISampleSource, IDisposable
{
    // Samples in one answer; 200,000 are about 6 MB of JSON.
    private const int MaxSamples = 200_000;

    // A sample of this moment may be on its way into the server.
    private const double SettleSeconds = 1;
    private const double UsualStepSeconds = 15;

    // Two scrapes at the longest usual interval, a minute; at one a second 125 samples a target.
    private const int ScrapeLookSeconds = 125;

    // How often the server is asked anew which metrics it has, and a series that it has no more is forgotten.
    private const int RoundsOfCatalog = 20;

    private readonly PrometheusOptions options;
    private readonly TimeSpan first;
    private readonly PrometheusClient client;
    private readonly Dictionary<string, Known> series = [];
    private readonly ConcurrentQueue<string> notes = new();
    private IReadOnlyList<Batch> batches = [];
    private bool stepIsKnown;
    private double last = double.NaN;
    private int rounds;
    private int planned = -RoundsOfCatalog;

    /// <summary>Creates a source; nothing is asked before <see cref="ReadAsync"/>.</summary>
    /// <param name="options">Which server.</param>
    /// <param name="first">How far the first reading, and one after a gap, reaches back.</param>
    /// <exception cref="SourceException">The options cannot be used.</exception>
    public PrometheusSource(PrometheusOptions options, TimeSpan first)
    {
        if (!options.Selector.StartsWith('{') || !options.Selector.EndsWith('}'))
            throw new SourceException("The selector must be label matchers in braces, for example {namespace=\"shop\"}.");
        if (options.StepSeconds is { } step && !(step >= 1))
            throw new SourceException($"A step of {step} s is too short: at least 1 s is needed.");
        (this.options, this.first, client) = (options, first, new PrometheusClient(options));
        (StepSeconds, stepIsKnown) = (options.StepSeconds ?? UsualStepSeconds, options.StepSeconds is not null);
    }

    /// <inheritdoc/>
    public double StepSeconds { get; private set; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Notes => [.. notes.Distinct()];

    /// <inheritdoc/>
    public async Task<IReadOnlyList<SampleRound>> ReadAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        notes.Clear();
        var seconds = now.ToUnixTimeMilliseconds() / 1000.0;
        if (!stepIsKnown)
            StepSeconds = await AskStepAsync(seconds, cancellationToken);
        var since = seconds - first.TotalSeconds;
        var grid = Grid.Between(double.IsNaN(last) || last < since ? since : last, seconds - SettleSeconds, StepSeconds);
        if (grid.Count == 0)
            return [];
        if (rounds - planned >= RoundsOfCatalog)
            await PlanAsync(seconds, cancellationToken);
        var answers = new ConcurrentBag<(RangeSeries Series, int Offset)>();
        await Parallel.ForEachAsync(
            batches.SelectMany(batch => Parts(batch, grid)),
            new ParallelOptions { MaxDegreeOfParallelism = options.Parallel, CancellationToken = cancellationToken },
            async (part, token) =>
            {
                foreach (var found in await AskRangeAsync(part.Batch, part.Grid, token))
                    answers.Add((found, part.Offset));
            });
        last = grid.End;
        rounds += grid.Count;
        return Rounds(answers, grid);
    }

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    // The times of the last scrapes, as they were. Without any the usual step serves, and the next reading asks again.
    private async Task<double> AskStepAsync(double seconds, CancellationToken cancellationToken)
    {
        var data = await client.AskAsync("api/v1/query", Query($"up[{ScrapeLookSeconds}s]", seconds), new List<string>(), cancellationToken);
        if (RangeAnswer.MedianStep(data) is { } found)
        {
            stepIsKnown = true;
            return Math.Max(1, Math.Round(found));
        }

        notes.Enqueue($"Prometheus does not tell how often it scrapes; a step of {UsualStepSeconds} s was taken.");
        return UsualStepSeconds;
    }

    private async Task PlanAsync(double seconds, CancellationToken cancellationToken)
    {
        var remarks = new List<string>();
        batches = SeriesCatalog.Plan(await client.AskAsync("api/v1/query", Query($"count by (__name__) ({options.Selector})", seconds), remarks, cancellationToken), options.MaxSeries, remarks);
        foreach (var remark in remarks)
            notes.Enqueue(remark);
        if (batches.Count == 0)
            throw new SourceException($"Prometheus has no series that match {Tainted.Clean(options.Selector)} and could be used.");
        planned = rounds;
        foreach (var (key, known) in series)
            if (known.LastRound < rounds - (5 * RoundsOfCatalog))
                series.Remove(key);
    }

    // A long time or many series are asked for in pieces, so that no answer grows beyond what was planned for.
    private static IEnumerable<(Batch Batch, Grid Grid, int Offset)> Parts(Batch batch, Grid grid)
    {
        var points = Math.Max(1, MaxSamples / batch.Series);
        for (var offset = 0; offset < grid.Count; offset += points)
            yield return (batch, new Grid(grid.At(offset), grid.Step, Math.Min(points, grid.Count - offset)), offset);
    }

    private async Task<IReadOnlyList<RangeSeries>> AskRangeAsync(Batch batch, Grid grid, CancellationToken cancellationToken)
    {
        var matchers = options.Selector[1..^1].Trim().TrimEnd(',');
        var remarks = new List<string>();
        var data = await client.AskAsync(
            "api/v1/query_range",
            new Dictionary<string, string>
            {
                ["query"] = $"{{__name__=~\"{string.Join('|', batch.Names)}\"{(matchers.Length > 0 ? "," : "")}{matchers}}}",
                ["start"] = Text(grid.Start),
                ["end"] = Text(grid.End),
                ["step"] = Text(grid.Step),
                ["timeout"] = Text(options.Timeout.TotalSeconds),
            },
            remarks,
            cancellationToken);
        // Series come and go between the count and the query; twice as many are no accident.
        var found = RangeAnswer.Read(data, grid, Math.Max(100, 2 * batch.Series), remarks);
        foreach (var remark in remarks)
            notes.Enqueue(remark);
        return found;
    }

    private List<SampleRound> Rounds(IEnumerable<(RangeSeries Series, int Offset)> answers, Grid grid)
    {
        var result = Enumerable.Range(0, grid.Count).Select(_ => new List<Sample>()).ToArray();
        foreach (var (found, offset) in answers)
        {
            if (!series.TryGetValue(found.Key, out var known))
                series[found.Key] = known = new Known(Named(found.Labels));
            known.LastRound = rounds;
            for (var i = 0; i < found.Values.Length; i++)
                if (double.IsFinite(found.Values[i]))
                    result[offset + i].Add(new Sample(known.Series, found.Values[i]));
        }

        return [.. result.Select((samples, i) => new SampleRound(grid.At(i), samples))];
    }

    private static RawSeries Named(IReadOnlyDictionary<string, string> labels) =>
        new(labels.GetValueOrDefault("__name__") ?? "", labels, SeriesType.Unknown);

    private static Dictionary<string, string> Query(string query, double seconds) => new() { ["query"] = query, ["time"] = Text(seconds) };

    private static string Text(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);

    private sealed class Known(RawSeries series)
    {
        public RawSeries Series { get; } = series;

        public int LastRound { get; set; }
    }
}
