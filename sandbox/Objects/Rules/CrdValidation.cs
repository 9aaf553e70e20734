using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>Checks a CustomResourceDefinition beyond its own schema.</summary>
public static class CrdValidation
{
    /// <summary>Returns every problem; empty means valid.</summary>
    public static IReadOnlyList<FieldCause> Validate(JsonObject crd) => throw new NotImplementedException();
}
