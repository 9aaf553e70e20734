namespace Ops.Sandbox.Node.Control;

/// <summary>What a controller is asked to look at.</summary>
internal sealed record ObjectName(string Namespace, string Name)
{
    public override string ToString() => Namespace.Length == 0 ? Name : $"{Namespace}/{Name}";
}
