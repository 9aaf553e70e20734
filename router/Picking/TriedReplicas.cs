using System.Runtime.CompilerServices;

namespace Ops.Picking;

/// <summary>The replicas that this request has already been sent to. They are taken again only when no other is left.</summary>
public struct TriedReplicas
{
    /// <summary>A route allows at most 5 attempts, so at most 5 replicas are remembered.</summary>
    public const int Capacity = 5;

    private Slots _slots;

    /// <summary>How many are remembered.</summary>
    public int Count { get; private set; }

    /// <summary>Remembers a replica; beyond the capacity the oldest is forgotten.</summary>
    public void Add(ReplicaLoad replica)
    {
        _slots[Count % Capacity] = replica;
        Count++;
    }

    /// <summary>Whether the replica was tried. The load cell is a replica's identity across snapshots.</summary>
    public readonly bool Contains(ReplicaLoad replica)
    {
        var used = Math.Min(Count, Capacity);
        for (var i = 0; i < used; i++)
        {
            if (ReferenceEquals(_slots[i], replica))
                return true;
        }

        return false;
    }

    [InlineArray(Capacity)]
    private struct Slots
    {
        private ReplicaLoad? _first;
    }
}
