using Ops.Learning;
using Ops.Picking;
using Ops.Profiles;
using Ops.Sandbox.ModelServer.Engine;
using Ops.Traces;

namespace Ops.Sandbox.ModelServer.Tests;

/// <summary>
/// The fleet simulator counts equal steps as one event; the server makes them one by one. The same trace through both
/// must give every request the same times, and the meter the same joules.
/// </summary>
public class SimulationAgreesTests
{
    private static readonly PowerSetting Full = GpuProduct.H100.Default;

    [Theory]
    [InlineData("meta-llama/Llama-3.1-8B-Instruct", 1, 8, 256)]
    [InlineData("meta-llama/Llama-3.1-8B-Instruct", 1, 20, 16)]
    [InlineData("Qwen/Qwen3-32B", 1, 3, 256)]
    [InlineData("meta-llama/Llama-3.1-70B-Instruct", 4, 4, 256)]
    public void Every_request_gets_the_same_times_and_the_meter_the_same_joules(string model, int gpus, double rate, int batch)
    {
        var profile = ServingProfiles.Get(model, GpuProduct.H100.Name, gpus);
        var trace = SyntheticTrace.Generate(SyntheticKind.Conv, TimeSpan.FromSeconds(60), seed: 3);
        var workload = Workloads.OfTrace(trace, rate, 60);
        var pool = new SimulatedPool { Name = "pool", Profile = profile, Quality = [1], Placement = SimulatedPool.Apart(1, gpus, 0), MaxSequences = batch };
        var run = new Simulation(new([pool], ["default"]), new StaticPolicy("pool"), workload, new() { Objective = new(1, 1, 1e6, 1e6) }).Run();
        var (served, joules) = Serve(profile, new BatchLimits(batch, pool.MaxStepTokens, profile.KvCapacityTokens, pool.MaxWaiting), workload);

        workload.Arrivals.Length.ShouldBeGreaterThan(100);
        for (var i = 0; i < served.Length; i++)
        {
            run.Outcomes[i].FirstToken.ShouldBe(served[i].FirstToken - workload.Arrivals[i].At, 1e-6, $"request {i}");
            run.Outcomes[i].Completion.ShouldBe(served[i].Completion - workload.Arrivals[i].At, 1e-6, $"request {i}");
        }

        run.Joules.ShouldBe(joules, joules * 1e-9);
    }

    // 14B and 8B on one GPU each of the two that the 32B has, and every third request to each. None is larger than a cache.
    [Fact]
    public void Engines_that_share_GPUs_take_turns_as_in_the_simulation()
    {
        ServingProfile[] profiles = [Profile("Qwen/Qwen3-32B", 2), Profile("Qwen/Qwen3-14B", 1), Profile("Qwen/Qwen3-8B", 1)];
        int[] first = [0, 0, 1];
        double[] shares = [0.45, 0.45, 0.45];
        var trace = SyntheticTrace.Generate(SyntheticKind.Conv, TimeSpan.FromSeconds(60), seed: 3);
        var workload = new Workload("thirds", [.. Workloads.OfTrace(trace, 6, 60).Arrivals.Select((arrival, i) => arrival with { Task = i % 3, PromptTokens = Math.Min(arrival.PromptTokens, 2000) })]);
        var pools = profiles.Select((profile, p) => new SimulatedPool
        {
            Name = profile.Model, Profile = profile, Quality = [1, 1, 1], CacheTokens = profile.KvTokens(shares[p]), Placement = SimulatedPool.Apart(1, profile.GpuCount, first[p]),
        });
        var run = new Simulation(new([.. pools], ["default", "a", "b"]), new ByTask(), workload, new() { Objective = new(1, 1, 1e6, 1e6) }).Run();
        var (served, joules) = SharedServing.Run(profiles, first, shares, workload);

        workload.Arrivals.Length.ShouldBeGreaterThan(100);
        for (var i = 0; i < served.Length; i++)
        {
            run.Outcomes[i].Variant.ShouldBe(i % 3);
            run.Outcomes[i].FirstToken.ShouldBe(served[i].FirstToken - workload.Arrivals[i].At, 1e-6, $"request {i}");
            run.Outcomes[i].Completion.ShouldBe(served[i].Completion - workload.Arrivals[i].At, 1e-6, $"request {i}");
        }

        run.Joules.ShouldBe(joules, joules * 1e-9);
    }

    private static ServingProfile Profile(string model, int gpus) => ServingProfiles.Get(model, GpuProduct.H100.Name, gpus);

    /// <summary>Task n to variant n.</summary>
    private sealed class ByTask : IPolicy
    {
        public string Name => "by-task";

        public bool Considers(RouteSnapshot snapshot, int variant) => true;

        public int Choose(RouteSnapshot snapshot, in RequestFeatures request, ReadOnlySpan<VariantOutlook> outlooks) => request.Task;
    }

    // The engine's loop without its clock: plan, take the step's time, complete.
    private static ((double FirstToken, double Completion)[] Served, double Joules) Serve(ServingProfile profile, BatchLimits limits, Workload workload)
    {
        var batch = new Batch(profile, limits);
        var meter = new EnergyMeter(0);
        meter.Draw(0, profile.IdleWatts);
        var served = new (double FirstToken, double Completion)[workload.Arrivals.Length];
        var requests = new Dictionary<Sequence, int>();
        var advanced = new List<Sequence>();
        var next = 0;
        var at = 0.0;
        while (next < workload.Arrivals.Length || batch.Running + batch.Waiting > 0)
        {
            while (next < workload.Arrivals.Length && workload.Arrivals[next].At <= at)
                Enqueue();
            var plan = batch.Plan(at, Full);
            if (plan.IsEmpty)
            {
                meter.Draw(at, profile.IdleWatts);
                at = workload.Arrivals[next].At;
                // Alone: what comes at the very same moment finds a step under way.
                Enqueue();
                plan = batch.Plan(at, Full);
            }

            meter.Draw(at, at + plan.Cost.Seconds, plan.Cost.Watts);
            at += plan.Cost.Seconds;
            // What came during the step stands in the queue when it ends.
            while (next < workload.Arrivals.Length && workload.Arrivals[next].At < at)
                Enqueue();
            batch.Complete(at, advanced);
            foreach (var sequence in advanced)
            {
                ref var times = ref served[requests[sequence]];
                times = (sequence.FirstToken, at);
            }

            advanced.Clear();
        }

        return (served, meter.Joules(at));

        void Enqueue()
        {
            var arrival = workload.Arrivals[next];
            var sequence = new Sequence(arrival.PromptTokens, arrival.OutputTokens, FinishReason.Length, arrival.At);
            requests.Add(sequence, next++);
            batch.TryEnqueue(sequence).ShouldBeTrue();
        }
    }
}
