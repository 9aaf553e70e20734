using System.Diagnostics;
using Microsoft.Playwright;

namespace Ops.Bench.Dashboard;

/// <summary>
/// What a viewer costs: the first page, each refresh, memory, and whether memory stays flat. The viewers are pages of a real
/// Chromium; the server is the real one below ./ops up. There is no peer: no other dashboard shows the same things here.
/// </summary>
internal sealed class DashboardBench : IBench
{
    private const string Draws = "ops_dashboard_drawings_total";

    // A viewer's live page is drawn with each round of metrics, every 2 s: so many draws are an hour of one viewer.
    private const double DrawsPerHour = 1_800;

    // Pages that are opened side by side; more of them fight for the browser.
    private const int AtOnce = 8;

    private static readonly (string Name, string Path)[] Pages =
        [("overview", "/"), ("fleet", "/fleet"), ("routing", "/routing"), ("incidents", "/incidents"), ("remediations", "/remediations"), ("stores", "/stores"), ("topology", "/topology")];

    /// <inheritdoc/>
    public string Name => "dashboard";

    /// <inheritdoc/>
    public string Summary => "First page, bytes of a refresh, memory of a viewer, and a soak, in a real browser";

    /// <inheritdoc/>
    public async Task RunAsync(BenchContext context, CancellationToken cancellation)
    {
        context.Say("starting ./ops up and Chromium");
        await using var site = await DashboardSite.StartAsync(cancellation);
        await FirstPageAsync(context, site);
        await RefreshesAsync(context, site, cancellation);
        // What was opened before is closed by the browser without a word, as a laptop that is shut; such pages are kept, and not drawn.
        await using var viewers = await site.ContextAsync();
        await MemoryAsync(context, site, viewers, cancellation);
        await SoakAsync(context, site, viewers, cancellation);
    }

    private static async Task FirstPageAsync(BenchContext context, DashboardSite site)
    {
        var (times, bytes) = (new List<double>(), new List<double>());
        for (var i = 0; i < (context.Quick ? 3 : 9); i++)
        {
            await using var cold = await site.ContextAsync();
            var page = await cold.NewPageAsync();
            var (before, watch) = (site.Relay.Down, Stopwatch.StartNew());
            await page.GotoAsync("/");
            await page.Locator(".tile .value").First.WaitForAsync();
            times.Add(watch.Elapsed.TotalMilliseconds);
            bytes.Add(site.Relay.Down - before);
        }

        context.Figures.Add("first_page_ms", Median(times), "ms", $"from the address to the overview's figures, empty browser cache, median of {times.Count}");
        context.Figures.Add("first_page_kb", Median(bytes) / 1024, "KiB", "received for it, as on the wire, fonts and scripts included");
    }

    private static async Task RefreshesAsync(BenchContext context, DashboardSite site, CancellationToken cancellation)
    {
        await using var one = await site.ContextAsync();
        var page = await one.NewPageAsync();
        foreach (var (name, path) in Pages)
        {
            context.Say($"bytes of a refresh: {name}");
            await OpenAsync(page, path);
            await Task.Delay(TimeSpan.FromMilliseconds(context.Quick ? 300 : 1000), cancellation);
            var (bytes, draws) = (site.Relay.Down, await site.MetricAsync(Draws, cancellation));
            await Task.Delay(TimeSpan.FromSeconds(context.Quick ? 2.2 : 15), cancellation);
            var drawn = await site.MetricAsync(Draws, cancellation) - draws;
            context.Figures.Add($"refresh_bytes_{name}", drawn > 0 ? (site.Relay.Down - bytes) / drawn : double.NaN, "B", $"received by a refresh of {path}, as on the wire, the fleet under a few requests a second");
        }
    }

    private static async Task MemoryAsync(BenchContext context, DashboardSite site, IBrowserContext viewers, CancellationToken cancellation)
    {
        var resident = new Dictionary<int, double>();
        foreach (var count in (int[])[1, 10, 50])
        {
            context.Say($"{count} viewers");
            var first = viewers.Pages.Count;
            foreach (var batch in Enumerable.Range(first, count - first).Chunk(AtOnce))
                await Task.WhenAll(batch.Select(async i => await OpenAsync(await viewers.NewPageAsync(), Pages[i % Pages.Length].Path)));
            using var stirring = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            var stir = site.StirAsync(stirring.Token);
            await Task.Delay(TimeSpan.FromSeconds(context.Quick ? 1 : 15), cancellation);
            var (draws, cpu, watch) = (await site.MetricAsync(Draws, cancellation), site.CpuSeconds, Stopwatch.StartNew());
            await Task.Delay(TimeSpan.FromSeconds(context.Quick ? 2 : 15), cancellation);
            var (drawn, seconds) = (await site.MetricAsync(Draws, cancellation) - draws, watch.Elapsed.TotalSeconds);
            resident[count] = site.ResidentMb;
            context.Figures.Add($"rss_mb_{count}", resident[count], "MiB", $"resident memory of the dashboard with {count} open {(count == 1 ? "page" : "pages")}, all kinds of page");
            context.Figures.Add($"draws_per_viewer_s_{count}", drawn / seconds / count, "/s", "draws of a page a second while the cluster changes ten times a second; the bound is 2");
            context.Figures.Add($"cpu_ms_per_draw_{count}", (site.CpuSeconds - cpu) / drawn * 1000, "ms", "CPU of the dashboard by draw, watching and scraping included");
            await stirring.CancelAsync();
            await stir.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        context.Figures.Add("viewer_kb", (resident[50] - resident[1]) / 49 * 1024, "KiB", "resident memory by further viewer, 50 against 1");
    }

    private static async Task SoakAsync(BenchContext context, DashboardSite site, IBrowserContext viewers, CancellationToken cancellation)
    {
        var length = context.Soak ?? TimeSpan.FromSeconds(context.Quick ? 4 : 180);
        context.Say($"soak of {length.TotalMinutes:0.#} min: {viewers.Pages.Count} viewers drawn as often as may be, one of them goes to another page every second");
        using var stirring = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var stir = site.StirAsync(stirring.Token);
        var (draws, watch, samples) = (await site.MetricAsync(Draws, cancellation), Stopwatch.StartNew(), new List<double>());
        for (var i = 0; watch.Elapsed < length; i++)
        {
            await OpenAsync(viewers.Pages[i % viewers.Pages.Count], Pages[(i * 3) % Pages.Length].Path);
            samples.Add(site.ResidentMb);
            await Task.Delay(TimeSpan.FromSeconds(1), cancellation);
        }

        var drawn = await site.MetricAsync(Draws, cancellation) - draws;
        await stirring.CancelAsync();
        await stir.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // The first quarter is warm-up.
        var early = samples.Skip(samples.Count / 4).Take(Math.Max(1, samples.Count / 4)).DefaultIfEmpty(double.NaN).Average();
        var late = samples.Skip(samples.Count * 3 / 4).DefaultIfEmpty(double.NaN).Average();
        context.Figures.Add("soak_rss_growth_pct", ((late / early) - 1) * 100, "%", $"resident memory, last quarter against second, over {length.TotalMinutes:0.#} min (--soak MINUTES for longer)");
        context.Figures.Add("soak_rss_mb", late, "MiB", "resident memory in the last quarter");
        context.Figures.Add("soak_viewer_hours", drawn / DrawsPerHour, "h", "draws of the soak as hours of one viewer of a live page, which is drawn every 2 s: 8 are a shift");
        context.Figures.Add("soak_pages_opened", samples.Count, "", "pages that were opened and left meanwhile");
    }

    private static async Task OpenAsync(IPage page, string path)
    {
        await page.GotoAsync(path, new() { WaitUntil = WaitUntilState.Commit });
        await page.Locator("main h1").First.WaitForAsync();
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
