namespace Ops.HealingScenario;

/// <summary>What runs in a <see cref="HealingWorld"/>.</summary>
public sealed record WorldShape
{
    /// <summary>Services of the shop; those that call no other keep a fault where it is.</summary>
    public IReadOnlyList<string> Services { get; init; } = ["currency", "ads", "email"];

    /// <summary>Alters a document of the shop's manifests before it is applied.</summary>
    public Func<string, string> Document { get; init; } = document => document;

    /// <summary>
    /// How long a state may take to come about. Long, because two cores may be busy with other work, and because a new pod
    /// template is remembered only after the minute that its liveness probe allows.
    /// </summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(150);

    /// <summary>Whether the objects are there that the faults of Kubernetes objects need.</summary>
    public bool HasFaults { get; init; } = true;
}
