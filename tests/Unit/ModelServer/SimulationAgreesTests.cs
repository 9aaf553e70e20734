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
