using Ops.Api;

namespace Ops.Planning.Pools.Engines;

/// <summary>What an engine type adds to the pod of its pool.</summary>
internal sealed record EngineCommand
{
    /// <summary>The executable in the image, or null for the image's own.</summary>
    public IReadOnlyList<string>? Command { get; init; }

    /// <summary>Arguments before the user's own.</summary>
    public required IReadOnlyList<string> Args { get; init; }

    /// <summary>Variables that the pool's own may replace.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Environment { get; init; } = [];

    /// <summary>Longest time from start to the first healthy answer: weights may have to be fetched and loaded.</summary>
    public required TimeSpan StartupLimit { get; init; }

    /// <summary>Between two startup or readiness probes.</summary>
    public required TimeSpan ProbePeriod { get; init; }

    /// <summary>Whether the engine wants a cache folder and shared memory: real engines do.</summary>
    public required bool NeedsScratch { get; init; }

    /// <summary>The command of a pool's engine.</summary>
    public static EngineCommand For(ModelPoolSpec spec, CoResidence shared) => spec.Engine.Type switch
    {
        EngineTypes.LlamaCpp => LlamaCppEngine.Command(spec),
        EngineTypes.Simulated => SimulatedEngine.Command(spec, shared),
        _ => VllmEngine.Command(spec),
    };

    /// <summary>The pod's own address, set from the downward API and expanded by the kubelet.</summary>
    public const string PodAddress = "$(POD_IP)";
}
