using System.Text.Json.Nodes;
using CsCheck;

namespace Ops.SandboxObjects.Tests;

/// <summary>Random small JSON documents over few names, so that they collide.</summary>
internal static class Documents
{
    private static readonly Gen<string> Name = Gen.Int[0, 3].Select(i => "abcd"[i].ToString());

    private static readonly Gen<JsonNode?> Scalar = Gen.OneOf(
        Gen.Int[-3, 3].Select(i => (JsonNode?)JsonValue.Create(i)),
        Gen.Bool.Select(b => (JsonNode?)JsonValue.Create(b)),
        Gen.Int[0, 2].Select(i => (JsonNode?)JsonValue.Create("xyz"[..i])),
        Gen.Const((JsonNode?)null));

    public static Gen<JsonNode?> Node(int depth) => depth == 0
        ? Scalar
        : Gen.Frequency(
            (2, Scalar),
            (1, Node(depth - 1).Array[0, 3].Select(items => (JsonNode?)new JsonArray([.. items.Select(i => i?.DeepClone())]))),
            (2, Members(depth - 1).Select(o => (JsonNode?)o)));

    public static Gen<JsonObject> Object { get; } = Members(3);

    private static Gen<JsonObject> Members(int depth) => Gen.Select(Name, Node(depth)).Array[0, 4].Select(pairs =>
    {
        var obj = new JsonObject();
        foreach (var (name, value) in pairs)
            obj[name] = value?.DeepClone();
        return obj;
    });
}
