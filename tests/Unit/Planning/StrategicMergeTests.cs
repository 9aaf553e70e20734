using System.Text.Json.Nodes;
using CsCheck;
using Ops.Planning.Pools;

namespace Ops.Planning.Tests;

public sealed class StrategicMergeTests
{
    private static readonly string[] Keys = ["a", "containers", "env", "args", "b"];

    // Trees of objects, named items and plain lists, as pod templates have them; a null removes.
    private static readonly Gen<JsonObject> Trees = Gen.Int[1, 1_000_000].Select(seed => Tree(new Random(seed), 3));

    [Theory]
    [InlineData("""{"a":1,"b":2}""", """{"b":3}""", """{"a":1,"b":3}""")]
    [InlineData("""{"a":1,"b":2}""", """{"b":null}""", """{"a":1}""")]
    [InlineData("""{"a":{"x":1}}""", """{"a":{"y":2}}""", """{"a":{"x":1,"y":2}}""")]
    [InlineData("""{"a":{"x":1}}""", """{"a":{"$patch":"replace","y":2}}""", """{"a":{"y":2}}""")]
    [InlineData("""{"args":["a"]}""", """{"args":["b"]}""", """{"args":["b"]}""")]
    [InlineData("""{"env":[{"name":"A","value":"1"},{"name":"B","value":"2"}]}""", """{"env":[{"name":"B","value":"3"},{"name":"C"}]}""", """{"env":[{"name":"A","value":"1"},{"name":"B","value":"3"},{"name":"C"}]}""")]
    [InlineData("""{"env":[{"name":"A"},{"name":"B"}]}""", """{"env":[{"$patch":"delete","name":"A"}]}""", """{"env":[{"name":"B"}]}""")]
    [InlineData("""{"env":[{"name":"A"},{"name":"B"}]}""", """{"env":[{"$patch":"replace"},{"name":"C"}]}""", """{"env":[{"name":"C"}]}""")]
    [InlineData("""{"tolerations":[{"key":"a"}]}""", """{"tolerations":[{"key":"b"}]}""", """{"tolerations":[{"key":"b"}]}""")]
    [InlineData("""{"ports":[{"containerPort":1,"name":"x"}]}""", """{"$setElementOrder/ports":[],"ports":[{"containerPort":1,"protocol":"TCP"}]}""", """{"ports":[{"containerPort":1,"name":"x","protocol":"TCP"}]}""")]
    [InlineData("{}", """{"new":{"x":null,"y":1}}""", """{"new":{"y":1}}""")]
    public void Lists_with_a_key_merge_and_others_are_replaced(string origin, string overlay, string expected)
    {
        var result = StrategicMerge.Apply(Parse(origin), Parse(overlay));
        JsonNode.DeepEquals(result, Parse(expected)).ShouldBeTrue(result.ToJsonString());
    }

    [Fact]
    public void Nothing_over_a_tree_leaves_it_as_it_is() =>
        Trees.Sample(tree => JsonNode.DeepEquals(StrategicMerge.Apply(tree, []), tree));

    [Fact]
    public void The_same_overlay_twice_is_the_overlay_once() =>
        Gen.Select(Trees, Trees).Sample((tree, overlay) =>
        {
            var once = StrategicMerge.Apply(tree, overlay);
            JsonNode.DeepEquals(StrategicMerge.Apply(once, overlay), once).ShouldBeTrue();
        });

    [Fact]
    public void Neither_argument_changes() =>
        Gen.Select(Trees, Trees).Sample((tree, overlay) =>
        {
            var (before, patch) = (tree.ToJsonString(), overlay.ToJsonString());
            StrategicMerge.Apply(tree, overlay);
            (tree.ToJsonString(), overlay.ToJsonString()).ShouldBe((before, patch));
        });

    private static JsonObject Parse(string json) => JsonNode.Parse(json)!.AsObject();

    private static JsonObject Tree(Random random, int depth)
    {
        var result = new JsonObject();
        foreach (var key in Keys)
        {
            if (random.Next(2) == 0)
                result[key] = Value(random, key, depth);
        }

        return result;
    }

    private static JsonNode? Value(Random random, string key, int depth) => key switch
    {
        "containers" or "env" => new JsonArray([.. Enumerable.Range(0, random.Next(3)).Select(index => Named(random, index, depth))]),
        "args" => new JsonArray("x", random.Next(3)),
        _ when depth > 0 && random.Next(2) == 0 => Tree(random, depth - 1),
        _ => random.Next(3) == 0 ? null : JsonValue.Create(random.Next(3)),
    };

    private static JsonObject Named(Random random, int index, int depth)
    {
        var item = depth > 0 ? Tree(random, depth - 1) : [];
        item["name"] = $"n{index}";
        return item;
    }
}
