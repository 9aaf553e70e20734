using CsCheck;
using Microsoft.Extensions.Time.Testing;

namespace Ops.Kube.Tests;

public sealed class WorkQueueTests
{
    private readonly FakeTimeProvider time = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_key_added_twice_is_handed_out_once()
    {
        using var queue = new WorkQueue<string>(null, time);
        queue.Add("a").ShouldBeTrue();
        queue.Add("a").ShouldBeTrue();
        queue.Add("b").ShouldBeTrue();
        queue.Count.ShouldBe(2);
        (await queue.TakeAsync(Token)).ShouldBe("a");
        (await queue.TakeAsync(Token)).ShouldBe("b");
        queue.Count.ShouldBe(0);
    }

    [Fact]
    public async Task A_key_added_while_in_work_comes_again_only_after_the_work()
    {
        using var queue = new WorkQueue<string>(null, time);
        queue.Add("a");
        await queue.TakeAsync(Token);
        queue.Add("a");
        queue.Add("a");
        queue.Count.ShouldBe(0);
        queue.Done("a");
        queue.Count.ShouldBe(1);
        (await queue.TakeAsync(Token)).ShouldBe("a");
        queue.Done("a");
        queue.Count.ShouldBe(0);
    }

    [Fact]
    public async Task A_delayed_key_waits_for_its_time_and_the_earliest_time_wins()
    {
        using var queue = new WorkQueue<string>(null, time);
        queue.AddAfter("a", TimeSpan.FromSeconds(10));
        queue.AddAfter("a", TimeSpan.FromSeconds(5));
        queue.AddAfter("a", TimeSpan.FromSeconds(20));
        queue.Delayed.ShouldBe(1);
        time.Advance(TimeSpan.FromSeconds(4.999));
        queue.Count.ShouldBe(0);
        time.Advance(TimeSpan.FromSeconds(0.001));
        queue.Count.ShouldBe(1);
        await queue.TakeAsync(Token);
        queue.Done("a");
        time.Advance(TimeSpan.FromMinutes(1));
        queue.Count.ShouldBe(0, "the later times were replaced by the earliest");
    }

    [Fact]
    public async Task Handing_a_key_out_cancels_its_delay()
    {
        using var queue = new WorkQueue<string>(null, time);
        queue.AddAfter("a", TimeSpan.FromSeconds(10));
        queue.Add("a");
        await queue.TakeAsync(Token);
        queue.Delayed.ShouldBe(0);
        queue.Done("a");
        time.Advance(TimeSpan.FromMinutes(1));
        queue.Count.ShouldBe(0);
    }

    [Fact]
    public async Task Back_off_doubles_up_to_its_end_and_is_forgotten_on_success()
    {
        var options = new WorkQueueOptions { FirstDelay = TimeSpan.FromMilliseconds(100), MaxDelay = TimeSpan.FromSeconds(2), Seed = 7 };
        using var queue = new WorkQueue<string>(options, time);
        double[] full = [100, 200, 400, 800, 1600, 2000, 2000];
        foreach (var limit in full)
        {
            queue.Add("a");
            await queue.TakeAsync(Token);
            queue.AddWithBackOff("a").TotalMilliseconds.ShouldBeInRange(limit / 2, limit);
            queue.Done("a");
        }

        queue.AddWithBackOff("b").TotalMilliseconds.ShouldBeInRange(50, 100, "each key has its own back-off");
        queue.Forget("a");
        queue.AddWithBackOff("a").TotalMilliseconds.ShouldBeInRange(50, 100);
    }

    [Fact]
    public async Task A_full_queue_refuses_new_keys_but_never_the_retry_of_a_known_one()
    {
        using var queue = new WorkQueue<int>(new WorkQueueOptions { Capacity = 2 }, time);
        queue.Add(1).ShouldBeTrue();
        queue.Add(2).ShouldBeTrue();
        queue.Add(3).ShouldBeFalse();
        queue.Add(1).ShouldBeTrue();
        var key = await queue.TakeAsync(Token);
        queue.Add(3).ShouldBeFalse("a key in work still counts");
        queue.AddWithBackOff(key);
        queue.Done(key);
        time.Advance(TimeSpan.FromMinutes(5));
        queue.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Cancelled_delays_do_not_pile_up_in_memory()
    {
        using var queue = new WorkQueue<int>(null, time);
        for (var i = 0; i < 10_000; i++)
        {
            queue.AddAfter(1, TimeSpan.FromHours(10));
            queue.Add(1);
            await queue.TakeAsync(Token);
            queue.Done(1);
        }

        queue.DelayEntries.ShouldBeLessThan(200);
    }

    [Fact]
    public async Task A_waiting_worker_is_woken_by_a_key_and_ended_by_its_token()
    {
        using var queue = new WorkQueue<int>(null, time);
        var taken = queue.TakeAsync(Token).AsTask();
        taken.IsCompleted.ShouldBeFalse();
        queue.Add(5);
        (await taken).ShouldBe(5);
        using var stop = new CancellationTokenSource();
        var waiting = queue.TakeAsync(stop.Token).AsTask();
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(waiting);
    }

    [Fact]
    public void Whatever_happens_a_key_is_in_one_work_at_a_time_and_no_addition_is_lost() =>
        Gen.Select(Gen.Int[0, 4], Gen.Int[0, 3]).Array[1, 200].Sample(operations =>
        {
            // Samples run in parallel, so each has its own clock.
            var clock = new FakeTimeProvider();
            using var queue = new WorkQueue<int>(null, clock);
            var inWork = new HashSet<int>();
            var owed = new HashSet<int>();
            foreach (var (operation, key) in operations)
            {
                switch (operation)
                {
                    case 0:
                        queue.Add(key);
                        owed.Add(key);
                        break;
                    case 1 when queue.Count > 0:
                        var taken = queue.TakeAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
                        inWork.Add(taken).ShouldBeTrue();
                        owed.Remove(taken);
                        break;
                    case 2 when inWork.Remove(key):
                        queue.Done(key);
                        break;
                    case 3 when inWork.Contains(key):
                        queue.AddWithBackOff(key);
                        owed.Add(key);
                        break;
                    case 4:
                        clock.Advance(TimeSpan.FromSeconds(1));
                        break;
                }
            }

            foreach (var key in inWork)
                queue.Done(key);
            clock.Advance(TimeSpan.FromMinutes(10));
            while (queue.Count > 0)
            {
                var taken = queue.TakeAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
                owed.Remove(taken);
                queue.Done(taken);
            }

            owed.ShouldBeEmpty();
        });
}
