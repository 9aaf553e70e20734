using System.Collections.Immutable;
using Ops.Storage.Cluster;
using Ops.Storage.Planning;
using Ops.Storage.Slots;

namespace Ops.Storage.Tests;

/// <summary>
/// A model of Redis Cluster for property tests: what its commands refuse and change, gossip, failure by majority, and
/// election where the engine has one. The real engine is put to the same planner in tests/Scenario/Store.
/// </summary>
internal sealed class ModelCluster(bool elects)
{
    private readonly List<ModelNode> _nodes = [];
    private int _ids;

    internal IReadOnlyList<ModelNode> Nodes => _nodes;

    internal ModelNode Start(string member)
    {
        _nodes.RemoveAll(node => node.Member == member);
        var node = new ModelNode(member, $"id-{++_ids:000}", new StoreAddress($"127.0.0.{_ids}", 6379));
        _nodes.Add(node);
        return node;
    }

    internal ModelNode Node(string member) => _nodes.Single(node => node.Member == member);

    internal ModelNode? Find(string id) => _nodes.FirstOrDefault(node => node.Id == id);

    internal void Stop(string member) => _nodes.RemoveAll(node => node.Member == member);

    internal void MoveAddress(ModelNode node) => node.Address = new StoreAddress($"127.0.1.{++_ids}", 6379);

    internal bool IsReachable(PeerView peer) => Find(peer.Id) is { Alive: true } node && node.Address == peer.Address;

    // Failed once the primaries that answer are a majority of those with slots; alone nobody can agree with anybody. An engine
    // that elects nobody calls nobody failed.
    internal bool HasFailed(PeerView peer)
    {
        var owners = _nodes.Where(node => !node.Slots.IsEmpty).ToList();
        return elects && Find(peer.Id) is not { Alive: true } && owners.Count(node => node.Alive) * 2 > owners.Count;
    }

    // What a node finds by itself; here too an engine that elects nobody says nothing.
    internal bool IsUnheard(PeerView peer) => elects && Find(peer.Id) is not { Alive: true };

    internal StoreView View() => new()
    {
        Mute = _nodes.Where(node => node.Hangs).ToImmutableDictionary(node => node.Member, _ => TimeSpan.FromMinutes(1)),
        Nodes = _nodes.Where(node => node.Alive).ToImmutableSortedDictionary(node => node.Member, node => node.Seen(this)),
        Silent = _nodes.Where(node => !node.Alive).ToImmutableDictionary(node => node.Member, _ => TimeSpan.FromMinutes(1)),
    };

    /// <summary>Who knows somebody hears of everybody that one knows; of two claims the higher epoch stays; the engine elects.</summary>
    internal void Gossip()
    {
        foreach (var node in _nodes.Where(node => node.Alive))
        {
            foreach (var peer in node.Known.Values.Where(IsReachable).ToList())
            {
                var other = Find(peer.Id)!;
                other.Known[node.Id] = node.Described;
                foreach (var third in other.Known.Values.Where(known => known.Id != node.Id && IsReachable(known) && !node.Known.ContainsKey(known.Id)).ToList())
                    node.Known[third.Id] = third;
                node.Known[other.Id] = other.Described;
            }
        }

        if (elects)
            Elect();
        SettleClaims();
        foreach (var node in _nodes.Where(node => node is { Alive: true, CopyingRounds: > 0 } && Find(node.PrimaryId ?? "") is { Alive: true }))
            node.Synced = --node.CopyingRounds == 0;
    }

    /// <summary>Does what the engine would do, or refuses in its way.</summary>
    /// <param name="step">The step.</param>
    /// <param name="stopAfter">Commands of a move after which the mover dies; large for none.</param>
    internal void Execute(StoreStep step, int stopAfter = int.MaxValue)
    {
        switch (step)
        {
            case StoreStep.SetEpoch set:
                var fresh = Live(set.Node);
                Refuse(fresh.Known.Count > 0 || fresh.Epoch > 0, "the user can assign a config epoch only when the node does not know any other node");
                fresh.Epoch = set.Epoch;
                break;
            case StoreStep.Meet meet:
                var (here, there) = (Live(meet.Node), Live(meet.Other));
                here.Known[there.Id] = there.Described;
                there.Known[here.Id] = here.Described;
                break;
            case StoreStep.AddSlots add:
                var taken = _nodes.Aggregate(SlotSet.Empty, (slots, node) => slots.Union(node.Slots));
                Refuse(!add.Slots.Intersect(taken).IsEmpty, "Slot is already busy");
                var owner = Live(add.Node);
                Refuse(owner.PrimaryId is not null, "a replica gets no slots");
                owner.Slots = owner.Slots.Union(add.Slots);
                break;
            case StoreStep.Replicate replicate:
                Replicate(Live(replicate.Node), replicate.Primary);
                break;
            case StoreStep.Migrate migrate:
                Live(migrate.Node).NoFailover = true;
                if (stopAfter >= 1)
                    Replicate(Live(migrate.Node), migrate.Primary);
                break;
            case StoreStep.AllowFailover allow:
                Live(allow.Node).NoFailover = false;
                break;
            case StoreStep.Promote promote:
                Promote(Live(promote.Node));
                break;
            case StoreStep.HandOver over:
                var (successor, primary) = (Live(over.Node), Live(over.From));
                Refuse(successor.PrimaryId != primary.Id || !successor.Synced, "Master is down or failed, please use CLUSTER FAILOVER FORCE");
                Promote(successor);
                (primary.Slots, primary.PrimaryId, primary.Keys) = (SlotSet.Empty, successor.Id, successor.Keys);
                break;
            case StoreStep.Restart:
                throw new NotSupportedException("a restart is not the engine's, see ModelStore");
            case StoreStep.Forget forget:
                Live(forget.Node).Known.Remove(forget.Id);
                break;
            case StoreStep.Stabilise stabilise:
                Live(stabilise.Node).Migrating.Remove(stabilise.Slot);
                Live(stabilise.Node).Importing.Remove(stabilise.Slot);
                break;
            case StoreStep.MoveSlot move:
                Move(move, stopAfter);
                break;
        }
    }

    private static void Refuse(bool refused, string words)
    {
        if (refused)
            throw new InvalidOperationException(words);
    }

    private ModelNode Live(NodeView node) => Find(node.Id) is { Alive: true } live ? live : throw new InvalidOperationException($"{node.Member} does not answer");

    // Who copied somebody else before has that one's keys until its copy is done.
    private void Replicate(ModelNode replica, NodeView primary)
    {
        Refuse(!replica.Known.ContainsKey(primary.Id), "Unknown node");
        Refuse(!replica.Slots.IsEmpty || (replica.PrimaryId is null && replica.Keys > 0), "To set a master the node must be empty and without assigned slots");
        if (replica.PrimaryId is not null && replica.PrimaryId != primary.Id)
            (replica.Synced, replica.CopyingRounds) = (false, 3);
        replica.Astray = false;
        (replica.PrimaryId, replica.Keys) = (primary.Id, Live(primary).Keys);
    }

    private void Move(StoreStep.MoveSlot move, int stopAfter)
    {
        var (from, to) = (Live(move.From), Live(move.To));
        if (!to.Slots.Contains(move.Slot))
            to.Importing[move.Slot] = from.Id;
        if (stopAfter < 1)
            return;
        if (from.Slots.Contains(move.Slot))
            from.Migrating[move.Slot] = to.Id;
        if (stopAfter < 2)
            return;
        if (!to.Slots.Contains(move.Slot))
        {
            to.Slots = to.Slots.Union(SlotSet.Range(move.Slot, move.Slot));
            to.Epoch = _nodes.Max(node => node.Epoch) + 1;
        }

        to.Importing.Remove(move.Slot);
        if (stopAfter < 3)
            return;
        from.Slots = from.Slots.Except(SlotSet.Range(move.Slot, move.Slot));
        from.Migrating.Remove(move.Slot);
    }

    private void Promote(ModelNode replica)
    {
        Refuse(replica.PrimaryId is null, "You should send CLUSTER FAILOVER to a replica");
        var old = replica.PrimaryId!;
        replica.Slots = Find(old)?.Slots ?? replica.Known[old].Slots;
        replica.PrimaryId = null;
        replica.Epoch = _nodes.Max(node => node.Epoch) + 1;
        foreach (var sibling in _nodes.Where(node => node.Alive && node.PrimaryId == old))
            sibling.PrimaryId = replica.Id;
    }

    private void Elect()
    {
        foreach (var failed in _nodes.Where(node => !node.Alive && !node.Slots.IsEmpty && HasFailed(node.Described)).ToList())
        {
            if (_nodes.Where(node => node.Alive && !node.NoFailover && node.PrimaryId == failed.Id).MaxBy(node => node.Offset) is { } replica && failed.Slots.Intersect(LiveSlots()).IsEmpty)
                Promote(replica);
        }

        SlotSet LiveSlots() => _nodes.Where(node => node.Alive).Aggregate(SlotSet.Empty, (slots, node) => slots.Union(node.Slots));
    }

    // A primary that hears of a higher epoch for its slots gives them up; without slots and keys of its own it follows.
    private void SettleClaims()
    {
        foreach (var node in _nodes.Where(node => node.Alive && !node.Slots.IsEmpty))
        {
            foreach (var other in _nodes.Where(other => other.Alive && other != node && other.Epoch > node.Epoch && other.Known.ContainsKey(node.Id)))
            {
                var lost = node.Slots.Intersect(other.Slots);
                if (lost.IsEmpty)
                    continue;
                node.Slots = node.Slots.Except(lost);
                if (node.Slots.IsEmpty)
                    (node.PrimaryId, node.Keys) = (other.Id, other.Keys);
            }
        }
    }
}
