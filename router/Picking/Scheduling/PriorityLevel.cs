namespace Ops.Picking;

/// <summary>One of a route's priorities.</summary>
/// <param name="Name">What clients and keys call it.</param>
/// <param name="Level">The higher, the sooner. 0 is what requests have that say nothing.</param>
/// <param name="Sheddable">Whether its requests may be turned away to make room before the fleet is full.</param>
public sealed record PriorityLevel(string Name, int Level, bool Sheddable)
{
    /// <summary>Name of the priority of requests that name none.</summary>
    public const string DefaultName = "default";

    /// <summary>Level 0, never shed.</summary>
    public static readonly PriorityLevel Default = new(DefaultName, 0, Sheddable: false);
}
