using CsCheck;
using static Ops.Picking.Tests.Fixtures;

namespace Ops.Picking.Tests;

public sealed class GateTests
{
    private static readonly IPolicy Policy = new LadderPolicy();
    private static readonly PriorityLevel High = new("interactive", 10, Sheddable: false);
    private static readonly PriorityLevel Batch = new("batch", -10, Sheddable: true);

    [Fact]
    public void An_unobserved_gate_and_one_without_replicas_stand_open()
    {
        var gate = new RouteGate(new GateSettings());
        gate.TryEnter(gate.TenantOf("a", 1, Now)).ShouldBeTrue();
        gate.Observe(Route(Variant("p", 1)), Policy, Now);
        gate.TryEnter(gate.TenantOf("a", 1, Now)).ShouldBeTrue();
    }

    [Fact]
    public void A_queue_in_four_readings_shows_where_the_batch_ends_and_fewer_do_not()
    {
        var learning = new RouteGate(new GateSettings());
        var replica = Replica("r", running: 12, waiting: 5);
        for (var i = 0; i <= 20; i++)
            learning.Observe(Route(Variant("p", 1, replica with { ObservedAtMs = Now + i, Waiting = i % 4 })), Policy, Now + i);
        learning.Room.ShouldBe(64 - 12, "some that just came wait for the next step");
        learning.Observe(Route(Variant("p", 1, replica with { ObservedAtMs = Now + 21, Waiting = 40 })), Policy, Now + 21);
        learning.Room.ShouldBe(1, "a long queue is a brake at once");
        learning.Observe(Route(Variant("p", 1, replica with { ObservedAtMs = Now + 22, Waiting = 0 })), Policy, Now + 22);
        learning.Room.ShouldBe(32 - 12, "and half as many are tried when it is gone");

        var gate = new RouteGate(new GateSettings());
        Full(gate, running: 12);
        var tenant = gate.TenantOf("a", 1, Now);
        gate.Room.ShouldBe(12);
        Enumerable.Range(0, 12).ShouldAllBe(_ => gate.TryEnter(tenant));
        gate.TryEnter(tenant).ShouldBeFalse();
    }

    [Fact]
    public void Quick_requests_show_where_the_batch_ends_though_their_queue_never_stands()
    {
        // As read from a real engine of 16 places, once a second: each flood is gone before four readings.
        var gate = new RouteGate(new GateSettings());
        RoomAfter(gate, running: 16, waiting: 48).ShouldBe(1);
        RoomAfter(gate, running: 16, waiting: 16).ShouldBe(1);
        RoomAfter(gate, running: 0, waiting: 0).ShouldBe(32, "half of 64 is tried");
        RoomAfter(gate, running: 16, waiting: 16).ShouldBe(1);
        RoomAfter(gate, running: 0, waiting: 0).ShouldBe(16, "no more than 16 ever ran");
    }

    [Fact]
    public void A_burst_that_the_engine_then_takes_in_is_no_lesson()
    {
        var gate = new RouteGate(new GateSettings());
        RoomAfter(gate, running: 4, waiting: 60);
        RoomAfter(gate, running: 64, waiting: 0).ShouldBe(128 - 64, "64 ran after all, so twice as many are tried");
        RoomAfter(gate, running: 4, waiting: 60);
        RoomAfter(gate, running: 0, waiting: 0).ShouldBe(128, "the batch was far from as full as it had been");
    }

    [Fact]
    public void What_the_engines_arguments_say_is_known_before_the_first_flood()
    {
        RoomAfter(new RouteGate(new GateSettings()), running: 0, waiting: 0, declared: 16).ShouldBe(16);
        RoomAfter(new RouteGate(new GateSettings()), running: 0, waiting: 0, declared: 1_000).ShouldBe(64, "the KV cache may end earlier");
        RoomAfter(new RouteGate(new GateSettings()), running: 20, waiting: 0, declared: 16).ShouldBe(1, "20 run: so many can");
    }

    private static int RoomAfter(RouteGate gate, int running, int waiting, int? declared = null)
    {
        var at = Now + (1_000 * Readings.GetOrCreateValue(gate).Next());
        if (!Loads.TryGetValue(gate, out var load))
            Loads.Add(gate, load = new ReplicaLoad());
        var replica = Replica("r", running, waiting, observedAt: at) with { Load = load };
        gate.Observe(Route(Variant("p", 1, replica) with { MaxSequences = declared }), Policy, at);
        return gate.Room;
    }

    [Fact]
    public void A_limit_that_held_is_raised_carefully_and_taken_back_when_a_queue_shows()
    {
        var gate = new RouteGate(new GateSettings());
        Full(gate, running: 64);
        Room(64, waiting: 0, Now + 60_000).ShouldBe(1, "it is held for two minutes, and one is always let through");
        Room(64, waiting: 0, Now + 121_000).ShouldBe(10);
        Room(70, waiting: 1, Now + 122_000).ShouldBe(10, "70 run: that is the new limit, and a sixth more is tried");
        Room(70, waiting: 8, Now + 123_000).ShouldBe(3);
        Room(70, waiting: 8, Now + 124_000).ShouldBe(1, "nothing more ran in two readings");
        Room(30, waiting: 0, Now + 125_000).ShouldBe(40);

        int Room(int running, int waiting, long at)
        {
            Observe(gate, Replica("r", running, waiting, observedAt: at), at);
            return gate.Room;
        }
    }

    [Fact]
    public void Who_waits_is_started_when_another_leaves()
    {
        var gate = new RouteGate(new GateSettings());
        Full(gate, running: 1);
        var a = gate.TenantOf("a", 1, Now);
        gate.TryEnter(a).ShouldBeTrue();
        var waiter = Wait(gate, a);
        waiter.Ended.ShouldBeNull();
        gate.TryEnter(a).ShouldBeFalse("nobody passes those who wait");

        gate.Leave(a, null, 100);
        waiter.Ended.ShouldBe(WaitEnd.Started);
        gate.Leave(a, waiter, 100);
        (gate.InFlight, gate.Waiting).ShouldBe((0, 0));
    }

    [Fact]
    public void A_higher_priority_goes_first_whenever_it_came()
    {
        var gate = new RouteGate(new GateSettings());
        Full(gate, running: 1);
        var a = gate.TenantOf("a", 1, Now);
        gate.TryEnter(a).ShouldBeTrue();
        var low = Wait(gate, a);
        var high = Wait(gate, a, High);

        gate.Leave(a, null, 100);
        (low.Ended, high.Ended).ShouldBe((null, WaitEnd.Started));
    }

    [Fact]
    public void A_request_leaves_when_its_deadline_can_no_longer_be_met()
    {
        var gate = new RouteGate(new GateSettings());
        Full(gate, running: 1);
        var a = gate.TenantOf("a", 1, Now);
        gate.TryEnter(a).ShouldBeTrue();
        var waiter = Wait(gate, a);

        gate.Tick(Now + 59_999);
        waiter.Ended.ShouldBeNull();
        gate.Tick(Now + 60_000);
        waiter.Ended.ShouldBe(WaitEnd.Expired);
        gate.Waiting.ShouldBe(0);
        gate.Withdraw(waiter).ShouldBeFalse();
    }

    [Fact]
    public void A_full_queue_takes_its_place_from_the_tenant_that_fills_it()
    {
        var gate = new RouteGate(new GateSettings { MaxQueued = 10 });
        Full(gate, running: 1);
        var flood = gate.TenantOf("flood", 1, Now);
        var other = gate.TenantOf("other", 1, Now);
        gate.TryEnter(flood).ShouldBeTrue();
        var waiting = Enumerable.Range(0, 10).Select(_ => Wait(gate, flood)).ToList();
        gate.Wait(Waiter(flood, PriorityLevel.Default), Now).Reason.ShouldBe(RefusalReason.QueueFull);

        Wait(gate, other).Ended.ShouldBeNull();
        waiting.Count(w => w.Ended == WaitEnd.Displaced).ShouldBe(1);
        waiting[^1].Ended.ShouldBe(WaitEnd.Displaced, "the newest goes");
        gate.Waiting.ShouldBe(10);
    }

    [Fact]
    public void Bytes_are_bounded_like_requests()
    {
        var gate = new RouteGate(new GateSettings { MaxQueuedBytes = 1_000 });
        Full(gate, running: 1);
        var a = gate.TenantOf("a", 1, Now);
        gate.TryEnter(a).ShouldBeTrue();
        gate.Wait(Waiter(a, PriorityLevel.Default, bytes: 900), Now).Reason.ShouldBe(RefusalReason.None);
        gate.Wait(Waiter(a, PriorityLevel.Default, bytes: 200), Now).Reason.ShouldBe(RefusalReason.QueueFull);
    }

    [Fact]
    public void Early_rejection_needs_a_known_rate_and_says_when_to_come_back()
    {
        var gate = new RouteGate(new GateSettings());
        Full(gate, running: 1);
        var a = gate.TenantOf("a", 1, Now);
        gate.TryEnter(a).ShouldBeTrue();
        var waiting = Enumerable.Range(0, 200).Select(_ => Wait(gate, a)).ToList();
        waiting.ShouldAllBe(w => w.Ended == null, "no rate is known yet");
        for (var i = 1; i <= 4; i++)
        {
            gate.Leave(a, waiting.LastOrDefault(w => w.Ended == WaitEnd.Started), 100);
            gate.Tick(Now + (i * 1_000));
        }

        // One request a second and 196 in front: about 196 s, 136 s too late.
        var refusal = gate.Wait(Waiter(a, PriorityLevel.Default), Now + 4_000);
        refusal.Reason.ShouldBe(RefusalReason.TooLate);
        refusal.RetryAfterSeconds.ShouldBe(Admission.MaxRetrySeconds);
        // A tenant without anything waiting has its turn after one of the other's.
        gate.Wait(Waiter(gate.TenantOf("b", 1, Now), PriorityLevel.Default), Now + 4_000).Reason.ShouldBe(RefusalReason.None);
    }

    [Fact]
    public void Only_sheddable_requests_are_shed_and_the_more_the_fuller()
    {
        var gate = new RouteGate(new GateSettings());
        Full(gate, running: 100);
        var a = gate.TenantOf("a", 1, Now);
        var shares = new List<double>();
        for (var taken = 0; taken <= 100; taken += 10)
        {
            while (gate.InFlight < taken)
                gate.TryEnter(a).ShouldBeTrue();
            Enumerable.Range(0, 1_000).ShouldAllBe(_ => gate.Shed(PriorityLevel.Default).Reason == RefusalReason.None);
            shares.Add(Enumerable.Range(0, 1_000).Count(_ => gate.Shed(Batch).Reason == RefusalReason.Shed) / 1_000.0);
            shares[^1].ShouldBe(Shedding.Share(taken / 100.0), 0.02);
        }

        shares[8].ShouldBe(0);
        shares[10].ShouldBe(0.5, 0.02);
        Shedding.Share(1.2).ShouldBe(1);
    }

    [Fact]
    public void Without_a_queue_every_request_goes_to_the_replicas_own_at_once()
    {
        var gate = new RouteGate(new GateSettings { MaxQueued = 0 });
        Full(gate, running: 1);
        var a = gate.TenantOf("a", 1, Now);
        Enumerable.Range(0, 50).ShouldAllBe(_ => gate.TryEnter(a));
    }

    [Fact]
    public void Passing_a_gate_with_room_allocates_nothing()
    {
        var gate = new RouteGate(new GateSettings());
        Allocations.Of(() => Pass(1_000)).ShouldBe(0);

        void Pass(int times)
        {
            for (var i = 0; i < times; i++)
            {
                var tenant = gate.TenantOf("a", 1, Now + i);
                gate.Shed(Batch);
                gate.TryEnter(tenant);
                gate.Leave(tenant, null, 100);
            }
        }
    }

    [Fact]
    public void Whatever_happens_counts_come_out_even_and_nobody_is_told_twice()
    {
        // 0..2: a request of tenant i comes; 3: one that runs ends; 4: one that waits withdraws; 5: time passes.
        Gen.Int[0, 5].Array[1, 300].Sample(steps =>
        {
            var gate = new RouteGate(new GateSettings { MaxQueued = 20 });
            Full(gate, running: 5);
            var (waiters, running, now) = (new List<TestWaiter>(), new List<(TenantShare Tenant, TestWaiter? Waited)>(), Now);
            foreach (var step in steps)
            {
                if (step <= 2)
                    Come(step);
                else if (step == 3 && running.Count > 0)
                    End(0);
                else if (step == 4 && waiters.FirstOrDefault(w => w is { Ended: null, Withdrawn: false }) is { } gone)
                    gone.Withdrawn = gate.Withdraw(gone);
                else if (step == 5)
                    gate.Tick(now += 7_000);
                Gather();
            }

            while (running.Count > 0)
            {
                End(0);
                Gather();
            }

            (gate.InFlight, gate.Waiting).ShouldBe((0, 0));
            waiters.ShouldAllBe(w => w.Times == (w.Withdrawn ? 0 : 1));

            void Come(int who)
            {
                var tenant = gate.TenantOf($"t{who}", who + 1, now);
                if (gate.TryEnter(tenant))
                {
                    running.Add((tenant, null));
                    return;
                }

                var waiter = Waiter(tenant, who == 2 ? High : PriorityLevel.Default, at: now);
                if (gate.Wait(waiter, now).Reason == RefusalReason.None)
                    waiters.Add(waiter);
            }

            void End(int index)
            {
                var (tenant, waited) = running[index];
                running.RemoveAt(index);
                gate.Leave(tenant, waited, 300);
            }

            void Gather()
            {
                foreach (var waiter in waiters.Where(w => w.Ended == WaitEnd.Started && !w.Counted))
                {
                    waiter.Counted = true;
                    running.Add((waiter.Tenant, waiter));
                }
            }
        });
    }

    [Fact]
    public void Due_times_grow_with_service_and_never_by_more_than_the_aging_span()
    {
        Gen.Select(Gen.Double[0, 1e7], Gen.Double[0, 1e5], Gen.Double[0, 1e5]).Sample((program, cost, more) =>
        {
            var share = new RouteGate(new GateSettings()).TenantOf("a", 1, Now);
            var small = WaitingOrder.Due(Waiter(share, PriorityLevel.Default, program: program, length: cost), 30_000);
            var large = WaitingOrder.Due(Waiter(share, PriorityLevel.Default, program: program, length: cost + more), 30_000);
            large.ShouldBeGreaterThanOrEqualTo(small);
            large.ShouldBeLessThanOrEqualTo(Now + 30_000);
        });
    }

    [Fact]
    public void Of_requests_due_together_the_reader_who_loses_more_goes_first()
    {
        var gate = new RouteGate(new GateSettings());
        Full(gate, running: 1);
        var a = gate.TenantOf("a", 1, Now);
        gate.TryEnter(a).ShouldBeTrue();
        var silent = Waiter(a, PriorityLevel.Default);
        var stream = Waiter(a, PriorityLevel.Default, loss: ReadingQuality.LossPerSecond(streaming: true, 0.1, 200));
        gate.Wait(silent, Now);
        gate.Wait(stream, Now);

        gate.Leave(a, null, 100);
        (silent.Ended, stream.Ended).ShouldBe((null, WaitEnd.Started));
    }

    private static TestWaiter Wait(RouteGate gate, TenantShare tenant, PriorityLevel? priority = null)
    {
        var waiter = Waiter(tenant, priority ?? PriorityLevel.Default);
        gate.Wait(waiter, Now).Reason.ShouldBe(RefusalReason.None);
        return waiter;
    }

    private static TestWaiter Waiter(TenantShare tenant, PriorityLevel priority, long at = Now, long bytes = 0, double program = 0, double length = 200, double loss = 0) => new()
    {
        Tenant = tenant, Priority = priority, ArrivedAtMs = at, GivesUpAtMs = at + 60_000, Cost = 500, Length = length, Bytes = bytes, ProgramLength = program, LossPerSecond = loss,
    };

    // Four readings with a queue, then one that shows the replica idle: its batch is known and all of it is free.
    private static void Full(RouteGate gate, int running)
    {
        var load = new ReplicaLoad();
        ReplicaState At(long at, int runs, int waits) => Replica("r", runs, waits, observedAt: at) with { Load = load };
        for (var before = 4; before > 0; before--)
            gate.Observe(Route(Variant("p", 1, At(Now - (before * 1_000), running, 5))), Policy, Now - (before * 1_000));
        gate.Observe(Route(Variant("p", 1, At(Now, 0, 0))), Policy, Now);
        Loads.AddOrUpdate(gate, load);
    }

    private static void Observe(RouteGate gate, ReplicaState state, long now)
    {
        Loads.TryGetValue(gate, out var load).ShouldBeTrue();
        gate.Observe(Route(Variant("p", 1, state with { Load = load! })), Policy, now);
    }

    private static readonly System.Runtime.CompilerServices.ConditionalWeakTable<RouteGate, ReplicaLoad> Loads = [];

    private static readonly System.Runtime.CompilerServices.ConditionalWeakTable<RouteGate, Reading> Readings = [];

    private sealed class Reading
    {
        private int _count;

        internal int Next() => ++_count;
    }

    private sealed class TestWaiter : WaitingRequest
    {
        internal WaitEnd? Ended { get; private set; }

        internal int Times { get; private set; }

        internal bool Counted { get; set; }

        internal bool Withdrawn { get; set; }

        protected internal override void End(WaitEnd end) => (Ended, Times) = (end, Times + 1);
    }
}
