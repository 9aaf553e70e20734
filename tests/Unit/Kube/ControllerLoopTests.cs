using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;

namespace Ops.Kube.Tests;

public sealed class ControllerLoopTests
{
    private static readonly ObjectKey A = new("n", "a");
    private readonly FakeTimeProvider time = new();
    private readonly Recorder recorder = new();

    [Fact]
    public async Task A_failing_key_is_retried_with_its_back_off_and_others_go_on()
    {
        await using var loop = await StartAsync();
        recorder.Fail = key => key == A && recorder.Count(A) < 3;
        loop.Loop.Enqueue(A);
        await ExpectAsync(() => recorder.Count(A) == 1);
        loop.Loop.Enqueue(new ObjectKey("n", "b"));
        await ExpectAsync(() => recorder.Count(new ObjectKey("n", "b")) == 1);
        recorder.Count(A).ShouldBe(1, "its time has not come");
        await AdvanceUntilAsync(TimeSpan.FromMilliseconds(50), () => recorder.Count(A) >= 2);
        await AdvanceUntilAsync(TimeSpan.FromMilliseconds(100), () => recorder.Count(A) >= 3);
        time.Advance(TimeSpan.FromMinutes(5));
        await SettleAsync();
        recorder.Count(A).ShouldBe(3, "success ends the retries");
    }

    [Fact]
    public async Task A_reconcile_can_ask_to_come_again()
    {
        recorder.Next = Requeue.After(TimeSpan.FromSeconds(15));
        await using var loop = await StartAsync();
        loop.Loop.Enqueue(A);
        await ExpectAsync(() => recorder.Count(A) == 1);
        await AdvanceUntilAsync(TimeSpan.FromSeconds(15), () => recorder.Count(A) == 2);
    }

    [Fact]
    public async Task A_reconcile_that_hangs_is_cancelled_and_retried()
    {
        recorder.Hang = true;
        await using var loop = await StartAsync();
        loop.Loop.Enqueue(A);
        await ExpectAsync(() => recorder.Count(A) == 1);
        recorder.Hang = false;
        time.Advance(new ControllerLoopOptions().ReconcileTimeout);
        await AdvanceUntilAsync(TimeSpan.FromMilliseconds(50), () => recorder.Count(A) == 2);
    }

    [Fact]
    public async Task An_ended_loop_can_run_again()
    {
        var loop = new ControllerLoop("again", recorder, null, time);
        for (var term = 1; term <= 2; term++)
        {
            using var stop = new CancellationTokenSource();
            var run = loop.RunAsync(stop.Token);
            loop.Enqueue(A);
            await ExpectAsync(() => recorder.Count(A) == term);
            await stop.CancelAsync();
            await run;
        }

        loop.Enqueue(A);
        await SettleAsync();
        recorder.Count(A).ShouldBe(2, "between runs nothing is reconciled");
    }

    private async Task<Running> StartAsync()
    {
        var running = new Running(new ControllerLoop("test", recorder, null, time));
        await SettleAsync();
        return running;
    }

    private async Task AdvanceUntilAsync(TimeSpan step, Func<bool> condition)
    {
        for (var i = 0; i < 1000 && !condition(); i++)
        {
            time.Advance(step);
            await SettleAsync();
        }

        condition().ShouldBeTrue();
    }

    private static async Task SettleAsync() => await Task.Delay(20, TestContext.Current.CancellationToken);

    private static async Task ExpectAsync(Func<bool> condition)
    {
        for (var i = 0; i < 10_000 && !condition(); i++)
            await Task.Delay(1, TestContext.Current.CancellationToken);
        condition().ShouldBeTrue();
    }

    private sealed class Recorder : IReconciler
    {
        private readonly ConcurrentDictionary<ObjectKey, int> counts = new();

        public Func<ObjectKey, bool> Fail { get; set; } = _ => false;

        public Requeue Next { get; set; } = Requeue.None;

        public bool Hang { get; set; }

        public int Count(ObjectKey key) => counts.GetValueOrDefault(key);

        public async Task<Requeue> ReconcileAsync(ObjectKey key, CancellationToken cancellationToken)
        {
            counts.AddOrUpdate(key, 1, (_, n) => n + 1);
            if (Hang)
                await Task.Delay(Timeout.Infinite, cancellationToken);
            return Fail(key) ? throw new InvalidOperationException("not today") : Next;
        }
    }

    private sealed class Running : IAsyncDisposable
    {
        private readonly CancellationTokenSource stop = new();
        private readonly Task run;

        public Running(ControllerLoop loop)
        {
            Loop = loop;
            run = loop.RunAsync(stop.Token);
        }

        public ControllerLoop Loop { get; }

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            await run;
            stop.Dispose();
        }
    }
}
