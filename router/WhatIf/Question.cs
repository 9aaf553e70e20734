using System.Collections.Immutable;
using Ops.Api;

namespace Ops.WhatIf;

/// <summary>The load of a route as it is now.</summary>
/// <param name="RequestsPerSecond">Requests a second, above 0.</param>
/// <param name="PromptTokens">Mean prompt length, at least 1.</param>
/// <param name="OutputTokens">Mean answer length, at least 1.</param>
public readonly record struct RouteLoad(double RequestsPerSecond, double PromptTokens, double OutputTokens)
{
    /// <summary>Mean prompt length of the Azure 2023 conversation trace, where none was measured.</summary>
    public const double TypicalPrompt = 1155;

    /// <summary>Mean answer length of the same trace.</summary>
    public const double TypicalOutput = 211;
}

/// <summary>What would be if a route had another load, other replicas or another weight of energy.</summary>
public sealed record Question
{
    /// <summary>The smallest factor of the load.</summary>
    public const double LeastLoad = 0.25;

    /// <summary>The largest factor of the load.</summary>
    public const double MostLoad = 8;

    /// <summary>Replicas of a pool at most; beyond it a run takes too long to be waited for.</summary>
    public const int MostReplicas = 64;

    /// <summary>The route.</summary>
    public required ModelRoute Route { get; init; }

    /// <summary>The pools that the viewer may see.</summary>
    public required ImmutableArray<ModelPool> Pools { get; init; }

    /// <summary>The load now.</summary>
    public required RouteLoad Load { get; init; }

    /// <summary>Factor of the load then, <see cref="LeastLoad"/> to <see cref="MostLoad"/>.</summary>
    public double LoadFactor { get; init; } = 1;

    /// <summary>Replicas then by pool name; a pool that is not named keeps those that are ready now.</summary>
    public ImmutableDictionary<string, int> Replicas { get; init; } = ImmutableDictionary<string, int>.Empty;

    /// <summary>Quality by joule then, 0 to 1; null keeps the route's. Above 0 the price rule decides, whatever the route's type.</summary>
    public double? EnergyWeight { get; init; }

    /// <summary>The first thing that is out of range, as one sentence; null where all is well.</summary>
    public string? Problem() =>
        LoadFactor is not (>= LeastLoad and <= MostLoad) ? $"The load factor must be {LeastLoad} to {MostLoad}, not {LoadFactor}."
        : EnergyWeight is not (null or (>= 0 and <= 1)) ? $"The energy weight must be 0 to 1, not {EnergyWeight}."
        : Replicas.FirstOrDefault(pair => pair.Value is < 0 or > MostReplicas) is { Key: { } pool } bad ? $"Replicas of {pool} must be 0 to {MostReplicas}, not {bad.Value}."
        : Replicas.Keys.FirstOrDefault(name => Route.Spec.Variants.All(variant => variant.Pool != name)) is { } unknown ? $"The route has no variant {unknown}; it has {string.Join(", ", Route.Spec.Variants.Select(variant => variant.Pool))}."
        : null;
}
