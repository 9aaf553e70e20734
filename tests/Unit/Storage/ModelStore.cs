using System.Collections.Immutable;
using Ops.Storage.Cluster;
using Ops.Storage.Load;
using Ops.Storage.Planning;
using Ops.Storage.Slots;

namespace Ops.Storage.Tests;

/// <summary>A modelled store under the planner, with the little that an operator remembers between two plans.</summary>
internal sealed class ModelStore
{
    private readonly int _replicas;
    private readonly Dictionary<string, int> _away = [];
    private int _shards;
    private ImmutableArray<double> _load = [];
    private ImmutableArray<KeyLoad> _keys = [];

    internal ModelStore(int shards, int replicas, bool elects)
    {
        _replicas = replicas;
        _shards = shards;
        Cluster = new ModelCluster(elects);
        // A plan of 16 steps would only make the same tests slower.
        Goal = new StoreGoal { Shards = [], EngineElects = elects, MaxSteps = 2_048 };
        Scale(shards);
    }

    internal ModelCluster Cluster { get; }

    internal StoreGoal Goal { get; private set; }

    internal StorePlan Last { get; private set; } = new(StorePhase.Waiting, "", []);

    /// <summary>What the nodes make of the truth when they are asked; the truth by default.</summary>
    internal Func<StoreView, StoreView> Told { get; set; } = truth => truth;

    /// <summary>Says how much each slot is used from now on.</summary>
    internal void Load(double[] load, bool filled, params KeyLoad[] keys)
    {
        Goal = Goal with { Filled = filled };
        (_load, _keys) = ([.. load], [.. keys]);
    }

    /// <summary>Lets shards lend replicas, and keep so many, from now on; null for not.</summary>
    internal void Lending(int? barrier) => Goal = Goal with { MigrationBarrier = barrier };

    internal void Scale(int shards)
    {
        var before = Goal.Shards.Length;
        var kept = Math.Max(shards, before);
        _shards = shards;
        Goal = Goal with { Shards = [.. Enumerable.Range(0, kept).Select(shard => new ShardGoal($"s{shard}", [.. Enumerable.Range(0, _replicas + 1).Select(ordinal => $"s{shard}-{ordinal}")], Leaving: shard >= shards))] };
        foreach (var member in Goal.Shards.Skip(before).SelectMany(shard => shard.Members))
            Cluster.Start(member);
    }

    /// <summary>The template of every member changes.</summary>
    /// <param name="down">Members whose process is known not to run.</param>
    internal void Upgrade(params string[] down) => Goal = Goal with { Outdated = [.. Goal.Members], Down = [.. down] };

    /// <summary>A member that was restarted does not come back.</summary>
    internal void Forget(string member) => _away.Remove(member);

    /// <summary>What a member is that a plan restarts, at that moment.</summary>
    internal Action<ModelNode> Restarting { get; set; } = _ => { };

    /// <summary>Observes, plans, and executes at most so many steps; then the nodes gossip.</summary>
    /// <param name="steps">Steps before the operator dies.</param>
    /// <param name="stopAfter">Commands of the last step before it dies.</param>
    internal void Reconcile(int steps = int.MaxValue, int stopAfter = int.MaxValue)
    {
        ComeBack();
        Goal = Goal with { Ages = Goal.Members.Where(member => !_away.ContainsKey(member)).ToImmutableDictionary(member => member, _ => TimeSpan.FromHours(1)) };
        var view = Told(Cluster.View()) with { SlotLoad = _load, HottestKeys = _keys };
        var memory = new StoreMemory(Goal.Formed, Goal.Identities, Goal.Copies).Seen(view);
        Goal = Goal with { Formed = memory.Formed };
        Last = StorePlanner.Next(view, Goal);
        // As an operator does: what must be remembered is written down before the first step.
        memory = memory.Adopted(view, Last, Goal);
        Goal = Goal with { Identities = memory.Identities, Copies = memory.Copies };
        var before = Covered();
        foreach (var (step, index) in Last.Steps.Take(steps).Select((step, index) => (step, index)))
        {
            try
            {
                if (step is StoreStep.Restart restart)
                    Restart(Cluster.Node(restart.Member));
                else
                    Cluster.Execute(step, index == steps - 1 ? stopAfter : int.MaxValue);
            }
            catch (InvalidOperationException)
            {
                break;
            }

            before.Except(Covered()).IsEmpty.ShouldBeTrue($"{step} left slots without an owner");
        }

        Cluster.Gossip();
    }

    // Down for one observation, then back at a new address, and in step after one more.
    private void Restart(ModelNode node)
    {
        Restarting(node);
        (node.Alive, node.Synced, node.Hangs) = (false, false, false);
        Goal = Goal with { Outdated = Goal.Outdated.Remove(node.Member), Down = Goal.Down.Remove(node.Member) };
        _away[node.Member] = 2;
    }

    private void ComeBack()
    {
        foreach (var (member, rounds) in _away.ToList())
        {
            var node = Cluster.Node(member);
            if (node.Alive)
            {
                node.Synced = true;
                _away.Remove(member);
            }
            else if ((_away[member] = rounds - 1) == 0)
            {
                Cluster.MoveAddress(node);
                node.Alive = true;
            }
        }
    }

    /// <summary>Reconciles until there is nothing to do.</summary>
    internal void Settle()
    {
        // A move of all slots takes 8 plans; there are never more than a few of anything else.
        for (var round = 0; round < 200; round++)
        {
            Reconcile();
            if (Last.Phase is StorePhase.Steady or StorePhase.Blocked)
                return;
        }

        throw new InvalidOperationException($"no rest after 200 rounds: {Last.Phase}, {Last.Reason}, {string.Join("; ", Last.Steps)}\n{string.Join('\n', Cluster.Nodes.Select(node => $"{node.Member} {node.Id} alive={node.Alive} copies={node.PrimaryId} slots={node.Slots} epoch={node.Epoch} keys={node.Keys}"))}");
    }

    internal void ExpectWhole()
    {
        Last.Phase.ShouldBe(StorePhase.Steady, Last.Reason);
        var claimed = SlotSet.Empty;
        foreach (var node in Cluster.Nodes.Where(node => node.Alive))
        {
            claimed.Intersect(node.Slots).IsEmpty.ShouldBeTrue($"two primaries have slots of {node.Member}");
            claimed = claimed.Union(node.Slots);
            node.Migrating.ShouldBeEmpty();
            node.Importing.ShouldBeEmpty();
        }

        claimed.ShouldBe(SlotSet.All);
        foreach (var shard in Goal.Shards)
        {
            var nodes = shard.Members.Select(Cluster.Node).ToList();
            var primary = nodes.Single(node => node.PrimaryId is null);
            nodes.Where(node => node != primary).ShouldAllBe(node => node.PrimaryId == primary.Id);
        }
    }

    /// <summary>Takes the members of drained shards away, as the operator does when a leaving shard holds nothing.</summary>
    internal void DropDrained()
    {
        foreach (var shard in Goal.Shards.Where(shard => shard.Leaving && shard.Members.All(member => Cluster.Node(member).Slots.IsEmpty)).ToList())
        {
            Goal = Goal with { Shards = Goal.Shards.Remove(shard), Identities = Goal.Identities.RemoveRange(shard.Members) };
            foreach (var member in shard.Members)
                Cluster.Stop(member);
        }
    }

    private SlotSet Covered() => Cluster.Nodes.Aggregate(SlotSet.Empty, (slots, node) => slots.Union(node.Slots));
}
