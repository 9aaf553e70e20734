namespace Ops.Picking;

/// <summary>
/// The gate in front of a route's replicas: a request passes while they have room and waits here otherwise, because a
/// queue in one place can be ordered, and a queue inside each replica cannot. Thread-safe. Time is the caller's.
/// </summary>
/// <remarks>
/// Room is a number of requests at once: what this router has at the replicas, plus the room they have beyond it by their
/// last metrics (<see cref="RouteRoom"/>). Several routers see the same room and correct themselves with the next reading.
/// While more than one tenant is about, a tenant that holds at least its part of the room may not take the last tenth of
/// it. That tenth is kept free for those who hold less than their part, so that they need not wait for somebody
/// else's request to end; without it even the fairest order makes them wait for the next free place.
/// With room and nobody waiting a request costs three atomic operations and no lock.
/// </remarks>
public sealed class RouteGate
{
    // Below eight places a tenth is none: one of few would cost the others too much.
    private const int ReserveFrom = 8;
    private const double ReserveShare = 0.1;

    private readonly Lock _lock = new();
    private readonly FairQueue _queue = new();
    private readonly RouteRoom _replicas = new();
    private readonly Tenants _tenants = new();
    private readonly DrainRate _drain = new();
    private readonly Func<TenantShare, bool> _mayStart;
    private volatile GateSettings _settings;
    private int _inFlight;
    private int _room = int.MaxValue;
    private int _waiting;
    private uint _sheddable;

    /// <summary>Creates a gate that stands open until <see cref="Observe"/> is called.</summary>
    public RouteGate(GateSettings settings)
    {
        _settings = settings;
        _mayStart = MayStart;
    }

    /// <summary>How requests wait; may be replaced at any time.</summary>
    public GateSettings Settings
    {
        get => _settings;
        set => _settings = value;
    }

    /// <summary>Requests that passed and have not ended.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Requests that wait.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Requests that the replicas can work on at once; <see cref="int.MaxValue"/> when there are none to judge by.</summary>
    public int Room => Volatile.Read(ref _room);

    /// <summary>What is taken and asked for, by the room; above 1 when requests wait.</summary>
    public double Saturation => ((double)InFlight + Waiting) / Room;

    /// <summary>The account of a tenant.</summary>
    /// <param name="id">The tenant.</param>
    /// <param name="weight">Its part relative to others', above 0.</param>
    /// <param name="nowMs">Now, in milliseconds.</param>
    public TenantShare TenantOf(string id, double weight, long nowMs) => _tenants.Of(id, weight, nowMs);

    /// <summary>Passes a request when there is room and nobody waits. Pair with <see cref="Leave"/>.</summary>
    public bool TryEnter(TenantShare tenant)
    {
        ArgumentNullException.ThrowIfNull(tenant);
        // Without a queue in front, every request joins those inside the replicas.
        if (_settings.MaxQueued == 0)
            return TryTake(tenant, int.MaxValue);
        return Waiting == 0 && TryTake(tenant, Ceiling(tenant));
    }

    /// <summary>Whether a request of this priority is turned away now, to make room before the fleet is full.</summary>
    public Refusal Shed(PriorityLevel priority)
    {
        ArgumentNullException.ThrowIfNull(priority);
        return priority.Sheddable && Shedding.Sheds(Saturation, Interlocked.Increment(ref _sheddable)) ? new Refusal(RefusalReason.Shed, 1) : default;
    }

    /// <summary>Lets a request wait; it is told by <see cref="WaitingRequest.End"/>, which may happen before this returns.</summary>
    /// <returns>Why it may not wait; then it is told nothing.</returns>
    public Refusal Wait(WaitingRequest request, long nowMs)
    {
        ArgumentNullException.ThrowIfNull(request);
        lock (_lock)
        {
            var settings = _settings;
            if (settings.EarlyRejection && Late(request, nowMs) is var late and > 0)
                return new Refusal(RefusalReason.TooLate, Retry(late));
            while (_queue.Count >= settings.MaxQueued || _queue.Bytes + request.Bytes > settings.MaxQueuedBytes)
            {
                if (_queue.VictimFor(request) is not { } victim)
                    return new Refusal(RefusalReason.QueueFull, Retry(SecondsToTurn(request)));
                Take(victim);
                victim.End(WaitEnd.Displaced);
            }

            _queue.Add(request, settings.AgingMs);
            // A full fence: a request that ends now either sees this one waiting, or its place is seen as free below.
            Interlocked.Increment(ref _waiting);
            Start();
            return default;
        }
    }

    /// <summary>Takes a waiting request out whose client is gone.</summary>
    /// <returns>False when it had been told the end before: then a started one has to leave.</returns>
    public bool Withdraw(WaitingRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        lock (_lock)
            return Take(request);
    }

    /// <summary>A request that passed has ended, well or not.</summary>
    /// <param name="tenant">Whose it was.</param>
    /// <param name="started">The waiting request that it was, if it waited.</param>
    /// <param name="cost">The <see cref="ServiceCost"/> that it really had.</param>
    public void Leave(TenantShare tenant, WaitingRequest? started, double cost)
    {
        ArgumentNullException.ThrowIfNull(tenant);
        tenant.Leave();
        Interlocked.Decrement(ref _inFlight);
        _drain.Ended();
        if (Waiting == 0)
            return;
        lock (_lock)
        {
            started?.Queue?.Charge(cost - started.Cost);
            Start();
        }
    }

    /// <summary>Takes the newest observations of the replicas in.</summary>
    public void Observe(RouteSnapshot snapshot, IPolicy policy, long nowMs)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        ArgumentNullException.ThrowIfNull(policy);
        lock (_lock)
        {
            // One request is always let through: what blocks for ever would never be observed to have room again.
            // Without replicas the gate opens, and the choice says what is wrong.
            var room = _replicas.Beyond(snapshot, policy, nowMs) is { } beyond ? Math.Max(1, (long)InFlight + beyond) : int.MaxValue;
            Volatile.Write(ref _room, (int)Math.Min(int.MaxValue, room));
            _tenants.Count(nowMs);
            _queue.Prune();
            Tend(nowMs);
        }
    }

    /// <summary>Sends away who can no longer be served in time, and starts who can. To be called some times a second.</summary>
    public void Tick(long nowMs)
    {
        lock (_lock)
            Tend(nowMs);
    }

    /// <summary>Seconds after which another request of the tenant could be served before it gives up; 1 to 60.</summary>
    public int RetryAfter(WaitingRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        lock (_lock)
            return Retry(SecondsToTurn(request) - ((request.GivesUpAtMs - request.ArrivedAtMs) / 1000.0));
    }

    private void Tend(long nowMs)
    {
        _drain.Count(nowMs, full: _queue.Count > 0);
        if (_queue.Count == 0)
            return;
        foreach (var late in _queue.All.Where(r => r.GivesUpAtMs <= nowMs).ToList())
        {
            Take(late);
            late.End(WaitEnd.Expired);
        }

        Start();
    }

    private void Start()
    {
        while (_queue.Next(_mayStart) is { } next && TryTake(next.Tenant, Ceiling(next.Tenant)))
        {
            _queue.Start(next);
            Interlocked.Decrement(ref _waiting);
            next.End(WaitEnd.Started);
        }
    }

    private bool Take(WaitingRequest request)
    {
        if (!_queue.Remove(request))
            return false;
        Interlocked.Decrement(ref _waiting);
        return true;
    }

    private bool TryTake(TenantShare tenant, int ceiling)
    {
        var taken = InFlight;
        while (taken < ceiling)
        {
            var before = Interlocked.CompareExchange(ref _inFlight, taken + 1, taken);
            if (before == taken)
            {
                tenant.Enter();
                return true;
            }

            taken = before;
        }

        return false;
    }

    private bool MayStart(TenantShare tenant) => InFlight < Ceiling(tenant);

    private int Ceiling(TenantShare tenant)
    {
        var room = Room;
        if (room < ReserveFrom || !_tenants.AreMany || tenant.InFlight < _tenants.Part(tenant, room))
            return room;
        return room - (int)Math.Ceiling(room * ReserveShare);
    }

    // Seconds by which the request's turn would come too late; 0 or less when in time or when nothing is known.
    private double Late(WaitingRequest request, long nowMs) => SecondsToTurn(request) - ((request.GivesUpAtMs - nowMs) / 1000.0);

    private double SecondsToTurn(WaitingRequest request) =>
        _drain.PerSecond(Room) is var rate and > 0 ? _queue.Ahead(request.Tenant, request.Priority) / rate : 0;

    private static int Retry(double seconds) => (int)Math.Clamp(Math.Ceiling(seconds), 1, Admission.MaxRetrySeconds);
}
