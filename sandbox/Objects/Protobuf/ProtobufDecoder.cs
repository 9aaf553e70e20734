using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>Decodes the protobuf bodies of kubectl's generators.</summary>
public static class ProtobufDecoder
{
    /// <summary>The object, or null where the body is not a known kind.</summary>
    public static JsonObject? TryDecode(ReadOnlySpan<byte> k8sProtobufBody) => null;
}
