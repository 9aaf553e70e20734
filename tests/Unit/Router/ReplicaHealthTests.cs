using Ops.Picking;

namespace Ops.Router.Tests;

public sealed class ReplicaHealthTests
{
    private const long Now = 1_000_000;

    private static Replica[] Pool(int size) => [.. Enumerable.Range(0, size).Select(i => new Replica(new ReplicaAddress($"r{i}", $"http://127.0.0.1:{i + 1}"), new PrefixIndex(64)))];

    [Fact]
    public void A_broken_connection_ejects_at_once_and_single_errors_do_not()
    {
        var pool = Pool(4);
        pool[0].Health.Failed(Now, isGone: true, pool).ShouldBeTrue();
        pool[0].Load.IsSuspect(Now).ShouldBeTrue();

        for (var i = 0; i < ReplicaHealth.ConsecutiveLimit - 1; i++)
            pool[1].Health.Failed(Now, isGone: false, pool).ShouldBeFalse();
        pool[1].Health.Failed(Now, isGone: false, pool).ShouldBeTrue();
    }

    [Fact]
    public void An_answer_between_errors_forgives_them_but_not_their_share()
    {
        var pool = Pool(4);
        for (var i = 0; i < 9; i++)
        {
            pool[0].Health.Succeeded(Now);
            pool[0].Health.Failed(Now, isGone: false, pool).ShouldBeFalse();
        }

        // Of 20 requests within the window, half failed.
        pool[0].Health.Succeeded(Now);
        pool[0].Health.Failed(Now, isGone: false, pool).ShouldBeTrue();
    }

    [Fact]
    public void Errors_of_long_ago_do_not_count()
    {
        var pool = Pool(4);
        for (var i = 0; i < 100; i++)
        {
            pool[0].Health.Failed(Now + (i * 20_000), isGone: false, pool).ShouldBeFalse();
            pool[0].Health.Succeeded(Now + (i * 20_000));
        }
    }

    [Fact]
    public void Ejections_that_follow_each_other_last_twice_as_long_each_time_up_to_a_minute()
    {
        var pool = Pool(4);
        var now = Now;
        var lengths = new List<long>();
        for (var i = 0; i < 7; i++)
        {
            pool[0].Health.Failed(now, isGone: true, pool).ShouldBeTrue();
            var until = now;
            while (Ejected(pool[0], until))
                until += 100;
            lengths.Add(until - now);
            now = until + ReplicaHealth.ReturnMs;
        }

        lengths.ShouldBe([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);

        now += ReplicaHealth.MaxMs;
        pool[0].Health.Failed(now, isGone: true, pool);
        Ejected(pool[0], now + 2_000).ShouldBeFalse();

        // The last moment of a slice is the first to open, so it tells an ejected replica from a returning one.
        static bool Ejected(Replica replica, long at) => Enumerable.Range(0, 100).All(i => replica.Load.IsSuspect(at + i));
    }

    [Fact]
    public void A_replica_returns_with_a_share_that_grows_from_a_tenth_to_the_whole()
    {
        var load = new ReplicaLoad();
        load.Suspect(Now, returnMs: 5_000);

        var open = Enumerable.Range(0, 50).Select(slice => Enumerable.Range(0, 100).Count(ms => !load.IsSuspect(Now + (slice * 100) + ms))).ToList();

        open[0].ShouldBeInRange(10, 12);
        open[25].ShouldBeInRange(48, 53);
        open[49].ShouldBeGreaterThan(95);
        for (var i = 1; i < open.Count; i++)
            open[i].ShouldBeGreaterThanOrEqualTo(open[i - 1]);
        load.IsSuspect(Now + 5_099).ShouldBeFalse();
        load.IsSuspect(Now - 1).ShouldBeTrue();
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(3, 1)]
    [InlineData(4, 2)]
    [InlineData(9, 4)]
    public void Never_more_than_half_of_a_pool_is_ejected(int size, int most)
    {
        var pool = Pool(size);
        pool.Count(r => r.Health.Failed(Now, isGone: true, pool)).ShouldBe(most);
        pool.Count(r => r.Load.IsSuspect(Now)).ShouldBe(most);
    }

    [Fact]
    public void Two_unanswered_questions_eject_until_one_is_answered()
    {
        var pool = Pool(2);
        pool[0].Health.IsDoubtful(Now).ShouldBeFalse();
        pool[0].Health.Probed(Now, isAlive: false, Now + 3_000, pool).ShouldBeFalse();
        pool[0].Health.IsDoubtful(Now).ShouldBeTrue();
        pool[0].Health.Probed(Now + 1_000, isAlive: false, Now + 4_000, pool).ShouldBeTrue();
        pool[0].Health.Probed(Now + 2_000, isAlive: false, Now + 5_000, pool).ShouldBeFalse();
        pool[0].Load.IsSuspect(Now + 4_999).ShouldBeTrue();

        pool[0].Health.Probed(Now + 3_000, isAlive: true, Now + 6_000, pool);
        pool[0].Load.IsSuspect(Now + 3_000 + ReplicaHealth.ReturnMs).ShouldBeFalse();
        pool[0].Health.IsDoubtful(Now + 3_000 + ReplicaHealth.ReturnMs).ShouldBeFalse();
    }

    [Fact]
    public void An_answered_question_does_not_shorten_the_time_that_failed_requests_cost()
    {
        var pool = Pool(2);
        pool[0].Health.Failed(Now, isGone: true, pool);
        pool[0].Health.Probed(Now + 500, isAlive: true, Now + 3_500, pool);
        pool[0].Load.IsSuspect(Now + 1_999).ShouldBeTrue();
    }
}
