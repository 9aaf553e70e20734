using Ops.Rca.Sources;
using Ops.Rca.Sources.Scraping;

namespace Ops.Rca.Service.Tests;

/// <summary>Processes' pages as they come over the wire.</summary>
public sealed class Scraping_rules
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);

    [Fact]
    public async Task A_page_becomes_a_round_and_a_silent_process_is_told()
    {
        await using var server = new ScriptedServer((_, _) => ScriptedServer.Ok(
            """
            # HELP http_requests_total Requests.
            # TYPE http_requests_total counter
            http_requests_total{code="200",path="/a b}\"c\n"} 1.5e3 1700000000000
            # TYPE depth gauge
            depth 7
            go_gc_duration_seconds 9
            broken{a="b 1
            nothing
            nan NaN
            """, "text/plain"));
        using var scraper = new PodScraper(new(), () => [new("shop/web-1", "shop/web", server.Url), new("shop/web-2", "shop/web", new("http://127.0.0.1:1/metrics"))]);
        var round = (await scraper.ReadAsync(Now, TestContext.Current.CancellationToken)).ShouldHaveSingleItem();

        var values = round.Samples.ToLookup(sample => sample.Series.Name, sample => sample.Value);
        values["http_requests_total"].ShouldBe([1500]);
        values["depth"].ShouldBe([7]);
        values["up"].Order().ShouldBe([0, 1]);
        values.Contains("go_gc_duration_seconds").ShouldBeFalse();
        values.Contains("broken").ShouldBeFalse();
        var series = round.Samples.Single(sample => sample.Series.Name == "http_requests_total").Series;
        (series.Owner, series.Type, series.Labels["path"]).ShouldBe(("shop/web", SeriesType.Counter, "/a b}\"c\n"));
        scraper.Notes.ShouldBe(["1 of 2 processes did not give their metrics: shop/web-2."]);
    }

    [Fact]
    public async Task The_same_series_is_one_object_from_round_to_round()
    {
        await using var server = new ScriptedServer((_, _) => ScriptedServer.Ok("jobs_total{a=\"b\"} 5\n", "text/plain"));
        using var scraper = new PodScraper(new() { Interval = TimeSpan.FromSeconds(1) }, () => [new("a", "a", server.Url)]);
        var first = await scraper.ReadAsync(Now, TestContext.Current.CancellationToken);
        (await scraper.ReadAsync(Now.AddMilliseconds(100), TestContext.Current.CancellationToken)).ShouldBeEmpty();
        var second = await scraper.ReadAsync(Now.AddSeconds(1), TestContext.Current.CancellationToken);

        second[0].Samples.Select(sample => sample.Series).SequenceEqual(first[0].Samples.Select(sample => sample.Series)).ShouldBeTrue();
    }

    [Fact]
    public async Task Series_without_end_and_pages_without_end_stop_at_their_bounds()
    {
        var number = 0;
        await using var many = new ScriptedServer((_, _) => ScriptedServer.Ok(string.Concat(Enumerable.Range(0, 100).Select(_ => $"level{{id=\"{number++}\"}} 1\n")), "text/plain"));
        await using var huge = new ScriptedServer((_, _) => ScriptedServer.Ok(new string('#', 5000), "text/plain"));
        using var scraper = new PodScraper(new() { MaxSeries = 150, MaxPageBytes = 4000 }, () => [new("many", "many", many.Url), new("huge", "huge", huge.Url)]);
        await scraper.ReadAsync(Now, TestContext.Current.CancellationToken);
        var round = (await scraper.ReadAsync(Now.AddSeconds(15), TestContext.Current.CancellationToken)).Single();

        round.Samples.Count(sample => sample.Series.Name == "level").ShouldBe(50);
        scraper.Notes.ShouldBe(["1 of 2 processes did not give their metrics: huge.", "50 series were left out to stay within 150."]);
    }

    [Fact]
    public void A_bad_interval_is_refused() =>
        Should.Throw<SourceException>(() => new PodScraper(new() { Interval = TimeSpan.FromMilliseconds(500) }, () => [])).Message.ShouldContain("at least 1 s");
}
