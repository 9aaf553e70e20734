using Ops.Rca.Sources;
using Ops.Rca.Sources.Prometheus;
using Ops.Testing;

namespace Ops.Rca.Service.Tests;

/// <summary>The same source against Debian's prometheus, which scrapes a small exporter of this test every second.</summary>
public sealed class Real_prometheus : IAsyncLifetime
{
    private const string Script = "tests/Unit/RcaService/get-prometheus.sh";
    private const string Missing = "prometheus is not here; run " + Script + " (Debian, no root) or put it on PATH";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly string folder = Directory.CreateTempSubdirectory("ops-prometheus-").FullName;
    private string? binary;
    private int requests;
    private bool both = true;

    public async ValueTask InitializeAsync() => binary = await SetupScript.FindOrFetchAsync("prometheus", "prometheus", Script, TestContext.Current.CancellationToken);

    [Fact]
    public async Task Rounds_rates_and_staleness_are_those_of_the_server()
    {
        Assert.SkipUnless(binary is not null, Missing);
        await using var exporter = new ScriptedServer((_, _) => ScriptedServer.Ok(Page(), "text/plain; version=0.0.4"));
        var url = new Uri($"http://127.0.0.1:{FreePort.Any()}");
        await using var server = Start(url, exporter.Url);
        using var source = new PrometheusSource(new() { Url = url }, TimeSpan.FromMinutes(1));
        var builder = new SignalBuilder(new());

        // Each scrape of the exporter is one request more, so the rate is one a second whatever the machine's pace.
        await ReadUntilAsync(source, builder, row => row.GetValueOrDefault("shop/web http_requests rate") == 1, server);
        source.StepSeconds.ShouldBe(1);
        (await ReadUntilAsync(source, builder, row => row.ContainsKey("shop/db level"), server))["shop/db level"].ShouldBe(4);

        // A target that answers without a series makes it stale at once, not after five minutes.
        both = false;
        await ReadUntilAsync(source, builder, row => double.IsNaN(row["shop/db level"]) && double.IsFinite(row["shop/web http_requests rate"]), server);
    }

    [Fact]
    public async Task A_server_without_the_series_and_a_wrong_query_are_told_in_its_own_words()
    {
        Assert.SkipUnless(binary is not null, Missing);
        var url = new Uri($"http://127.0.0.1:{FreePort.Any()}");
        await using var server = Start(url, new("http://127.0.0.1:1"));
        await ReadyAsync(url, server);

        using var nothing = new PrometheusSource(new() { Url = url, Selector = "{app=\"nobody\"}" }, TimeSpan.FromMinutes(1));
        (await Should.ThrowAsync<SourceException>(() => nothing.ReadAsync(TimeProvider.System.GetUtcNow(), TestContext.Current.CancellationToken))).Message.ShouldContain("no series that match {app=\"nobody\"}");
        using var wrong = new PrometheusSource(new() { Url = url, StepSeconds = 1, Selector = "{app=}" }, TimeSpan.FromMinutes(1));
        (await Should.ThrowAsync<SourceException>(() => wrong.ReadAsync(TimeProvider.System.GetUtcNow(), TestContext.Current.CancellationToken))).Message.ShouldContain("refuses: bad_data: ");
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private string Page()
    {
        var count = Interlocked.Increment(ref requests);
        return $"""
            # TYPE http_requests_total counter
            http_requests_total{"{"}service="web",namespace="shop",code="200"{"}"} {count}
            {(both ? "level{service=\"db\",namespace=\"shop\"} 4" : "")}

            """;
    }

    private ChildProcess Start(Uri url, Uri exporter)
    {
        var config = Path.Combine(folder, $"prometheus-{url.Port}.yml");
        File.WriteAllText(config, $"""
            global: {"{"}scrape_interval: 1s{"}"}
            scrape_configs:
            - job_name: shop
              honor_labels: true
              static_configs: [{"{"}targets: ["{exporter.Authority}"]{"}"}]
            """);
        return ChildProcess.Start(
            binary!,
            [$"--config.file={config}", $"--storage.tsdb.path={Path.Combine(folder, $"data-{url.Port}")}", $"--web.listen-address={url.Authority}"],
            Path.Combine(folder, $"log-{url.Port}"));
    }

    private static async Task<Dictionary<string, double>> ReadUntilAsync(PrometheusSource source, SignalBuilder builder, Func<Dictionary<string, double>, bool> holds, ChildProcess server)
    {
        var start = TimeProvider.System.GetTimestamp();
        var last = "nothing was read";
        while (TimeProvider.System.GetElapsedTime(start) < Patience)
        {
            try
            {
                foreach (var round in await source.ReadAsync(TimeProvider.System.GetUtcNow(), TestContext.Current.CancellationToken))
                {
                    var values = builder.Take(round).ToArray();
                    var row = builder.Signals.Select((signal, i) => (signal, i)).ToDictionary(pair => pair.signal!.Metric.ToString(), pair => values[pair.i]);
                    last = string.Join(", ", row);
                    if (row.Count > 0 && holds(row))
                        return row;
                }
            }
            catch (SourceException e)
            {
                // Not up yet, or nothing scraped yet.
                last = e.Message;
            }

            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        throw new InvalidOperationException($"Not seen within {Patience.TotalSeconds} s; last: {last}\n{server.Tail()}");
    }

    private static async Task ReadyAsync(Uri url, ChildProcess server)
    {
        using var http = new HttpClient();
        for (var attempt = 0; attempt < 300; attempt++)
        {
            try
            {
                if ((await http.GetAsync(new Uri(url, "/-/ready"), TestContext.Current.CancellationToken)).IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(200, TestContext.Current.CancellationToken);
        }

        throw new InvalidOperationException($"prometheus did not become ready\n{server.Tail()}");
    }
}
