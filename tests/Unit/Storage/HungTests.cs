using System.Collections.Immutable;
using CsCheck;
using Ops.Storage.Cluster;
using Ops.Storage.Planning;

namespace Ops.Storage.Tests;

/// <summary>Members that hang start anew, one at a time, and nobody does where it is the operator that is cut off.</summary>
public sealed class HungTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Whoever_hangs_starts_anew_one_at_a_time_and_the_store_becomes_whole(bool engineElects) =>
        Gen.Select(Gen.Int[3, 5], Gen.Int[0, 2], Gen.Int[0, 99].Array[4], Gen.Int[0, 1].Array[30]).Sample(
            (shards, replicas, picks, steps) =>
            {
                var store = Formed(shards, replicas, engineElects);
                var members = store.Goal.Members.ToList();
                // Few enough that most of the others answer.
                var hung = picks.Take((members.Count - 1) / 2).Select(pick => members[pick % members.Count]).Distinct().ToList();
                foreach (var member in hung)
                    Hang(store, member);
                var restarted = new List<string>();
                store.Restarting = node =>
                {
                    node.Hangs.ShouldBeTrue($"{node.Member} does not hang");
                    store.Cluster.Nodes.ShouldAllBe(other => other.Alive || other.Hangs, "another member is not back yet");
                    restarted.Add(node.Member);
                };
                // The operator dies before a plan's step or after it.
                foreach (var some in steps)
                {
                    store.Reconcile(some);
                    store.Last.Steps.OfType<StoreStep.Restart>().Count().ShouldBeLessThanOrEqualTo(1);
                }

                for (var round = 0; round < 50 && store.Cluster.Nodes.Any(node => !node.Alive); round++)
                    store.Reconcile();
                store.Settle();

                restarted.Order().ShouldBe(hung.Order());
                store.ExpectWhole();
            },
            iter: 60);

    [Fact]
    public void The_one_whose_slots_nobody_serves_comes_first()
    {
        var store = Formed(3, 1, engineElects: true);
        Hang(store, "s0-1");
        Hang(store, "s1-1");
        Hang(store, "s2-0");

        store.Reconcile();

        store.Last.Phase.ShouldBe(StorePhase.Restarting);
        store.Last.Reason.ShouldBe("s2-0 hangs: it has answered nobody for 60 s, so it starts anew with its volume");
        store.Last.Steps.ShouldHaveSingleItem().ShouldBe(new StoreStep.Restart("s2-0", Hangs: true));
    }

    [Fact]
    public void A_member_that_hangs_again_starts_anew_again()
    {
        var store = Formed(3, 1, engineElects: false);
        var restarts = 0;
        store.Restarting = _ => restarts++;
        for (var time = 1; time <= 3; time++)
        {
            Hang(store, "s1-1");
            for (var round = 0; round < 10; round++)
                store.Reconcile();
            restarts.ShouldBe(time);
        }

        store.Settle();
        store.ExpectWhole();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_operator_that_is_cut_off_restarts_nobody(bool engineElects) =>
        Gen.Select(Gen.Int[3, 5], Gen.Int[0, 2], Gen.Int[0, 99].Array[15]).Sample(
            (shards, replicas, picks) =>
            {
                var store = Formed(shards, replicas, engineElects);
                var members = store.Goal.Members.ToList();
                // Where the nodes tell who has failed, any number of them; else at least half of the others of each.
                var cut = picks.Take(members.Count).Select(pick => members[pick % members.Count]).Distinct().ToList();
                if (!engineElects)
                    cut = [.. cut.Union(members).Take((members.Count / 2) + 1)];
                store.Told = truth => CutOff(truth, cut);

                for (var round = 0; round < 5; round++)
                {
                    store.Reconcile();
                    store.Last.Steps.OfType<StoreStep.Restart>().ShouldBeEmpty();
                }
            },
            iter: 60);

    [Fact]
    public void One_that_a_single_other_still_hears_is_left_alone()
    {
        var store = Formed(3, 1, engineElects: true);
        Hang(store, "s1-0");
        var id = store.Cluster.Node("s1-0").Id;
        store.Told = truth => truth with
        {
            Nodes = truth.Nodes.SetItem("s2-1", truth.Nodes["s2-1"] with { Peers = [.. truth.Nodes["s2-1"].Peers.Select(peer => peer.Id == id ? peer with { Connected = true, Failed = false, Unheard = false } : peer)] }),
        };

        store.Reconcile();
        store.Last.Steps.OfType<StoreStep.Restart>().ShouldBeEmpty();
        store.Told = truth => truth;
        store.Reconcile();
        store.Last.Steps.ShouldHaveSingleItem().ShouldBe(new StoreStep.Restart("s1-0", Hangs: true));
    }

    [Theory]
    [InlineData(60, 60, false, false, true)]
    [InlineData(59, 60, false, false, false)] // may still answer
    [InlineData(60, 59, false, false, false)] // its process is young: the silence was another's
    [InlineData(60, null, false, false, false)] // its pod ends, or is not there
    [InlineData(60, 60, true, false, false)] // its kubelet starts it
    [InlineData(null, 60, false, false, false)] // it answers with an error
    [InlineData(60, 60, false, true, false)] // another is on its way back
    public void It_takes_a_long_silence_of_a_process_that_runs_while_all_others_are_there(int? muteFor, int? ageOf, bool down, bool otherAway, bool restarts)
    {
        var store = Formed(3, 1, engineElects: true);
        store.Cluster.Node("s0-1").Alive = false;
        store.Cluster.Node("s2-1").Alive = !otherAway;
        var ages = store.Goal.Members.Where(member => member != "s2-1" || !otherAway).ToImmutableDictionary(member => member, _ => Minute).Remove("s0-1");
        var goal = store.Goal with
        {
            Ages = ageOf is { } age ? ages.Add("s0-1", TimeSpan.FromSeconds(age)) : ages,
            Down = down ? ["s0-1"] : [],
        };
        var view = store.Cluster.View();
        if (muteFor is { } mute)
            view = view with { Mute = view.Mute.Add("s0-1", TimeSpan.FromSeconds(mute)) };

        StorePlanner.Next(view, goal).Steps.OfType<StoreStep.Restart>().Any().ShouldBe(restarts);
    }

    [Fact]
    public void A_replica_that_looks_for_its_primary_where_that_is_no_more_is_told_once_more()
    {
        var store = Formed(3, 1, engineElects: true);
        store.Cluster.Node("s1-1").Astray = true;

        store.Reconcile();

        var told = store.Last.Steps.ShouldHaveSingleItem().ShouldBeOfType<StoreStep.Replicate>();
        (told.Node.Member, told.Primary.Member).ShouldBe(("s1-1", "s1-0"));
        store.Settle();
        store.ExpectWhole();
        store.Cluster.Nodes.ShouldAllBe(node => !node.Astray);
    }

    private static void Hang(ModelStore store, string member)
    {
        var node = store.Cluster.Node(member);
        (node.Alive, node.Hangs) = (false, true);
    }

    private static StoreView CutOff(StoreView truth, IReadOnlyList<string> members) => truth with
    {
        Nodes = truth.Nodes.RemoveRange(members),
        Silent = truth.Silent.SetItems(members.Select(member => KeyValuePair.Create(member, Minute))),
        Mute = truth.Mute.SetItems(members.Select(member => KeyValuePair.Create(member, Minute))),
    };

    private static ModelStore Formed(int shards, int replicas, bool engineElects)
    {
        var store = new ModelStore(shards, replicas, engineElects);
        store.Settle();
        store.Goal.Formed.ShouldBeTrue();
        return store;
    }
}
