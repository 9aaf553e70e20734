using System.Collections.Concurrent;

namespace Ops.Rca.Sources.Scraping;

/// <summary>One process that exposes metrics.</summary>
/// <param name="Instance">Its own name, for example namespace/pod.</param>
/// <param name="Service">The service that it belongs to.</param>
/// <param name="Page">Where its metrics are.</param>
public sealed record ScrapeTarget(string Instance, string Service, Uri Page);

/// <summary>How often and how much is read.</summary>
public sealed record ScraperOptions
{
    /// <summary>Between two rounds, at least 1 s. Default 15 s.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Series of all processes together; further ones are left out, with a note. Default 10,000: at about 1 KB each for text and labels, 10 MB.</summary>
    public int MaxSeries { get; init; } = 10_000;

    /// <summary>Bytes of one page. Default 4 MiB, as vLLM's page has about 100 KB.</summary>
    public int MaxPageBytes { get; init; } = 4 << 20;

    /// <summary>Pages read at a time. Default 16: with healthy ones at 10 ms that is 1,600 a second.</summary>
    public int Parallel { get; init; } = 16;
}

/// <summary>Reads the pages of processes itself, where there is no Prometheus that does.</summary>
public sealed class PodScraper : ISampleSource, IDisposable
{
    // A process that is gone for so many rounds is forgotten with its series, and a series that its page lacks as well.
    private const int ForgetAfter = 64;

    private readonly ScraperOptions options;
    private readonly Func<IReadOnlyList<ScrapeTarget>> targets;
    private readonly HttpClient http;
    private readonly Dictionary<string, TargetSeries> known = [];
    private double last = double.NegativeInfinity;
    private int round;
    private int series;
    private int leftOut;
    private IReadOnlyList<string> notes = [];

    /// <summary>Creates a scraper; the function gives the processes there are at each round.</summary>
    public PodScraper(ScraperOptions options, Func<IReadOnlyList<ScrapeTarget>> targets)
    {
        if (options.Interval < TimeSpan.FromSeconds(1))
            throw new SourceException($"An interval of {options.Interval.TotalSeconds:0.##} s is too short: at least 1 s is needed.");
        (this.options, this.targets) = (options, targets);
        // A page that takes longer than most of a round counts as no answer: it would belong to no moment.
        var limit = TimeSpan.FromSeconds(Math.Min(5, 0.8 * options.Interval.TotalSeconds));
        http = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, ConnectTimeout = limit, MaxConnectionsPerServer = 2, AutomaticDecompression = System.Net.DecompressionMethods.GZip })
        {
            Timeout = limit,
            MaxResponseContentBufferSize = options.MaxPageBytes,
        };
    }

    /// <inheritdoc/>
    public double StepSeconds => options.Interval.TotalSeconds;

    /// <inheritdoc/>
    public IReadOnlyList<string> Notes => notes;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<SampleRound>> ReadAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var seconds = now.ToUnixTimeMilliseconds() / 1000.0;
        // Half a round of tolerance: timers are not exact.
        if (seconds - last < StepSeconds / 2)
            return [];
        (last, round, leftOut) = (seconds, round + 1, 0);
        var all = targets();
        var pages = new ConcurrentDictionary<ScrapeTarget, string?>();
        await Parallel.ForEachAsync(
            all.DistinctBy(target => target.Instance),
            new ParallelOptions { MaxDegreeOfParallelism = options.Parallel, CancellationToken = cancellationToken },
            async (target, token) => pages[target] = await PageAsync(target.Page, token));
        var samples = new List<Sample>(series + pages.Count);
        foreach (var (target, page) in pages)
            Take(target, page, samples);
        if (round % ForgetAfter == 0)
            Forget();
        notes = Remarks(pages);
        return [new SampleRound(seconds, samples)];
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private async Task<string?> PageAsync(Uri page, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await http.GetAsync(page, cancellationToken);
            return response.IsSuccessStatusCode ? await response.Content.ReadAsStringAsync(cancellationToken) : null;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or InvalidOperationException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return null;
        }
    }

    private void Take(ScrapeTarget target, string? page, List<Sample> samples)
    {
        if (!known.TryGetValue(target.Instance, out var table) || table.Service != target.Service)
            known[target.Instance] = table = new TargetSeries(target.Service);
        table.LastRound = round;
        samples.Add(new Sample(table.Up, page is null ? 0 : 1));
        if (page is null)
            return;
        ExpositionText.Read(page, (text, type, value) =>
        {
            if (table.Find(text, type, round, options.MaxSeries - series) is { } found)
                samples.Add(new Sample(found, value));
        });
        series += table.TakeNew();
        leftOut += table.TakeLeftOut();
    }

    private void Forget()
    {
        foreach (var (instance, table) in known)
        {
            if (table.LastRound < round - ForgetAfter)
                known.Remove(instance);
            else
                table.Forget(round - ForgetAfter);
        }

        series = known.Values.Sum(table => table.Count);
    }

    private List<string> Remarks(ConcurrentDictionary<ScrapeTarget, string?> pages)
    {
        var remarks = new List<string>();
        var silent = pages.Where(page => page.Value is null).Select(page => page.Key.Instance).Order(StringComparer.Ordinal).ToList();
        if (silent.Count > 0)
            remarks.Add($"{silent.Count} of {pages.Count} processes did not give their metrics: {string.Join(", ", silent.Take(3))}{(silent.Count > 3 ? ", ..." : "")}.");
        if (leftOut > 0)
            remarks.Add($"{leftOut} series were left out to stay within {options.MaxSeries}.");
        return remarks;
    }
}
