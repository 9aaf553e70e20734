namespace Ops.Sandbox.Objects.Cel;

/// <summary>A CEL expression that does not parse, does not type-check or cannot be evaluated.</summary>
public sealed class CelException(string message) : Exception(message);

/// <summary>A compiled CEL expression.</summary>
internal sealed class CelProgram
{
    public static CelProgram Compile(string expression) => new();

    public bool Uses(string identifier) => false;
}
