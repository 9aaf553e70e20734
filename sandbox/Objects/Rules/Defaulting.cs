using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>Fills in defaults.</summary>
public static class Defaulting
{
    /// <summary>Fills in the defaults in place.</summary>
    public static void Apply(JsonObject obj, KindDefinition kind) => throw new NotImplementedException();
}
