using CsCheck;
using static Ops.Picking.Tests.Fixtures;

namespace Ops.Picking.Tests;

/// <summary>Exploration: what may be tried, how often, and what is remembered of it.</summary>
public sealed class ExplorerTests
{
    private static readonly Gen<(float[] Advantages, int Choice, double Share)> AnyDraw =
        from advantages in Gen.OneOf(Gen.Float[-0.1f, 0.1f], Gen.Const(float.NaN)).Array[2, 9]
        from choice in Gen.Int[0, advantages.Length - 1]
        from share in Gen.Double[0, 2 * LiveExplorer.MostShare]
        select (advantages.Select((a, i) => i == choice ? Math.Max(0, float.IsNaN(a) ? 0 : a) : a).ToArray(), choice, share);

    [Fact]
    public void Whatever_is_tried_promises_at_most_the_bound_less_and_is_no_refusal() =>
        Gen.Select(AnyDraw, Gen.UInt).Sample((any, spread) =>
        {
            var refusing = any.Advantages.Length - 1;
            var choice = any.Choice == refusing ? -1 : any.Choice;
            var taken = Draw(new LiveExplorer(60) { Share = any.Share }, any.Advantages, choice, spread);
            return taken == choice || (taken >= 0 && taken < refusing && any.Advantages[taken] >= any.Advantages[any.Choice] - LiveExplorer.MostLoss - 1e-6);
        });

    [Fact]
    public void No_more_than_its_share_of_the_requests_explores_and_the_expected_cost_is_below_share_times_bound() =>
        AnyDraw.Sample(any =>
        {
            const int requests = 4_000;
            var explorer = new LiveExplorer(60) { Share = any.Share };
            var taken = Enumerable.Range(0, requests).Select(i => Draw(explorer, any.Advantages, any.Choice, (uint)i)).ToList();
            var explored = taken.Count(t => t != any.Choice);
            var cost = taken.Sum(t => any.Advantages[any.Choice] - any.Advantages[t]) / requests;
            // Six deviations of a binomial count.
            var most = (requests * explorer.Share) + (6 * Math.Sqrt(requests * explorer.Share)) + 1;
            explorer.Share.ShouldBeLessThanOrEqualTo(LiveExplorer.MostShare);
            ((double)explored).ShouldBeLessThanOrEqualTo(most);
            ((double)cost).ShouldBeLessThanOrEqualTo((most / requests * LiveExplorer.MostLoss) + 1e-6);
        }, iter: 100);

    [Fact]
    public void The_same_request_is_decided_alike_and_off_nothing_is_explored_or_remembered()
    {
        float[] advantages = [0, -0.01f, 0.01f, float.NaN];
        var (one, other, off) = (new LiveExplorer(60) { Share = 0.05 }, new LiveExplorer(60) { Share = 0.05 }, new LiveExplorer(60));
        var drawn = Enumerable.Range(0, 2_000).Select(i => (uint)i).ToList();

        drawn.Select(i => Draw(one, advantages, 0, i)).ShouldBe(drawn.Select(i => Draw(other, advantages, 0, i)));
        drawn.ShouldAllBe(i => Draw(off, advantages, 0, i) == 0);
        one.Outcomes.Read(long.MaxValue / 2).Draws.Length.ShouldBeInRange(300, 500);
        off.Outcomes.Read(long.MaxValue / 2).Draws.ShouldBeEmpty();
    }

    [Fact]
    public void A_quarter_of_what_is_remembered_was_followed_each_candidate_as_often_as_its_propensity_says()
    {
        float[] advantages = [0, -0.01f, 0.01f, -0.03f, 0];
        var explorer = new LiveExplorer(60) { Share = 0.05 };
        var taken = Enumerable.Range(0, 40_000).Select(i => Draw(explorer, advantages, 0, (uint)i)).Where(t => t != 0).ToList();
        var (draws, _) = explorer.Outcomes.Read(long.MaxValue / 2);

        taken.Count.ShouldBeInRange(1_800, 2_200);
        taken.Count(t => t == 1).ShouldBeInRange(900, 1_100);
        taken.ShouldAllBe(t => t == 1 || t == 2);
        draws.ShouldAllBe(draw => draw.Propensity == 0.025f && draw.ChoiceIsRule);
        draws.Count(draw => draw.Followed).ShouldBe(taken.Count);
        draws.Length.ShouldBeInRange(7_400, 8_600);
    }

    [Fact]
    public void It_explores_only_while_the_policy_is_in_force_and_decides_and_never_on_a_retry()
    {
        // The model promises a little of everything, and less than its margin.
        var route = Route(Variant("small", 0.5, Replica("a")), Variant("large", 0.9, Replica("b")));
        var policy = new GuardedPolicy(LearnedTests.Model(promise: 0.01f, margin: 0.4), new PricePolicy(), hardDeadline: 60);
        policy.Explorer.Share = LiveExplorer.MostShare;
        int Explored(long at, int requests, bool retry = false) => Enumerable.Range(0, requests).Count(i =>
            Chooser.Choose(route, policy, Chat with { NowMs = at, Spread = (uint)i, IsRetry = retry }, default).Variant == 0);

        Explored(Now, 1_000).ShouldBe(0, "it is watched");
        Explored(Now + PolicyTrial.MinuteMs, 1).ShouldBe(0);
        policy.Trial.Standing.ShouldBe(PolicyStanding.InForce);
        // The replicas' figures are as old as the trial: the rule decides and nothing is tried.
        Explored(Now + PolicyTrial.MinuteMs + 6_000, 1_000).ShouldBe(0);
        route = Route(Variant("small", 0.5, Replica("a", observedAt: Now + PolicyTrial.MinuteMs)), Variant("large", 0.9, Replica("b", observedAt: Now + PolicyTrial.MinuteMs)));
        Explored(Now + PolicyTrial.MinuteMs + 100, 1_000).ShouldBeInRange(20, 90);
        Explored(Now + PolicyTrial.MinuteMs + 100, 1_000, retry: true).ShouldBe(0);
        route = Route(Variant("small", 0.5, Replica("a", observedAt: Now + PolicyTrial.MinuteMs + PolicyTrial.FollowMs)), Variant("large", 0.9, Replica("b", observedAt: Now + PolicyTrial.MinuteMs + PolicyTrial.FollowMs)));
        Explored(Now + PolicyTrial.MinuteMs + PolicyTrial.FollowMs + 100, 1_000).ShouldBe(0, "the rule's part of the minute");
    }

    [Fact]
    public void An_exploring_choice_allocates_nothing()
    {
        var explorer = new LiveExplorer(60) { Share = 0.05 };
        float[] advantages = [0, 0, 0];
        var rows = new float[advantages.Length * PolicyFeatures.Count];
        void Choices()
        {
            for (var i = 0u; i < 1_000; i++)
                explorer.Choose(Chat with { Spread = i }, new(0, 0, LearnedVerdict.Agreed), rows, advantages);
        }

        // The first draw that is remembered makes the ring.
        Choices();
        Allocations.Of(Choices).ShouldBe(0);
    }

    [Fact]
    public void What_was_delivered_and_arrived_over_twenty_seconds_is_summed_up_once_all_can_be_in()
    {
        var ring = new OutcomeRing(hardDeadline: 10);
        ring.Add(new LiveOutcome { AtMs = Now }, Row(1), Row(2)).ShouldBeTrue();
        foreach (var (after, tokens) in new[] { (0, 1_000), (19_900, 500), (20_100, 7_000) })
            ring.Arrived(Now + after, tokens, 0.9);
        ring.Report(Now, Now + 2_000, 0.8);
        ring.Report(Now + 19_900, Now + 24_000, 0.5);
        ring.Report(Now + 19_900, Now + 31_000, 0.4);
        ring.Report(Now + 20_100, Now + 24_000, 0.7);

        ring.Read(Now + 30_000).Draws.ShouldBeEmpty("an answer may yet come");
        var (draws, rows) = ring.Read(Now + 30_200);
        var draw = draws.ShouldHaveSingleItem();
        (draw.Delivered, draw.Arrivals, draw.PromptKilotokens, draw.Best).ShouldBe((1.3f, 2, 1.5f, 1.8f), "the late answer counts for nothing");
        (rows[0], rows[PolicyFeatures.Count], rows.Length).ShouldBe((1, 2, 2 * PolicyFeatures.Count));
    }

    [Fact]
    public void The_ring_keeps_the_newest_and_takes_no_more_than_it_has_room_for()
    {
        var ring = new OutcomeRing(hardDeadline: 1);
        Enumerable.Range(0, OutcomeRing.Capacity + 5).Count(_ => ring.Add(new LiveOutcome { AtMs = Now }, Row(0), Row(0))).ShouldBe(OutcomeRing.Capacity, "all of them wait for their outcome");
        for (var i = 0; i < 10; i++)
            ring.Add(new LiveOutcome { AtMs = Now + 60_000 + i }, Row(i), Row(i)).ShouldBeTrue();

        ring.Read(Now + 60_100).Draws.Length.ShouldBe(OutcomeRing.Capacity - 10);
        var (draws, rows) = ring.Read(Now + 120_000);
        draws.Length.ShouldBe(OutcomeRing.Capacity);
        draws[^1].AtMs.ShouldBe(Now + 60_009);
        rows[^1].ShouldBe(9);
    }

    [Fact]
    public void A_file_brings_the_draws_as_they_were_and_is_refused_for_another_policy_or_other_variants()
    {
        var ring = new OutcomeRing(hardDeadline: 1);
        ring.Add(new LiveOutcome { AtMs = Now, Followed = true, ChoiceIsRule = true, Propensity = 0.01f }, Row(3), Row(4));
        ring.Arrived(Now + 1, 2_000, 0.9);
        ring.Report(Now, Now + 500, 0.75);
        using var stream = new MemoryStream();
        OutcomeFile.Write(stream, "digest", ["a", "b"], ring, Now + 60_000);
        var file = stream.ToArray();

        var (draws, rows) = OutcomeFile.Read(file, "digest", ["a", "b"]);
        draws.ShouldBe([new LiveOutcome { AtMs = -60_000, Followed = true, ChoiceIsRule = true, Propensity = 0.01f, Delivered = 0.75f, Arrivals = 1, PromptKilotokens = 2, Best = 0.9f }]);
        rows.ShouldBe([.. Row(3), .. Row(4)]);
        Refusal(file, "other", "a", "b").ShouldStartWith("the outcomes are those of another policy file");
        Refusal(file, "digest", "b", "a").ShouldBe("the outcomes are of variants a, b, the route has b, a");
        Refusal([1, 2], "digest", "a", "b").ShouldBe("these are no outcomes of exploration");
        Gen.Int[10, file.Length - 1].Sample(length => Refusal(file[..length], "digest", "a", "b").Length > 0);
    }

    [Fact]
    public void A_full_ring_fits_into_its_file()
    {
        var ring = new OutcomeRing(hardDeadline: 1);
        for (var i = 0; i < OutcomeRing.Capacity; i++)
            ring.Add(new LiveOutcome { AtMs = Now }, Row(0), Row(0));
        using var stream = new MemoryStream();
        OutcomeFile.Write(stream, new string('f', 64), [.. Enumerable.Range(0, RouteSnapshot.MaxVariants).Select(i => new string('p', 253))], ring, Now + 60_000);
        stream.Length.ShouldBeLessThanOrEqualTo(OutcomeFile.MaxBytes);
    }

    private static string Refusal(byte[] bytes, string digest, params string[] pools) =>
        Should.Throw<InvalidDataException>(() => OutcomeFile.Read(bytes, digest, [.. pools])).Message;

    private static int Draw(LiveExplorer explorer, float[] advantages, int choice, uint spread) =>
        explorer.Choose(Chat with { Spread = spread }, new(choice, choice, LearnedVerdict.Agreed), new float[advantages.Length * PolicyFeatures.Count], advantages);

    private static float[] Row(float figure) => [.. Enumerable.Repeat(figure, PolicyFeatures.Count)];
}
