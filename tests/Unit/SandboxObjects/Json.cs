using System.Text.Json;
using System.Text.Json.Nodes;
using Ops.Sandbox.Objects;

namespace Ops.SandboxObjects.Tests;

/// <summary>Short ways to write and compare JSON in tests.</summary>
internal static class Json
{
    private static readonly JsonDocumentOptions Lenient = new() { AllowTrailingCommas = true };

    public static JsonObject Object(string text) => (JsonObject)Node(text)!;

    public static JsonArray Array(string text) => (JsonArray)Node(text)!;

    public static JsonNode? Node(string text) => JsonNode.Parse(text, null, Lenient);

    public static void ShouldBeJson(this JsonNode? actual, string expected)
    {
        var wanted = Node(expected);
        if (!JsonEquality.Same(actual, wanted))
            throw new ShouldAssertException($"expected {wanted?.ToJsonString() ?? "null"}\n but was {actual?.ToJsonString() ?? "null"}");
    }
}
