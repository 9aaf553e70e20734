namespace Ops.HealingScenario;

/// <summary>One fault of the benchmark: what is done to the objects, and what the healer must say about it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Location">"Kind/name" of the object at fault; null for a control, where nothing must be written.</param>
/// <param name="Cause">The true cause.</param>
/// <param name="Inject">Arguments of kubectl, in the namespace of the shop.</param>
public sealed record Fault(string Name, string? Location, string? Cause, params IReadOnlyList<string> Inject)
{
    /// <inheritdoc/>
    public override string ToString() => Name;
}
