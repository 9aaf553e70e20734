namespace Ops.Sandbox.ShopPlan;

/// <summary>
/// One fault of the shop's objects, as a person would make it with kubectl: what is done, and what a healer must say about it.
/// </summary>
/// <param name="Name">On the command line.</param>
/// <param name="Location">"Kind/name" of the object at fault; null for a control, where nothing must be written.</param>
/// <param name="Cause">The true cause.</param>
/// <param name="Inject">What is done.</param>
public sealed record ObjectFault(string Name, string? Location, string? Cause, params IReadOnlyList<KubectlCommand> Inject)
{
    /// <summary>What the shop must have before, and well: an ingress to break, a port to fight over. Default: nothing.</summary>
    public IReadOnlyList<KubectlCommand> Given { get; init; } = [];

    /// <summary>What takes the fault's surroundings away again, beside the object at fault. Default: nothing.</summary>
    public IReadOnlyList<KubectlCommand> After { get; init; } = [];

    /// <summary>"Kind/name" of workloads whose pods have to be made anew although the fault lies elsewhere. Default: none.</summary>
    public IReadOnlyList<string> Victims { get; init; } = [];

    /// <summary>Whether it needs the nodes of the benches. Default: where a node is at fault.</summary>
    public bool NeedsBenchNodes { get; init; } = Location?.StartsWith("Node/", StringComparison.Ordinal) == true;

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>One run of kubectl in the shop's namespace.</summary>
/// <param name="Arguments">Without the namespace.</param>
/// <param name="Input">Its standard input, or null.</param>
public sealed record KubectlCommand(IReadOnlyList<string> Arguments, string? Input = null)
{
    /// <summary>Arguments as people type them.</summary>
    public static KubectlCommand Of(params string[] arguments) => new(arguments);

    /// <summary>A JSON patch (RFC 6902).</summary>
    public static KubectlCommand Patch(string resource, string name, string patch) => Of("patch", resource, name, "--type=json", "-p", patch);

    /// <summary>Applies documents.</summary>
    public static KubectlCommand Apply(string documents) => new(["apply", "-f", "-"], documents);
}
