using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ops.Kube.Tests;

public sealed class IntentComparisonTests
{
    private const string Owned = """
        {"f:metadata":{"f:labels":{"f:app":{}}},
         "f:spec":{"f:replicas":{},"f:selector":{},"f:ports":{"k:{\"port\":80,\"protocol\":\"TCP\"}":{".":{},"f:port":{},"f:name":{}}},"f:groups":{"v:\"a\"":{}}}}
        """;

    private const string Observed = """
        {"apiVersion":"v1","kind":"X","metadata":{"name":"x","namespace":"n","uid":"1","labels":{"app":"web","other":"z"}},
         "spec":{"replicas":2,"selector":{"a":"b"},"paused":false,
          "ports":[{"port":9,"protocol":"UDP","name":"theirs"},{"port":80,"protocol":"TCP","name":"http","nodePort":30000}],"groups":["b","a"]},"status":{"ready":1}}
        """;

    private const string Same = """
        {"apiVersion":"v1","kind":"X","metadata":{"name":"x","namespace":"n","labels":{"app":"web"}},
         "spec":{"replicas":2,"selector":{"a":"b"},"ports":[{"port":80,"name":"http"}],"groups":["a"]}}
        """;

    [Fact]
    public void An_intent_whose_fields_all_stand_and_are_ours_is_in_force() => InForce(Same).ShouldBeTrue();

    [Theory]
    [InlineData("a changed value", "\"replicas\":2", "\"replicas\":3")]
    [InlineData("a changed label", "\"app\":\"web\"", "\"app\":\"api\"")]
    [InlineData("a new label", "\"app\":\"web\"", "\"app\":\"web\",\"tier\":\"x\"")]
    [InlineData("a dropped field", "\"replicas\":2,", "")]
    [InlineData("a dropped list item", "[{\"port\":80,\"name\":\"http\"}]", "[]")]
    [InlineData("a changed item", "\"name\":\"http\"", "\"name\":\"web\"")]
    [InlineData("a new item", "{\"port\":80,\"name\":\"http\"}", "{\"port\":80,\"name\":\"http\"},{\"port\":81}")]
    [InlineData("a smaller atomic map", "\"selector\":{\"a\":\"b\"}", "\"selector\":{}")]
    [InlineData("another set member", "\"groups\":[\"a\"]", "\"groups\":[\"c\"]")]
    [InlineData("a field that others own with the same value", "\"replicas\":2", "\"replicas\":2,\"paused\":false")]
    public void A_difference_is_seen(string what, string from, string to)
    {
        Same.ShouldContain(from);
        InForce(Same.Replace(from, to, StringComparison.Ordinal)).ShouldBeFalse(what);
    }

    [Fact]
    public void Our_items_in_another_order_are_a_difference()
    {
        var owned = """{"f:c":{"k:{\"name\":\"a\"}":{".":{},"f:name":{}},"k:{\"name\":\"b\"}":{".":{},"f:name":{}}}}""";
        var observed = """{"c":[{"name":"a"},{"name":"side"},{"name":"b"}]}""";
        InForce("""{"c":[{"name":"a"},{"name":"b"}]}""", observed, owned).ShouldBeTrue();
        InForce("""{"c":[{"name":"b"},{"name":"a"}]}""", observed, owned).ShouldBeFalse();
    }

    [Fact]
    public void A_default_inside_a_structure_that_is_replaced_whole_is_no_difference()
    {
        const string Fields = """{"f:fieldRef":{}}""";
        InForce("""{"fieldRef":{"fieldPath":"a"}}""", """{"fieldRef":{"fieldPath":"a","apiVersion":"v1"}}""", Fields).ShouldBeTrue();
        InForce("""{"fieldRef":{"fieldPath":"b"}}""", """{"fieldRef":{"fieldPath":"a","apiVersion":"v1"}}""", Fields).ShouldBeFalse();
        InForce("""{"fieldRef":{"fieldPath":"a"}}""", """{"fieldRef":{"fieldPath":"a","apiVersion":"v2"}}""", Fields).ShouldBeFalse();
    }

    [Fact]
    public void Fields_that_nobody_recorded_count_as_a_difference() =>
        InForce(Same, Observed, "{}").ShouldBeFalse();

    private static bool InForce(string intent, string observed = Observed, string owned = Owned) =>
        IntentComparison.InForce(JsonNode.Parse(intent)!.AsObject(), JsonNode.Parse(observed)!.AsObject(), JsonDocument.Parse(owned).RootElement);
}
