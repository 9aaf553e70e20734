namespace Ops.Picking;

/// <summary>One tenant's waiting requests of one priority, and its virtual token counter. Used under the gate's lock.</summary>
internal sealed class TenantQueue(TenantShare tenant)
{
    private readonly SortedSet<WaitingRequest> _waiting = new(WaitingOrder.Instance);

    internal TenantShare Tenant { get; } = tenant;

    /// <summary>Weighted tokens served by weight since the priority last had nobody waiting.</summary>
    internal double Counter { get; private set; }

    internal int Count => _waiting.Count;

    internal WaitingRequest First => _waiting.Min!;

    internal WaitingRequest Last => _waiting.Max!;

    /// <summary>Waiting requests by weight: who takes up more of the queue than is due to them.</summary>
    internal double Burden => Count / Tenant.Weight;

    internal IEnumerable<WaitingRequest> All => _waiting;

    internal void Add(WaitingRequest request) => _waiting.Add(request);

    internal bool Remove(WaitingRequest request) => _waiting.Remove(request);

    /// <summary>A tenant that comes back gets no credit for the time that it asked for nothing.</summary>
    internal void LiftTo(double floor) => Counter = Math.Max(Counter, floor);

    internal void Charge(double cost) => Counter += cost / Tenant.Weight;
}
