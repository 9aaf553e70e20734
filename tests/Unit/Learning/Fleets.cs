using System.Collections.Immutable;
using Ops.Profiles;

namespace Ops.Learning.Tests;

/// <summary>Small fleets and workloads.</summary>
internal static class Fleets
{
    public const string Llama8 = "meta-llama/Llama-3.1-8B-Instruct";
    public const string Qwen14 = "Qwen/Qwen3-14B";
    public const string Llama70 = "meta-llama/Llama-3.1-70B-Instruct";

    public static readonly Lengths Conversation = Lengths.LogNormal(1155, 0.94, 211, 0.76, seed: 1);

    public static ServingProfile Profile(string model) => ServingProfiles.All.First(p => p.Model == model);

    public static SimulatedPool Pool(string model, double quality, int replicas, int firstGpu) => new()
    {
        Name = model.Split('/')[1].ToLowerInvariant(),
        Profile = Profile(model),
        Quality = [quality],
        Placement = SimulatedPool.Apart(replicas, Profile(model).GpuCount, firstGpu),
    };

    /// <summary>One small replica.</summary>
    public static SimulatedFleet One(Func<SimulatedPool, SimulatedPool>? change = null)
    {
        var pool = Pool(Llama8, 0.7, 1, 0);
        return new([change?.Invoke(pool) ?? pool], ["default"]);
    }

    /// <summary>8 GPUs: two small, two middle, one large replica.</summary>
    public static SimulatedFleet Ladder() =>
        new([Pool(Llama8, 0.7, 2, 0), Pool(Qwen14, 0.81, 2, 2), Pool(Llama70, 0.88, 1, 4)], ["default"]);

    public static Workload Requests(params (double At, int Prompt, int Output)[] requests) =>
        new("by hand", [.. requests.Select(r => new Arrival(r.At, r.Prompt, r.Output, 0))]);

    public static RunResult Run(this SimulatedFleet fleet, Workload workload, SimulationOptions? options = null, Picking.IPolicy? policy = null) =>
        new Simulation(fleet, policy ?? new Picking.LadderPolicy(), workload, options ?? new()).Run();
}
