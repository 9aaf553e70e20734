using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>Strategic merge patch.</summary>
public static class StrategicMergePatch
{
    /// <summary>Returns the patched object; neither argument is changed.</summary>
    public static JsonObject Apply(JsonObject target, JsonObject patch, StructuralSchema schema) => throw new NotImplementedException();
}
