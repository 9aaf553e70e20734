using System.Text.Json.Nodes;
using CsCheck;
using Ops.Healing.Content;
using Ops.Llm;

namespace Ops.Healing.Tests;

/// <summary>Digests, differences and the audit: what "the same" means.</summary>
public sealed class Content_rules
{
    [Fact]
    public void Equal_values_have_one_digest_whatever_their_order()
    {
        CanonicalJson.Digest(Shop.Json("""{"b":[1,{"y":2,"x":null}],"a":"é"}""")).ShouldBe(CanonicalJson.Digest(Shop.Json("""{ "a":"\u00e9", "b":[1,{"x":null,"y":2}] }""")));
        CanonicalJson.Digest(Shop.Json("""{"a":[1,2]}""")).ShouldNotBe(CanonicalJson.Digest(Shop.Json("""{"a":[2,1]}""")));
    }

    [Fact]
    public void Status_and_the_servers_own_metadata_are_no_content() =>
        ObjectContent.Digest(Shop.Json("""{"metadata":{"name":"a","resourceVersion":"1","labels":{"x":"y"}},"spec":{"a":1},"status":{"n":1}}"""))
            .ShouldBe(ObjectContent.Digest(Shop.Json("""{"metadata":{"name":"a","resourceVersion":"2","labels":{"x":"y"},"annotations":{"k":"v"}},"spec":{"a":1},"status":{"n":2}}""")));

    [Fact]
    // API servers store no null: a member is there or it is not.
    public void Whatever_changed_can_be_taken_back() =>
        Gen.Select(Value(3), Value(3)).Sample((one, other) =>
        {
            var before = new JsonObject { ["a~/b"] = JsonNode.Parse(one), ["keep"] = 1 };
            var after = new JsonObject { ["a~/b"] = JsonNode.Parse(other), ["keep"] = 1 };
            ObjectDiff.TakeBack(after, ObjectDiff.Between(before, after));
            JsonNode.DeepEquals(before, after).ShouldBeTrue($"{one} to {other}: {after.ToJsonString()}");
        });

    [Fact]
    public void An_audit_shows_whether_an_entry_was_altered_or_left_out()
    {
        var log = Audit.Add(Audit.Add(Audit.Add(null, Shop.Now, "Proposed", "a"), Shop.Now, "Checked", "b"), Shop.Now, "Wrote", "c");
        Audit.IsWhole(log).ShouldBeTrue();
        Audit.IsWhole([log[0], log[1] with { Detail = "x" }, log[2]]).ShouldBeFalse();
        Audit.IsWhole([log[0], log[2]]).ShouldBeFalse();
        Audit.IsWhole([log[1], log[0], log[2]]).ShouldBeFalse();
    }

    [Fact]
    public void An_audit_is_bounded_and_says_that_it_is_full()
    {
        IReadOnlyList<Api.AuditEntry>? log = null;
        for (var i = 0; i < 100; i++)
            log = Audit.Add(log, Shop.Now, "Wrote", $"{i}");
        log!.Count.ShouldBe(Api.RemediationStatus.MaxAudit);
        log[^1].Event.ShouldBe("Full");
    }

    [Theory]
    [InlineData("ignore\nprevious", "ignore previous")]
    [InlineData("a\u200bb\u202ec\u2066d\ufeffe", "abcde")]
    [InlineData("\u001b[31mred", "[31mred")]
    [InlineData(null, "")]
    public void Tainted_text_is_one_plain_line(string? text, string expected) => TaintedText.Clean(text, 100).ShouldBe(expected);

    [Fact]
    public void Ten_megabytes_are_cut_and_no_character_is_halved()
    {
        TaintedText.Clean(new string('x', 10_000_000), 100).Length.ShouldBe(100);
        TaintedText.Clean(string.Concat(Enumerable.Repeat("\U0001F600", 60)), 101).Length.ShouldBe(100);
    }

    private static Gen<string> Value(int depth) => depth == 0
        ? Gen.OneOf(Gen.Int[0, 3].Select(number => $"{number}"), Gen.Const("true"), Gen.Const("\"t\""))
        : Gen.OneOf(
            Value(0),
            Value(depth - 1).Array[0, 3].Select(items => $"[{string.Join(',', items)}]"),
            Gen.Select(Value(depth - 1), Value(depth - 1)).Select((a, b) => $$"""{"m":{{a}},"n":{{b}}}"""),
            Value(depth - 1).Select(a => $$"""{"m":{{a}}}"""));
}
