namespace Ops.Learning;

/// <summary>A fleet or a change that cannot be; the message names the pool and the fix.</summary>
public sealed class InvalidFleetException(string message) : Exception(message);
