using System.Collections.Immutable;
using Ops.Learning;
using Ops.Profiles;

namespace Ops.Bench.Routing;

/// <summary>
/// The fleets of the routing bench, on 8 H100s. Quality is a declared table: published MMLU-Pro-like scores of the
/// models' cards, rounded, as the share of answers that are right; it is not measured here, and the bench sweeps it.
/// </summary>
internal static class BenchFleets
{
    /// <summary>Chat, code and math; "default" is their mean.</summary>
    internal static readonly ImmutableArray<string> Tasks = ["default", "chat", "code", "math"];

    private static readonly ImmutableArray<double> Q8 = [0.70, 0.76, 0.64, 0.60];
    private static readonly ImmutableArray<double> QFast = [0.75, 0.77, 0.72, 0.74];
    private static readonly ImmutableArray<double> Q14 = [0.79, 0.82, 0.75, 0.77];
    private static readonly ImmutableArray<double> Q32 = [0.84, 0.86, 0.81, 0.83];
    private static readonly ImmutableArray<double> Q70 = [0.88, 0.90, 0.85, 0.86];

    /// <summary>Two of the largest: what a team runs that wants the best answers and does not choose.</summary>
    internal static SimulatedFleet TwoLargest { get; } = new([Large(SimulatedPool.Apart(2, 4, 0))], Tasks);

    /// <summary>Four sizes on GPUs of their own: 8B, 14B, 32B on two, 70B on four.</summary>
    internal static SimulatedFleet Ladder { get; } = new(
        [Small(SimulatedPool.Apart(1, 1, 0)), Middle(SimulatedPool.Apart(1, 1, 1)), Big(SimulatedPool.Apart(1, 2, 2)), Large(SimulatedPool.Apart(1, 4, 4))], Tasks);

    /// <summary>Four of the smallest and one of the largest.</summary>
    internal static SimulatedFleet FourSmall { get; } = new([Small(SimulatedPool.Apart(4, 1, 0)), Large(SimulatedPool.Apart(1, 4, 4))], Tasks);

    /// <summary>Only the smallest: the bound of what any choice can serve.</summary>
    internal static SimulatedFleet AllSmall { get; } = new([Small(SimulatedPool.Apart(8, 1, 0))], Tasks);

    /// <summary>
    /// Every GPU can serve the smallest and, with three others, the largest. 16 GB and 35 GB of weights a GPU leave 19 GB
    /// of cache: 13 GB for the small one (100,000 tokens), 5 GB a GPU for the large one (65,000 tokens on four), since the small
    /// one serves the bursts.
    /// </summary>
    internal static SimulatedFleet CoResident { get; } = new(
        [Small(SimulatedPool.Apart(8, 1, 0)) with { CacheTokens = 100_000 }, Large(SimulatedPool.Apart(2, 4, 0)) with { CacheTokens = 65_000 }], Tasks);

    /// <summary>The same on half of the GPUs.</summary>
    internal static SimulatedFleet HalfCoResident { get; } = new(
        [Small(SimulatedPool.Apart(4, 1, 0)) with { CacheTokens = 100_000 }, Large(SimulatedPool.Apart(1, 4, 0)) with { CacheTokens = 65_000 }], Tasks);

    /// <summary>
    /// The same with a mixture of experts as the small one: gpt-oss-20b with little reasoning computes with 3.6 of its 20
    /// billion parameters by token, so it takes in prompts 2.2 times as fast as an 8B. The fastest rung that was measured:
    /// no public rows exist for a 1B. 14 GB and 35 GB of weights leave 21 GB: 15 GB for the small one, 6 GB a GPU for the large.
    /// </summary>
    internal static SimulatedFleet CoResidentFast { get; } = new(
        [Fast(SimulatedPool.Apart(8, 1, 0)) with { CacheTokens = 300_000 }, Large(SimulatedPool.Apart(2, 4, 0)) with { CacheTokens = 70_000 }], Tasks);

    /// <summary>The same on half of the GPUs.</summary>
    internal static SimulatedFleet HalfCoResidentFast { get; } = new(
        [Fast(SimulatedPool.Apart(4, 1, 0)) with { CacheTokens = 300_000 }, Large(SimulatedPool.Apart(1, 4, 0)) with { CacheTokens = 70_000 }], Tasks);

    /// <summary>The same with one large replica: four GPUs never share.</summary>
    internal static SimulatedFleet CoResidentFastOne { get; } = new(
        [Fast(SimulatedPool.Apart(8, 1, 0)) with { CacheTokens = 300_000 }, Large(SimulatedPool.Apart(1, 4, 0)) with { CacheTokens = 70_000 }], Tasks);

    /// <summary>Only the fastest: the bound of what any choice between it and larger ones can serve.</summary>
    internal static SimulatedFleet AllFast { get; } = new([Fast(SimulatedPool.Apart(8, 1, 0))], Tasks);

    private static SimulatedPool Fast(ImmutableArray<ImmutableArray<int>> placement) => Pool("20b", "openai/gpt-oss-20b", 1, QFast, placement);

    private static SimulatedPool Small(ImmutableArray<ImmutableArray<int>> placement) => Pool("8b", "meta-llama/Llama-3.1-8B-Instruct", 1, Q8, placement);

    private static SimulatedPool Middle(ImmutableArray<ImmutableArray<int>> placement) => Pool("14b", "Qwen/Qwen3-14B", 1, Q14, placement);

    private static SimulatedPool Big(ImmutableArray<ImmutableArray<int>> placement) => Pool("32b", "Qwen/Qwen3-32B", 2, Q32, placement);

    private static SimulatedPool Large(ImmutableArray<ImmutableArray<int>> placement) => Pool("70b", "meta-llama/Llama-3.1-70B-Instruct", 4, Q70, placement);

    private static SimulatedPool Pool(string name, string model, int gpus, ImmutableArray<double> quality, ImmutableArray<ImmutableArray<int>> placement) => new()
    {
        Name = name,
        Profile = ServingProfiles.Get(model, GpuProduct.H100.Name, gpus),
        Quality = quality,
        Placement = placement,
    };
}
