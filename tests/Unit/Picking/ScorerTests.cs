using CsCheck;

namespace Ops.Picking.Tests;

public sealed class ScorerTests
{
    private static readonly Gen<float> AnyFigure = Gen.OneOf(Gen.Single, Gen.Const(float.NaN), Gen.Const(float.PositiveInfinity), Gen.Const(float.NegativeInfinity), Gen.Const(-1f), Gen.Const(0f));

    [Fact]
    public void No_scorer_leaves_0_to_1_whatever_the_figures()
    {
        Gen.Select(AnyFigure, Gen.Int, Gen.Int, Gen.Enum<LoraPresence>()).Sample((figure, a, b, lora) =>
            new[]
            {
                QueueScorer.Score(a, figure),
                KvCacheUtilizationScorer.Score(figure, fresh: true),
                KvCacheUtilizationScorer.Score(figure, fresh: false),
                PrefixCacheScorer.Score(a, b),
                LoraAffinityScorer.Score(lora),
            }.All(score => score is >= 0 and <= 1));
    }

    [Fact]
    public void Every_scorer_orders_replicas_as_it_says()
    {
        QueueScorer.Score(0, 0.1f).ShouldBe(1);
        QueueScorer.Score(5, 0.1f).ShouldBe(0.5f);
        QueueScorer.Score(20, 0.1f).ShouldBe(0);
        KvCacheUtilizationScorer.Score(0.25f, fresh: true).ShouldBe(0.75f);
        KvCacheUtilizationScorer.Score(0.25f, fresh: false).ShouldBe(0.5f);
        PrefixCacheScorer.Score(3, 4).ShouldBe(0.75f);
        PrefixCacheScorer.Score(0, 0).ShouldBe(0);
        Enum.GetValues<LoraPresence>().OrderByDescending(LoraAffinityScorer.Score).Take(3).ShouldBe([LoraPresence.Active, LoraPresence.Room, LoraPresence.Waiting]);
    }

    [Fact]
    public void A_replica_that_leaves_moves_only_its_own_sessions()
    {
        Gen.Select(Gen.UInt.Array[2, 40], Gen.UInt, Gen.Int[0, 39]).Sample((identities, session, leaver) =>
        {
            var gone = leaver % identities.Length;
            var before = Home(identities, session);
            var after = Home([.. identities.Where((_, i) => i != gone)], session);
            return before == identities[gone] || Claim(after, session) == Claim(before, session);
        });
    }

    [Fact]
    public void A_home_is_the_largest_claim_of_those_that_may_be_taken() =>
        Gen.Select(Gen.Select(Gen.UInt, Gen.Int[0, 9]).Array[1, 70], Gen.UInt, Gen.Int[0, 9]).Sample((replicas, session, ceiling) =>
        {
            var allowed = Math.Max(ceiling, replicas.Min(replica => replica.Item2));
            var home = replicas[SessionAffinityScorer.Home(session, [.. replicas.Select(replica => replica.Item1)], [.. replicas.Select(replica => replica.Item2)], allowed)];
            return home.Item2 <= allowed && Claim(home.Item1, session) == replicas.Where(replica => replica.Item2 <= allowed).Max(replica => Claim(replica.Item1, session));
        });

    [Fact]
    public void Sessions_are_spread_evenly()
    {
        uint[] identities = [.. Enumerable.Range(0, 20).Select(i => SessionAffinityScorer.Fold(KeyHash.Of($"pod-{i}")))];
        var homes = new int[20];
        for (var session = 0; session < 20_000; session++)
            homes[SessionAffinityScorer.Home(SessionAffinityScorer.Fold(KeyHash.Of($"conversation-{session}")), identities, new int[20], 0)]++;
        // 1,000 each, with a standard deviation of 31.
        homes.ShouldAllBe(count => count > 850 && count < 1_150);
    }

    // The bits that the place leaves of it.
    private static uint Claim(uint identity, uint session) => SessionAffinityScorer.Claim(identity ^ session) >> 10;

    private static uint Home(uint[] identities, uint session) => identities[SessionAffinityScorer.Home(session, identities, new int[identities.Length], 0)];
}
