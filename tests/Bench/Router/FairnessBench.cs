using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Ops.Testing;

namespace Ops.Bench.Router;

/// <summary>
/// What a tenant feels of another that floods: the time to the first token of its streams, through the real router, at
/// a simulated engine that works on 16 requests at once. Beside it the other tenant is busy (14 requests always open,
/// which keep the engine full) or floods (140), in turns; the ratio is taken within each pair of turns.
/// </summary>
internal sealed class FairnessBench : IAsyncDisposable
{
    private const string EngineModel = "meta-llama/Llama-3.1-8B-Instruct";
    private const int Slots = 16;
    // Short answers, so that a turn holds many of the victim's requests: about two of them are at the engine at a time.
    private const int OutputTokens = 16;
    private const double VictimPerSecond = 16;
    private const int Busy = 14;
    private const int Flood = 140;

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromMinutes(2) };
    private readonly Random _random = new(5);
    private readonly RouterUnderTest _router;

    private FairnessBench(RouterUnderTest router) => _router = router;

    /// <summary>Adds the figures.</summary>
    internal static async Task RunAsync(BenchContext context, string folder, CancellationToken cancellation)
    {
        context.Say("a tenant beside one that floods");
        var port = FreePort.Any();
        await using var engine = ChildProcess.Start(
            Repository.Executable("Ops.Sandbox.ModelServer"),
            ["--model", EngineModel, "--served-model-name", "vendor/large", "vendor/small", "--port", $"{port}", "--max-num-seqs", $"{Slots}", "--load-seconds", "0"],
            Path.Combine(folder, "engine.log"));
        await using var router = await RouterUnderTest.StartAsync("Ops router", [new IPEndPoint(IPAddress.Loopback, port)], Path.Combine(folder, "fair"), new(), cancellation);
        await using var bench = new FairnessBench(router);
        await bench.MeasureAsync(context, cancellation);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task MeasureAsync(BenchContext context, CancellationToken cancellation)
    {
        var (rounds, length) = context.Quick ? (1, TimeSpan.FromSeconds(4)) : (5, TimeSpan.FromSeconds(15));
        // The first flood meets a router that does not know yet where the engine's batch ends.
        var cold = await TurnAsync(Flood, TimeSpan.FromSeconds(4), cancellation);
        var (ratios, busy, flooded) = (new List<double>(), new List<double>(), new List<double>());
        for (var round = 0; round < rounds; round++)
        {
            busy.Add(await TurnAsync(Busy, length, cancellation));
            flooded.Add(await TurnAsync(Flood, length, cancellation));
            ratios.Add(flooded[^1] / busy[^1]);
        }

        context.Figures.Add("tenant_p95_ttft_ratio", Median(ratios), "x", "a tenant's p95 time to first token beside one that floods, by that beside one that is busy; simulated engine");
        context.Figures.Add("tenant_p95_ttft_ms_busy", Median(busy), "ms", "p95 time to first token beside a busy tenant");
        context.Figures.Add("tenant_p95_ttft_ms_flooded", Median(flooded), "ms", "p95 time to first token beside a tenant that floods");
        context.Figures.Add("tenant_p95_ttft_ms_cold", cold, "ms", "the same in the first 4 s of a router that has seen no flood and of a pool that does not declare its batch");
    }

    // The victim's p95 in milliseconds.
    private async Task<double> TurnAsync(int open, TimeSpan length, CancellationToken cancellation)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var neighbour = Task.WhenAll(Enumerable.Range(0, open).Select(i => LoopAsync(new Random(i), over.Token)));
        // The neighbour stands before the victim's first request comes.
        await Task.Delay(TimeSpan.FromSeconds(1), cancellation);
        var times = await ArriveAsync(length, cancellation);
        await over.CancelAsync();
        await neighbour.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        return LoadResult.Quantile([.. times.Order()], 0.95);
    }

    private async Task LoopAsync(Random lengths, CancellationToken cancellation)
    {
        // Answers of different lengths, else all of them would begin and end in step.
        while (!cancellation.IsCancellationRequested)
            await FirstTokenAsync(_router.Neighbour, lengths.Next(OutputTokens / 2, (OutputTokens * 3 / 2) + 1), cancellation);
    }

    // Poisson arrivals, whatever becomes of those before.
    private async Task<double[]> ArriveAsync(TimeSpan length, CancellationToken cancellation)
    {
        var requests = new List<Task<double>>();
        var began = Stopwatch.GetTimestamp();
        for (var next = Gap(); next < length; next += Gap())
        {
            var wait = next - Stopwatch.GetElapsedTime(began);
            if (wait > TimeSpan.Zero)
                await Task.Delay(wait, cancellation);
            requests.Add(FirstTokenAsync(_router.Contender, OutputTokens, cancellation));
        }

        return await Task.WhenAll(requests);
    }

    private TimeSpan Gap() => TimeSpan.FromSeconds(-Math.Log(1 - _random.NextDouble()) / VictimPerSecond);

    // Milliseconds to the first event; the rest is read too.
    private async Task<double> FirstTokenAsync(Contender tenant, int outputTokens, CancellationToken cancellation)
    {
        var sent = Stopwatch.GetTimestamp();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://{tenant.Address}{Wire.Path}")
        {
            Content = new StringContent($$"""{"model":"{{Wire.Model}}","stream":true,"max_tokens":{{outputTokens}},"ignore_eos":true,"messages":[{"role":"user","content":"What is fair, and to whom?"}]}""", Encoding.UTF8, "application/json"),
        };
        request.Headers.Authorization = AuthenticationHeaderValue.Parse(tenant.Headers.Single(h => h.Name == "Authorization").Value);
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        response.EnsureSuccessStatusCode();
        await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
        var buffer = new byte[4_096];
        await stream.ReadExactlyAsync(buffer.AsMemory(0, 1), cancellation);
        var first = Stopwatch.GetElapsedTime(sent).TotalMilliseconds;
        while (await stream.ReadAsync(buffer, cancellation) > 0)
        {
            // Only the first event is timed.
        }

        return first;
    }

    private static double Median(List<double> values) => LoadResult.Quantile([.. values.Order()], 0.5);
}
