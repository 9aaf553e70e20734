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
        Gen.Select(Gen.ULong.Array[2, 40], Gen.ULong, Gen.Int[0, 39]).Sample((identities, session, leaver) =>
        {
            var gone = leaver % identities.Length;
            var before = Home(identities, session);
            var after = Home([.. identities.Where((_, i) => i != gone)], session);
            return before == identities[gone] || after == before;
        });
    }

    private static ulong Home(ulong[] identities, ulong session) => identities.MaxBy(identity => SessionAffinityScorer.Claim(session, identity, -1));
}
