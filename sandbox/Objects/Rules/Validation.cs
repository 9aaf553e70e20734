using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>Checks an object against its kind.</summary>
public static class Validation
{
    /// <summary>Returns every problem; empty means valid.</summary>
    /// <param name="obj">The object as it would be stored: pruned and defaulted.</param>
    /// <param name="old">The stored object on updates, null on creation.</param>
    /// <param name="kind">Its kind.</param>
    public static IReadOnlyList<FieldCause> Validate(JsonObject obj, JsonObject? old, KindDefinition kind) => throw new NotImplementedException();
}
