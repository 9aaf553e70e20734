namespace Ops.Sandbox.Objects.Cel;

/// <summary>A CEL expression that does not parse or does not type-check. The message names the place.</summary>
public sealed class CelException(string message) : Exception(message);
