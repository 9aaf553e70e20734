using System.Collections.Immutable;
using Ops.Picking;
using Ops.Profiles;

namespace Ops.Learning.Tests;

/// <summary>What must hold of any simulated run, and a few that can be computed by hand.</summary>
public class Simulation_rules
{
    private static readonly ServingProfile Llama = Fleets.Profile(Fleets.Llama8);
    private static readonly PowerSetting Full = GpuProduct.H100.Default;

    [Fact]
    public void The_same_arguments_give_the_same_run()
    {
        var workload = Workloads.Bursts(2, 30, 20, 10, 300, Fleets.Conversation, seed: 5);
        var again = Workloads.Bursts(2, 30, 20, 10, 300, Fleets.Conversation, seed: 5);
        var first = Fleets.Ladder().Run(workload);
        var second = Fleets.Ladder().Run(again);

        second.Outcomes.ShouldBe(first.Outcomes);
        second.Joules.ShouldBe(first.Joules);
    }

    [Fact]
    public void A_lone_request_takes_its_prefill_step_and_one_step_a_token()
    {
        var run = Fleets.One().Run(Fleets.Requests((1, 1000, 11)));

        var first = Llama.Step(1, 1000, Full).Seconds;
        run.Outcomes[0].Kind.ShouldBe(OutcomeKind.Answered);
        run.Outcomes[0].FirstToken.ShouldBe(first, 1e-9);
        run.Outcomes[0].Completion.ShouldBe(first + (10 * Llama.DecodeStep(1, Full).Seconds), 1e-9);
        var joules = Llama.Step(1, 1000, Full).Joules + (10 * Llama.DecodeStep(1, Full).Joules);
        run.StepJoules[0].ShouldBe(joules, 1e-6);
        // Idle for the first second and not a moment longer.
        run.IdleJoules.ShouldBe(Llama.IdleWatts, 1e-6);
    }

    [Fact]
    public void A_request_that_comes_during_a_step_joins_at_its_end()
    {
        var prefill = Llama.Step(1, 1000, Full).Seconds;
        var step = Llama.DecodeStep(1, Full).Seconds;
        // In the middle of the third decode step of the first request.
        var run = Fleets.One().Run(Fleets.Requests((0, 1000, 1000), (prefill + (2.5 * step), 500, 1)));

        run.Outcomes[1].FirstToken.ShouldBe((0.5 * step) + Llama.Step(2, 500, Full).Seconds, 1e-9);
    }

    [Fact]
    public void Prompts_beyond_the_token_budget_are_computed_in_chunks_in_order()
    {
        var run = Fleets.One(p => p with { MaxStepTokens = 1000 }).Run(Fleets.Requests((0, 1500, 1), (0, 500, 1)));

        // The engine starts with the first request alone, then one step holds its rest and the second prompt.
        var first = Llama.Step(1, 1000, Full).Seconds;
        run.Outcomes[0].FirstToken.ShouldBe(first + Llama.Step(2, 1000, Full).Seconds, 1e-9);
        run.Outcomes[1].FirstToken.ShouldBe(run.Outcomes[0].FirstToken, 1e-9);
    }

    [Fact]
    public void A_full_batch_makes_the_next_one_wait()
    {
        var run = Fleets.One(p => p with { MaxSequences = 1 }).Run(Fleets.Requests((0, 100, 50), (0, 100, 1)));

        run.Outcomes[1].FirstToken.ShouldBe(run.Outcomes[0].Completion + Llama.Step(1, 100, Full).Seconds, 1e-9);
    }

    [Fact]
    public void A_request_larger_than_the_cache_fails_and_holds_nobody_up()
    {
        var run = Fleets.One(p => p with { CacheTokens = 1000 }).Run(Fleets.Requests((0, 900, 200), (0, 500, 10)));

        run.Outcomes[0].Kind.ShouldBe(OutcomeKind.Failed);
        run.Outcomes[1].Kind.ShouldBe(OutcomeKind.Answered);
    }

    [Fact]
    public void Engines_that_share_a_GPU_take_turns()
    {
        var fleet = new SimulatedFleet(
            [Fleets.Pool(Fleets.Llama8, 0.7, 1, 0) with { CacheTokens = 50_000 }, Fleets.Pool(Fleets.Qwen14, 0.8, 1, 0) with { CacheTokens = 50_000 }], ["default"]);
        var alone = fleet.Run(Fleets.Requests((0, 10, 501)), policy: new StaticPolicy("qwen3-14b"));
        var workload = Fleets.Requests((0, 10, 501), (0, 10, 2001));
        var both = fleet.Run(workload, policy: new Alternating());

        // The first has half of the GPU until it ends; the second half of it until then.
        both.Outcomes[0].Completion.ShouldBe(2 * Fleets.Run(fleet, Fleets.Requests((0, 10, 501)), policy: new StaticPolicy("llama-3.1-8b-instruct")).Outcomes[0].Completion, 0.05);
        alone.IdleJoules.ShouldBe(0, 1e-9);
        both.IdleJoules.ShouldBe(0, 1e-9);
    }

    [Fact]
    public void A_lost_replica_fails_streams_and_sends_the_rest_elsewhere()
    {
        var fleet = new SimulatedFleet([Fleets.Pool(Fleets.Llama8, 0.7, 2, 0) with { MaxSequences = 1 }], ["default"]);
        // Two on each replica: one that streams and one that waits behind it.
        var workload = Fleets.Requests((0, 100, 2000), (0, 100, 2000), (0.1, 100, 10), (0.1, 100, 10));
        var run = fleet.Run(workload, new() { Changes = [new(1, new(FleetAction.Lose, 0, 0))] });

        run.Outcomes.Count(o => o.Kind == OutcomeKind.Failed).ShouldBe(1);
        run.Outcomes.Count(o => o.Kind == OutcomeKind.Answered).ShouldBe(3);
    }

    [Fact]
    public void A_lost_replica_draws_nothing_and_is_ready_again_after_its_cold_start()
    {
        var options = new SimulationOptions { Changes = [new(10, new(FleetAction.Lose, 0, 0)), new(20, new(FleetAction.Start, 0, 0))] };
        var pool = Fleets.One().Pools[0];
        var late = 21 + pool.ColdStartSeconds;
        var run = Fleets.One().Run(Fleets.Requests((15, 10, 1), (late, 10, 1)), options);

        run.Outcomes[0].Kind.ShouldBe(OutcomeKind.Rejected);
        run.Outcomes[1].Kind.ShouldBe(OutcomeKind.Answered);
        run.IdleJoules.ShouldBe((late - 10) * Llama.IdleWatts, 1e-6);
    }

    [Fact]
    public void A_sleeping_replica_ends_its_work_first_draws_sleep_watts_and_wakes_fast()
    {
        var options = new SimulationOptions
        {
            SleepWatts = 20,
            Changes = [new(0.001, new(FleetAction.Sleep, 0, 0)), new(100, new(FleetAction.Wake, 0, 0))],
        };
        var run = Fleets.One().Run(Fleets.Requests((0, 10, 100), (50, 10, 1), (100 + Llama.WakeSeconds, 10, 1)), options);

        run.Outcomes.Select(o => o.Kind).ShouldBe([OutcomeKind.Answered, OutcomeKind.Rejected, OutcomeKind.Answered]);
        run.IdleJoules.ShouldBe(((100 - run.Outcomes[0].Completion) * 20) + (Llama.WakeSeconds * Llama.IdleWatts), 1e-6);
    }

    [Fact]
    public void A_lower_clock_saves_energy_and_costs_little_time()
    {
        var workload = Fleets.Requests((0, 10, 1000));
        var slow = Fleets.One(p => p with { Power = new PowerSetting(990, 700) }).Run(workload);
        var fast = Fleets.One().Run(workload);

        (slow.Joules / fast.Joules).ShouldBe(0.67, 0.01);
        (slow.Outcomes[0].Completion / fast.Outcomes[0].Completion).ShouldBe(1.06, 0.01);
    }

    [Fact]
    public void A_copied_run_goes_on_as_the_original_does()
    {
        var workload = Workloads.Bursts(5, 40, 10, 10, 120, Fleets.Conversation, seed: 9);
        var arrivals = workload.Arrivals.ToArray();
        var (a, b) = (new OutcomeLog(arrivals.Length), new OutcomeLog(arrivals.Length));
        // What the original goes on to learn is the one thing that a copy does not.
        var options = new SimulationOptions { LearnsLengths = false };
        var original = new Simulation(Fleets.Ladder(), new LadderPolicy(), arrivals, options, a);
        var copy = new Simulation(Fleets.Ladder(), new LadderPolicy(), arrivals, options, b);
        for (var i = 0; i < arrivals.Length / 2; i++)
            original.Arrive();
        Array.Copy(a.All, b.All, a.All.Length);
        copy.CopyFrom(original, new LadderPolicy(), b);
        foreach (var run in (Simulation[])[original, copy])
        {
            while (run.NextArrival < arrivals.Length)
                run.Arrive();
            run.Drain();
        }

        b.All.ShouldBe(a.All);
        copy.Joules().ShouldBe(original.Joules(), 1e-6);
        a.All.ShouldAllBe(o => o.Kind == OutcomeKind.Answered);
    }

    [Theory]
    [InlineData(FleetAction.Sleep)]
    [InlineData(FleetAction.Stop)]
    public void A_control_sees_the_fleet_and_changes_it(FleetAction action)
    {
        var control = new Once(action);
        var run = Fleets.Ladder().Run(Workloads.Poisson(5, 60, Fleets.Conversation, 3), new() { Control = control });

        control.Seen.ShouldBeGreaterThan(100);
        run.Outcomes.Count(o => o.Kind == OutcomeKind.Answered).ShouldBe(run.Outcomes.Length);
        var pool = Fleets.Ladder().Pools.Length - 1;
        // Nothing that came well after the decision went to the pool that was sent away.
        run.Outcomes.Zip(run.Workload.Arrivals).Where(p => p.Second.At > 31).ShouldAllBe(p => p.First.Variant != pool);
        run.Outcomes.Zip(run.Workload.Arrivals).ShouldContain(p => p.Second.At < 30 && p.First.Variant == pool);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_router_that_learns_lengths_tells_prompts_apart_and_one_that_does_not_expects_the_mean(bool learns)
    {
        // In turn a short question with a long answer and a long prompt with a short one.
        var workload = Fleets.Requests([.. Enumerable.Range(0, 200).Select(i => i % 2 == 0 ? (i * 0.5, 50, 400) : (i * 0.5, 3000, 20))]);
        var expected = new Expecting();
        Fleets.One().Run(workload, new() { LearnsLengths = learns }, expected);

        var (question, prompt) = (expected.Tokens[^2], expected.Tokens[^1]);
        if (!learns)
            prompt.ShouldBe(question, question * 0.05);
        else
            prompt.ShouldBeLessThan(question / 5);
    }

    [Fact]
    public void A_copied_run_predicts_by_the_lengths_that_the_original_has_learned_and_teaches_it_none()
    {
        var arrivals = Workloads.Poisson(2, 100, Fleets.Conversation, seed: 4).Arrivals.ToArray();
        Expecting alone = new(), copied = new(), copying = new();
        Simulation Start(IPolicy policy) => new(Fleets.One(), policy, arrivals, new(), new OutcomeLog(arrivals.Length));
        void Finish(Simulation run)
        {
            while (run.NextArrival < arrivals.Length)
                run.Arrive();
        }

        Finish(Start(alone));
        var (original, copy) = (Start(copying), Start(copied));
        while (original.NextArrival < arrivals.Length / 2)
            original.Arrive();
        original.AdvanceToArrival();
        copy.CopyFrom(original, copied, new OutcomeLog(arrivals.Length));
        Finish(copy);
        Finish(original);

        copied.Tokens[0].ShouldBe(alone.Tokens[arrivals.Length / 2]);
        copying.Tokens.ShouldBe(alone.Tokens);
    }

    [Fact]
    public void Fleets_that_cannot_be_are_refused_by_name()
    {
        Should.Throw<InvalidFleetException>(() => new SimulatedFleet([Fleets.Pool(Fleets.Llama8, 1.5, 1, 0)], ["default"]).Validate()).Message.ShouldContain("between 0 and 1");
        Should.Throw<InvalidFleetException>(() => new SimulatedFleet([Fleets.Pool(Fleets.Llama8, 0.5, 2, 0) with { Placement = [[0], [0]] }], ["default"]).Validate()).Message.ShouldContain("CacheTokens");
        Should.Throw<InvalidFleetException>(() => new SimulatedFleet([Fleets.Pool(Fleets.Llama70, 0.5, 1, 0) with { Placement = [[0, 1]] }], ["default"]).Validate()).Message.ShouldContain("4 different GPUs");
    }

    private sealed class Expecting : IPolicy
    {
        public string Name => "expecting";

        public List<double> Tokens { get; } = [];

        public bool Considers(RouteSnapshot snapshot, int variant) => true;

        public int Choose(RouteSnapshot snapshot, in RequestFeatures request, ReadOnlySpan<VariantOutlook> outlooks)
        {
            Tokens.Add(outlooks[0].OutputTokens);
            return 0;
        }
    }

    private sealed class Alternating : IPolicy
    {
        private int _next;

        public string Name => "alternating";

        public bool Considers(RouteSnapshot snapshot, int variant) => true;

        public int Choose(RouteSnapshot snapshot, in RequestFeatures request, ReadOnlySpan<VariantOutlook> outlooks) => _next++ % outlooks.Length;
    }

    private sealed class Once(FleetAction action) : IFleetControl
    {
        public double IntervalSeconds => 30;

        public int Seen { get; private set; }

        public void Decide(FleetView fleet, ICollection<FleetChange> changes)
        {
            Seen += fleet.Arrived;
            fleet.Joules.ShouldBeGreaterThan(0);
            var pool = fleet.Fleet.Pools.Length - 1;
            if (fleet.Replica(pool, 0).Status == ReplicaStatus.Ready)
                changes.Add(new FleetChange(action, pool, 0));
        }
    }
}
