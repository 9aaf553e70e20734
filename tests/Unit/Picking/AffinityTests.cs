using CsCheck;
using static Ops.Picking.Tests.Fixtures;
using static Ops.Picking.Tests.PrefixIndexTests;

namespace Ops.Picking.Tests;

/// <summary>Replicas by prefix, session and adapter, and the bound that overrides them.</summary>
public sealed class AffinityTests
{
    private const int LongPrompt = 8 * PromptHasher.BlockTokens;

    private static readonly IPolicy Ladder = new LadderPolicy();

    [Fact]
    public void A_prompt_goes_where_its_beginning_was_sent()
    {
        var fleet = new Fleet(8);
        var first = fleet.Send(Prompt(1, 2, 3, 4));

        fleet.Send(Prompt(9, 9, 9, 9)).ShouldNotBe(first);
        for (var turn = 5; turn < 9; turn++)
            fleet.Finish(fleet.Send(Prompt(1, 2, 3, 4, turn))).ShouldBe(first);
    }

    [Fact]
    public void The_prediction_knows_what_need_not_be_computed_again()
    {
        var fleet = new Fleet(1);
        var cold = fleet.Choose(Prompt(1, 2, 3, 4, 5, 6, 7, 8)).PredictedTimeToFirstToken;
        fleet.Send(Prompt(1, 2, 3, 4, 5, 6));
        var warm = fleet.Choose(Prompt(1, 2, 3, 4, 5, 6, 7, 8)).PredictedTimeToFirstToken;

        (cold - warm).ShouldBe(6 * PromptHasher.BlockTokens * LatencyEstimate.SecondsPerPromptTokenPrior, 1e-9);
    }

    [Fact]
    public void A_session_comes_back()
    {
        var fleet = new Fleet(16);
        var homes = Enumerable.Range(1, 50).ToDictionary(s => (ulong)s, s => fleet.Finish(fleet.Send(Session((ulong)s))));

        foreach (var (session, home) in homes)
            fleet.Finish(fleet.Send(Session(session))).ShouldBe(home);
        homes.Values.Distinct().Count().ShouldBeGreaterThan(8);
    }

    [Fact]
    public void Routers_that_know_nothing_of_each_other_agree_on_a_session()
    {
        var (one, other) = (new Fleet(16), new Fleet(16));
        for (var s = 1UL; s <= 50; s++)
            one.Finish(one.Send(Session(s))).ShouldBe(other.Finish(other.Send(Session(s) with { Spread = 77 })));
    }

    [Fact]
    public void A_session_whose_replica_is_gone_moves_and_stays_there()
    {
        var fleet = new Fleet(4);
        var home = fleet.Finish(fleet.Send(Session(5)));
        fleet.Remove(home);

        var next = fleet.Finish(fleet.Send(Session(5)));
        next.ShouldNotBe(home);
        fleet.Finish(fleet.Send(Session(5))).ShouldBe(next);
    }

    [Fact]
    public void A_session_moved_by_load_stays_where_its_cache_now_is()
    {
        var fleet = new Fleet(4);
        var home = fleet.Finish(fleet.Send(Session(5)));
        for (var i = 0; i < 40; i++)
            fleet.LoadOf(home).Enter();
        var next = fleet.Finish(fleet.Send(Session(5)));
        next.ShouldNotBe(home);
        for (var i = 0; i < 40; i++)
            fleet.LoadOf(home).Leave();

        fleet.Finish(fleet.Send(Session(5))).ShouldBe(next);
    }

    [Fact]
    public void A_restarted_engine_has_lost_its_sessions_and_prefixes()
    {
        var fleet = new Fleet(2);
        var first = fleet.Send(Prompt(1, 2, 3, 4));
        fleet.Finish(first);
        fleet.Restart(first);

        fleet.Choose(Prompt(1, 2, 3, 4)).PredictedTimeToFirstToken.ShouldBe(new Fleet(1).Choose(Prompt(1, 2, 3, 4)).PredictedTimeToFirstToken);
    }

    [Fact]
    public void An_adapter_is_served_where_it_is_loaded()
    {
        var route = Route(Variant("sql", 1,
            Replica("a") with { Lora = LoraPresence.Full },
            Replica("b") with { Lora = LoraPresence.Room },
            Replica("c") with { Lora = LoraPresence.Active }));

        route.Choose(Ladder).Replica.ShouldBe(2);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    public void A_hot_prefix_loads_no_replica_beyond_the_bound(int replicas)
    {
        var fleet = new Fleet(replicas);
        for (var i = 0; i < 40 * replicas; i++)
            fleet.Send(Prompt(1, 2, 3, 4) with { Session = 9, Spread = (uint)i });

        // At most 1.25 x mean on each is at least four fifths of them at work.
        fleet.Loads.Count(load => load == 0).ShouldBeLessThanOrEqualTo(replicas / 4);
    }

    [Fact]
    public void The_bound_holds_for_any_stream_of_requests()
    {
        var step = Gen.Select(Gen.Int[0, 2].Array[0, 6], Gen.ULong[0, 4], Gen.UInt, Gen.Int[0, 3]);
        Gen.Select(Gen.Int[1, 12], step.Array[1, 300], Gen.Float[1, 3], Gen.Int[1, 8]).Sample((replicas, steps, factor, slack) =>
        {
            var fleet = new Fleet(replicas, new LoadBound(factor, slack));
            foreach (var (path, session, spread, ending) in steps)
            {
                if (ending == 0)
                    fleet.FinishAny();
                fleet.Send(Prompt(path) with { Session = session, Spread = spread });
            }
        });
    }

    [Fact]
    public void The_order_of_replicas_does_not_matter()
    {
        Gen.Select(AnyReplica.Array[1, 12], AnyRequest, Gen.ULong, Gen.Shuffle(Enumerable.Range(0, 12).ToArray())).Sample((replicas, request, session, order) =>
        {
            // Names tell equal replicas apart; different loads keep ties from being broken by place.
            var named = replicas.Select((r, i) => r with { Name = $"r{i}", KvCacheUsage = (r.KvCacheUsage + i) / 13, ObservedAtMs = Now }).ToArray();
            var shuffled = order.Where(i => i < named.Length).Select(i => named[i]).ToArray();
            return Taken(named) == Taken(shuffled);

            string Taken(ReplicaState[] list)
            {
                var outlook = default(VariantOutlook);
                var variant = Variant("p", 1, list);
                var match = new CacheMatch(stackalloc uint[CacheMatch.Slots]);
                ReplicaPick.Pick(ref outlook, variant, PickRules.Default, request with { Session = session }, default, match, new int[list.Length]);
                return list[outlook.Replica].Name;
            }
        });
    }

    [Fact]
    public void Lying_figures_neither_attract_nor_break()
    {
        foreach (var usage in (double[])[double.NaN, double.NegativeInfinity, -5, 5, double.PositiveInfinity])
        {
            var route = Route(Variant("p", 1, Replica("liar") with { KvCacheUsage = usage, Running = int.MaxValue, Waiting = int.MaxValue }, Replica("honest", running: 3)));
            route.Choose(Ladder).Replica.ShouldBe(1);
        }
    }

    [Fact]
    public void A_choice_with_prefix_and_session_allocates_nothing()
    {
        var fleet = new Fleet(64);
        var request = Prompt([.. Enumerable.Range(0, 60)]) with { Session = 3 };
        fleet.Send(request);

        Allocations.Of(() =>
        {
            for (var i = 0; i < 1_000; i++)
                fleet.Choose(request);
        }).ShouldBe(0);
    }

    private static RequestFeatures Prompt(params int[] path) => Chat with { PromptBlocks = Chain(path), PromptTokens = Math.Max(path.Length * PromptHasher.BlockTokens, 1) };

    private static RequestFeatures Session(ulong session) => Chat with { PromptTokens = LongPrompt, Session = session };

    /// <summary>One variant of replicas that only this router uses. Every request is held to the bound.</summary>
    private sealed class Fleet
    {
        private readonly PickRules _rules;
        private readonly PrefixIndex _prefixes = new(16_384);
        private readonly List<ReplicaState> _replicas = [];
        private RouteSnapshot _route = null!;

        internal Fleet(int replicas, LoadBound? bound = null)
        {
            _rules = new PickRules { Prefixes = _prefixes, Bound = bound ?? LoadBound.Default };
            for (var i = 0; i < replicas; i++)
                _replicas.Add(Replica($"pod-{i}", observedAt: null) with { Cache = _prefixes.NewCache() });
            Publish();
        }

        internal IEnumerable<int> Loads => _replicas.Select(r => r.Load.InFlight);

        internal Choice Choose(RequestFeatures request) => Chooser.Choose(_route, Ladder, request, default);

        internal string Send(RequestFeatures request)
        {
            var choice = Choose(request);
            Chooser.Sent(_route, request, choice);
            var limit = (_rules.Bound.Factor * Loads.Average()) + _rules.Bound.Slack;
            _replicas[choice.Replica].Load.Enter();
            ((double)_replicas[choice.Replica].Load.InFlight).ShouldBeLessThanOrEqualTo(limit + 1e-3);
            return _replicas[choice.Replica].Name;
        }

        internal string Finish(string name)
        {
            LoadOf(name).Leave();
            return name;
        }

        internal void FinishAny()
        {
            var busiest = _replicas.MaxBy(r => r.Load.InFlight).Load;
            if (busiest.InFlight > 0)
                busiest.Leave();
        }

        internal ReplicaLoad LoadOf(string name) => _replicas.Single(r => r.Name == name).Load;

        internal void Remove(string name)
        {
            _replicas.RemoveAll(r => r.Name == name);
            Publish();
        }

        internal void Restart(string name)
        {
            var at = _replicas.FindIndex(r => r.Name == name);
            _replicas[at] = _replicas[at] with { Cache = _prefixes.NewCache() };
            Publish();
        }

        private void Publish() => _route = Route(_rules, Variant("p", 1, [.. _replicas]));
    }
}
