using Ops.Load;
using Ops.Traces;

namespace Ops.Sandbox.ModelServer.Tests;

/// <summary>The load generator against the real server.</summary>
public class ReplayTests
{
    [Fact]
    public async Task Every_request_of_a_trace_is_answered_with_its_own_lengths()
    {
        await using var server = await RunningServer.StartAsync();
        var trace = SyntheticTrace.Generate(SyntheticKind.Conv, TimeSpan.FromSeconds(20), seed: 3);
        var progress = new Seen();
        var report = await LoadRun.RunAsync(
            new LoadOptions { Target = server.Address, Model = RunningServer.Model, Trace = trace, Speedup = 20, ProgressInterval = TimeSpan.FromMilliseconds(50) },
            progress, TestContext.Current.CancellationToken);

        report.Problems.ShouldBeEmpty();
        (report.Sent, report.Answered, report.Rejected, report.Failed, report.Dropped).ShouldBe((trace.Requests.Length, trace.Requests.Length, 0, 0, 0));
        report.PromptTokens.ShouldBe(trace.Requests.Sum(r => (long)r.ContextTokens));
        report.CompletionTokens.ShouldBe(trace.Requests.Sum(r => (long)r.GeneratedTokens));
        report.TimeToFirstToken.Count.ShouldBe(report.Answered);
        report.TimeToFirstToken.P50.ShouldBeGreaterThan(0);
        report.EndToEnd.P99.ShouldBeGreaterThanOrEqualTo(report.EndToEnd.P50);
        report.Variants.Single().Variant.ShouldBe("(none)");
        report.Joules.ShouldBeNull(); // No router here, so there is no such metric, and no figure.
        progress.Last.Answered.ShouldBe(report.Answered);
        progress.Last.InFlight.ShouldBe(0);
        server.Engine.Load.ShouldBe((0, 0));
    }

    [Fact]
    public async Task Refusals_in_good_order_are_rejections_and_other_errors_are_failures()
    {
        await using var server = await RunningServer.StartAsync("--max-waiting", "0");
        var trace = new Trace("three", [new(TimeSpan.Zero, 10, 5), new(TimeSpan.Zero, 10, 5), new(TimeSpan.Zero, 10, 500_000)]);
        var report = await LoadRun.RunAsync(
            new LoadOptions { Target = server.Address, Model = RunningServer.Model, Trace = trace }, null, TestContext.Current.CancellationToken);
        (report.Answered, report.Rejected, report.Failed).ShouldBe((0, 2, 1));
        report.Problems.ShouldContain(p => p.Message.StartsWith("HTTP 400: This model's maximum context length") && p.Count == 1);
        report.Problems.ShouldContain(p => p.Message.StartsWith("HTTP 503: ") && p.Count == 2);
    }

    [Fact]
    public async Task Cancelling_returns_what_happened_and_leaves_nothing_behind()
    {
        await using var server = await RunningServer.StartAsync();
        var trace = new Trace("long", [new(TimeSpan.Zero, 10, 100_000), new(TimeSpan.FromHours(1), 10, 5)]);
        using var cancel = new CancellationTokenSource();
        var run = LoadRun.RunAsync(new LoadOptions { Target = server.Address, Model = RunningServer.Model, Trace = trace }, null, cancel.Token);
        await RunningServer.UntilAsync(() => server.Engine.Load.Running == 1);
        await cancel.CancelAsync();
        var report = await run;
        (report.Cancelled, report.Sent, report.Abandoned).ShouldBe((true, 1, 1));
        await RunningServer.UntilAsync(() => server.Engine.Load == (0, 0));
    }

    private sealed class Seen : IProgress<LoadProgress>
    {
        public LoadProgress Last { get; private set; }

        public void Report(LoadProgress value) => Last = value;
    }
}
