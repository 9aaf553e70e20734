using Ops.Storage.Cluster;
using Ops.Storage.Slots;

namespace Ops.Storage.Planning;

/// <summary>
/// One bounded change of a store. Each is safe to repeat, and a store that stopped after any of them is one that the
/// planner goes on from.
/// </summary>
public abstract record StoreStep
{
    private StoreStep()
    {
    }

    /// <summary>Gives a fresh node an epoch of its own, so that the first claims do not collide.</summary>
    /// <param name="Node">The node that is told.</param>
    /// <param name="Epoch">An epoch that no other member gets.</param>
    public sealed record SetEpoch(NodeView Node, long Epoch) : StoreStep
    {
        /// <inheritdoc/>
        public override string ToString() => $"give {Node.Member} epoch {Epoch}";
    }

    /// <summary>Introduces a node to another one, or tells it the new address of one that it knows.</summary>
    /// <param name="Node">The node that is told.</param>
    /// <param name="Other">Whom it meets.</param>
    public sealed record Meet(NodeView Node, NodeView Other) : StoreStep
    {
        /// <inheritdoc/>
        public override string ToString() => $"introduce {Other.Member} to {Node.Member}";
    }

    /// <summary>Gives slots that nobody has to a primary.</summary>
    /// <param name="Node">The primary.</param>
    /// <param name="Slots">Its slots.</param>
    public sealed record AddSlots(NodeView Node, SlotSet Slots) : StoreStep
    {
        /// <inheritdoc/>
        public override string ToString() => $"give {Node.Member} {Slots.Count} slots";
    }

    /// <summary>Makes a node without slots the replica of a primary.</summary>
    /// <param name="Node">The node that is told.</param>
    /// <param name="Primary">Whom it copies.</param>
    public sealed record Replicate(NodeView Node, NodeView Primary) : StoreStep
    {
        /// <inheritdoc/>
        public override string ToString() => $"let {Node.Member} copy {Primary.Member}";
    }

    /// <summary>
    /// Lets a replica of one shard copy the primary of another (the engine's replica migration, asked for). It has the keys of
    /// the shard before until its copy is done, and where it is lent it shall serve reads only: so until that is allowed again
    /// it is not elected, and refuses readers while its link is down. The node says so of itself (nofailover), so that it is
    /// known who is lent.
    /// </summary>
    /// <param name="Node">The replica.</param>
    /// <param name="Primary">Whom it copies.</param>
    public sealed record Migrate(NodeView Node, NodeView Primary) : StoreStep
    {
        /// <inheritdoc/>
        public override string ToString() => $"let {Node.Member} change to {Primary.Member}";
    }

    /// <summary>Lets a replica that changed its shard, and follows the primary of its own, be elected and serve as before.</summary>
    /// <param name="Node">The replica.</param>
    public sealed record AllowFailover(NodeView Node) : StoreStep
    {
        /// <inheritdoc/>
        public override string ToString() => $"let {Node.Member} be elected again";
    }

    /// <summary>Makes a replica the primary of its shard although its primary does not answer.</summary>
    /// <param name="Node">The replica.</param>
    /// <param name="Takeover">Without asking the other primaries: only where a person approved it.</param>
    public sealed record Promote(NodeView Node, bool Takeover) : StoreStep
    {
        /// <inheritdoc/>
        public override string ToString() => $"promote {Node.Member}{(Takeover ? " without a majority" : "")}";
    }

    /// <summary>
    /// Makes a replica the primary of its shard while its primary answers: the primary stops taking writes, the replica
    /// catches up, and then they change places, so that no acknowledged write is lost.
    /// </summary>
    /// <param name="Node">The replica.</param>
    /// <param name="From">Its primary.</param>
    public sealed record HandOver(NodeView Node, NodeView From) : StoreStep
    {
        /// <inheritdoc/>
        public override string ToString() => $"hand over from {From.Member} to {Node.Member}";
    }

    /// <summary>Lets a member start anew as its present template says, with its volume. Not a command of the engine.</summary>
    /// <param name="Member">The member.</param>
    /// <param name="Hangs">Whether it hangs, so that it is not given the time to end in order.</param>
    public sealed record Restart(string Member, bool Hangs = false) : StoreStep
    {
        /// <inheritdoc/>
        public override string ToString() => $"restart {Member}";
    }

    /// <summary>Lets a node forget a node that is gone for good.</summary>
    /// <param name="Node">The node that is told.</param>
    /// <param name="Id">Whom it forgets.</param>
    public sealed record Forget(NodeView Node, string Id) : StoreStep
    {
        /// <inheritdoc/>
        public override string ToString() => $"let {Node.Member} forget {Id}";
    }

    /// <summary>Moves one slot with its keys, or finishes a move that was broken off.</summary>
    /// <param name="Slot">The slot.</param>
    /// <param name="From">Who has it.</param>
    /// <param name="To">Who shall have it.</param>
    public sealed record MoveSlot(int Slot, NodeView From, NodeView To) : StoreStep
    {
        /// <inheritdoc/>
        public override string ToString() => $"move slot {Slot} from {From.Member} to {To.Member}";
    }

    /// <summary>Takes back the mark of a move whose other side is gone; the keys stay where they are.</summary>
    /// <param name="Node">The node with the mark.</param>
    /// <param name="Slot">The slot.</param>
    public sealed record Stabilise(NodeView Node, int Slot) : StoreStep
    {
        /// <inheritdoc/>
        public override string ToString() => $"take back the move of slot {Slot} at {Node.Member}";
    }
}
