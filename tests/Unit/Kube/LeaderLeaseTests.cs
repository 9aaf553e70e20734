using k8s.Models;
using Microsoft.Extensions.Time.Testing;

namespace Ops.Kube.Tests;

public sealed class LeaderLeaseTests
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(250);
    private readonly FakeTimeProvider time = new(DateTimeOffset.Parse("2026-03-01T12:00:00Z"));
    private readonly MemoryLease server;

    public LeaderLeaseTests() => server = new MemoryLease();

    [Fact]
    public async Task The_first_candidate_leads_and_the_second_waits()
    {
        await using var a = Start("a");
        await ExpectAsync(() => a.Lease.IsLeader);
        await using var b = Start("b");
        await AdvanceAsync(TimeSpan.FromMinutes(1));
        a.Lease.IsLeader.ShouldBeTrue();
        b.Lease.IsLeader.ShouldBeFalse();
        b.Lease.Holder.ShouldBe("a");
        server.Current!.Spec.LeaseTransitions.ShouldBe(0);
    }

    [Fact]
    public async Task A_leader_that_cannot_renew_stops_before_another_can_start()
    {
        await using var a = Start("a");
        await ExpectAsync(() => a.Lease.IsLeader);
        await using var b = Start("b");
        await AdvanceAsync(TimeSpan.FromSeconds(5));
        server.CutOff.Add("a");
        var both = 0;
        for (var i = 0; i < 200 && !b.Working; i++)
        {
            await AdvanceAsync(Step);
            if (a.Lease.IsLeader && b.Lease.IsLeader)
                both++;
        }

        both.ShouldBe(0);
        b.Lease.IsLeader.ShouldBeTrue();
        a.Lease.IsLeader.ShouldBeFalse();
        a.Terms.ShouldBe(1);
        a.Working.ShouldBeFalse("the token of its work has ended");
        server.Current!.Spec.LeaseTransitions.ShouldBe(1);
    }

    [Fact]
    public async Task A_process_stopped_for_longer_than_the_lease_finds_out_before_its_next_write()
    {
        await using var a = Start("a");
        await ExpectAsync(() => a.Lease.IsLeader);
        // One jump of the clock is what a stopped process sees. No answer comes, so that it cannot win anew before it is asked.
        var answers = server.Hold = new TaskCompletionSource();
        time.Advance(TimeSpan.FromSeconds(60));
        var leads = a.Lease.IsLeader;
        server.Hold = null;
        answers.SetResult();
        leads.ShouldBeFalse();
    }

    [Fact]
    public async Task A_renewal_whose_answer_arrives_too_late_does_not_extend_leadership()
    {
        await using var a = Start("a");
        await ExpectAsync(() => a.Lease.IsLeader);
        var answer = server.Hold = new TaskCompletionSource();
        // The renewal is sent and stored, its answer hangs; so does the next, so that it cannot win anew before it is asked.
        await AdvanceUntilAsync(() => server.Holding > 0);
        time.Advance(TimeSpan.FromSeconds(11));
        var next = server.Hold = new TaskCompletionSource();
        answer.SetResult();
        await SettleAsync();
        var leads = a.Lease.IsLeader;
        server.Hold = null;
        next.SetResult();
        leads.ShouldBeFalse();
    }

    [Fact]
    public async Task An_ended_leader_releases_the_lease_so_that_nobody_waits()
    {
        var a = Start("a");
        await ExpectAsync(() => a.Lease.IsLeader);
        await using var b = Start("b");
        await ExpectAsync(() => b.Lease.Holder == "a");
        await a.DisposeAsync();
        server.Current!.Spec.HolderIdentity.ShouldBe("");
        await AdvanceUntilAsync(() => b.Lease.IsLeader, TimeSpan.FromSeconds(4));
    }

    [Fact]
    public async Task A_lost_answer_to_a_renewal_is_recovered_without_losing_leadership()
    {
        await using var a = Start("a");
        await ExpectAsync(() => a.Lease.IsLeader);
        server.LoseAnswers = 1;
        await AdvanceAsync(TimeSpan.FromSeconds(30));
        a.Lease.IsLeader.ShouldBeTrue();
        a.Terms.ShouldBe(1);
    }

    [Fact]
    public async Task A_stolen_lease_ends_the_term_at_once()
    {
        await using var a = Start("a");
        await ExpectAsync(() => a.Lease.IsLeader);
        server.Steal("thief", time.GetUtcNow().UtcDateTime);
        await AdvanceUntilAsync(() => !a.Lease.IsLeader, TimeSpan.FromSeconds(8));
        await ExpectAsync(() => !a.Working);
    }

    [Fact]
    public async Task A_clock_set_wrong_on_another_machine_changes_nothing()
    {
        // The holder's wall clock is an hour behind: to a comparison of dates its lease would be long expired.
        server.Steal("late-clock", time.GetUtcNow().UtcDateTime.AddHours(-1));
        await using var a = Start("a");
        await ExpectAsync(() => a.Lease.Holder == "late-clock");
        for (var i = 0; i < 40; i++)
        {
            await AdvanceAsync(TimeSpan.FromSeconds(1));
            server.Steal("late-clock", time.GetUtcNow().UtcDateTime.AddHours(-1));
        }

        a.Lease.IsLeader.ShouldBeFalse();
    }

    [Fact]
    public async Task Work_that_ends_by_itself_ends_the_campaign_and_frees_the_lease()
    {
        var lease = NewLease("a");
        await lease.RunAsync(_ => Task.CompletedTask, TestContext.Current.CancellationToken);
        lease.IsLeader.ShouldBeFalse();
        server.Current!.Spec.HolderIdentity.ShouldBe("");
    }

    [Fact]
    public async Task Renew_times_carry_microseconds_even_at_a_whole_second()
    {
        await using var a = Start("a");
        await ExpectAsync(() => a.Lease.IsLeader);
        k8s.KubernetesJson.Serialize(server.Current!).ShouldContain("2026-03-01T12:00:00.000001Z");
    }

    [Theory]
    [InlineData(15, 15, 2)]
    [InlineData(15, 10, 10)]
    [InlineData(0.5, 0.4, 0.1)]
    public void Times_that_could_overlap_are_refused(double duration, double deadline, double retry) =>
        Should.Throw<ArgumentException>(() => new LeaderLease(server.For("a"), Options("a") with
        {
            Duration = TimeSpan.FromSeconds(duration),
            RenewDeadline = TimeSpan.FromSeconds(deadline),
            RetryPeriod = TimeSpan.FromSeconds(retry),
        }, time, null));

    private static LeaderLeaseOptions Options(string identity) => new() { Namespace = "n", Name = "l", Identity = identity, Seed = identity[0] };

    private LeaderLease NewLease(string identity) => new(server.For(identity), Options(identity), time, null);

    private Candidate Start(string identity) => new(NewLease(identity));

    private async Task AdvanceAsync(TimeSpan span)
    {
        for (var done = TimeSpan.Zero; done < span; done += Step)
        {
            time.Advance(Step);
            await SettleAsync();
        }
    }

    private Task AdvanceUntilAsync(Func<bool> condition) => AdvanceUntilAsync(condition, TimeSpan.FromMinutes(2));

    private async Task AdvanceUntilAsync(Func<bool> condition, TimeSpan atMost)
    {
        for (var done = TimeSpan.Zero; done < atMost && !condition(); done += Step)
            await AdvanceAsync(Step);
        condition().ShouldBeTrue();
    }

    // Continuations run on the thread pool; a few turns let them all come to their next wait. No outcome depends on how many.
    private static async Task SettleAsync()
    {
        for (var i = 0; i < 5; i++)
        {
            await Task.Yield();
            await Task.Delay(TimeSpan.FromMilliseconds(1), TestContext.Current.CancellationToken);
        }
    }

    private static async Task ExpectAsync(Func<bool> condition)
    {
        for (var i = 0; i < 5000 && !condition(); i++)
            await Task.Delay(TimeSpan.FromMilliseconds(1), TestContext.Current.CancellationToken);
        condition().ShouldBeTrue();
    }

    private sealed class Candidate : IAsyncDisposable
    {
        private readonly CancellationTokenSource stop = new();
        private readonly Task run;
        private int working;

        public Candidate(LeaderLease lease)
        {
            Lease = lease;
            run = lease.RunAsync(WorkAsync, stop.Token);
        }

        public LeaderLease Lease { get; }

        public int Terms { get; private set; }

        public bool Working => Volatile.Read(ref working) == 1;

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            await run;
            stop.Dispose();
        }

        private async Task WorkAsync(CancellationToken token)
        {
            Terms++;
            Volatile.Write(ref working, 1);
            try
            {
                await Task.Delay(Timeout.Infinite, token);
            }
            finally
            {
                Volatile.Write(ref working, 0);
            }
        }
    }
}
