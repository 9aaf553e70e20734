using System.Text.Json.Nodes;
using CsCheck;
using Ops.Sandbox.Objects;

namespace Ops.SandboxObjects.Tests;

public sealed class PatchTests
{
    /// <summary>The table of RFC 7386, appendix A.</summary>
    [Theory]
    [InlineData("""{"a":"b"}""", """{"a":"c"}""", """{"a":"c"}""")]
    [InlineData("""{"a":"b"}""", """{"b":"c"}""", """{"a":"b","b":"c"}""")]
    [InlineData("""{"a":"b"}""", """{"a":null}""", "{}")]
    [InlineData("""{"a":"b","b":"c"}""", """{"a":null}""", """{"b":"c"}""")]
    [InlineData("""{"a":["b"]}""", """{"a":"c"}""", """{"a":"c"}""")]
    [InlineData("""{"a":"c"}""", """{"a":["b"]}""", """{"a":["b"]}""")]
    [InlineData("""{"a":{"b":"c"}}""", """{"a":{"b":"d","c":null}}""", """{"a":{"b":"d"}}""")]
    [InlineData("""{"a":[{"b":"c"}]}""", """{"a":[1]}""", """{"a":[1]}""")]
    [InlineData("""["a","b"]""", """["c","d"]""", """["c","d"]""")]
    [InlineData("""{"a":"b"}""", """["c"]""", """["c"]""")]
    [InlineData("""{"a":"foo"}""", "null", "null")]
    [InlineData("""{"a":"foo"}""", "\"bar\"", "\"bar\"")]
    [InlineData("""{"e":null}""", """{"a":1}""", """{"e":null,"a":1}""")]
    [InlineData("[1,2]", """{"a":"b","c":null}""", """{"a":"b"}""")]
    [InlineData("{}", """{"a":{"bb":{"ccc":null}}}""", """{"a":{"bb":{}}}""")]
    public void A_merge_patch_follows_the_table_of_its_RFC(string target, string patch, string result) =>
        MergePatch.Apply(Json.Node(target), Json.Node(patch)).ShouldBeJson(result);

    [Fact]
    public void A_merge_patch_applied_twice_is_the_patch_applied_once_and_leaves_its_arguments_alone() =>
        Gen.Select(Documents.Object, Documents.Object).Sample((target, patch) =>
        {
            var (before, wanted) = (target.ToJsonString(), patch.ToJsonString());
            var once = MergePatch.Apply(target, patch);
            JsonEquality.Same(MergePatch.Apply(once, patch), once).ShouldBeTrue();
            target.ToJsonString().ShouldBe(before);
            patch.ToJsonString().ShouldBe(wanted);
        }, iter: 2000);

    /// <summary>Examples of RFC 6902, appendix A, and a few of its rules; a null result means refused.</summary>
    [Theory]
    [InlineData("""{"foo":"bar"}""", """[{"op":"add","path":"/baz","value":"qux"}]""", """{"baz":"qux","foo":"bar"}""")]
    [InlineData("""{"foo":["bar","baz"]}""", """[{"op":"add","path":"/foo/1","value":"qux"}]""", """{"foo":["bar","qux","baz"]}""")]
    [InlineData("""{"baz":"qux","foo":"bar"}""", """[{"op":"remove","path":"/baz"}]""", """{"foo":"bar"}""")]
    [InlineData("""{"foo":["bar","qux","baz"]}""", """[{"op":"remove","path":"/foo/1"}]""", """{"foo":["bar","baz"]}""")]
    [InlineData("""{"baz":"qux","foo":"bar"}""", """[{"op":"replace","path":"/baz","value":"boo"}]""", """{"baz":"boo","foo":"bar"}""")]
    [InlineData("""{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}""", """[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]""",
        """{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}""")]
    [InlineData("""{"foo":["all","grass","cows","eat"]}""", """[{"op":"move","from":"/foo/1","path":"/foo/3"}]""", """{"foo":["all","cows","eat","grass"]}""")]
    [InlineData("""{"baz":"qux","foo":["a",2,"c"]}""", """[{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}]""", """{"baz":"qux","foo":["a",2,"c"]}""")]
    [InlineData("""{"baz":"qux"}""", """[{"op":"test","path":"/baz","value":"bar"}]""", null)]
    [InlineData("""{"foo":"bar"}""", """[{"op":"add","path":"/child","value":{"grandchild":{}}}]""", """{"foo":"bar","child":{"grandchild":{}}}""")]
    [InlineData("""{"foo":"bar"}""", """[{"op":"add","path":"/baz","value":"qux","xyz":123}]""", """{"foo":"bar","baz":"qux"}""")]
    [InlineData("""{"foo":"bar"}""", """[{"op":"add","path":"/baz/bat","value":"qux"}]""", null)]
    [InlineData("""{"/":9,"~1":10}""", """[{"op":"test","path":"/~01","value":10}]""", """{"/":9,"~1":10}""")]
    [InlineData("""{"/":9,"~1":10}""", """[{"op":"test","path":"/~01","value":"10"}]""", null)]
    [InlineData("""{"foo":["bar"]}""", """[{"op":"add","path":"/foo/-","value":["abc","def"]}]""", """{"foo":["bar",["abc","def"]]}""")]
    [InlineData("""{"foo":1}""", """[{"op":"replace","path":"/bar","value":1}]""", null)]
    [InlineData("""{"foo":1}""", """[{"op":"remove","path":"/bar"}]""", null)]
    [InlineData("""{"foo":[1]}""", """[{"op":"add","path":"/foo/5","value":1}]""", null)]
    [InlineData("""{"foo":[1]}""", """[{"op":"add","path":"/foo/01","value":1}]""", null)]
    [InlineData("""{"foo":{"bar":1}}""", """[{"op":"move","from":"/foo","path":"/foo/bar/x"}]""", null)]
    [InlineData("""{"foo":1}""", """[{"op":"copy","from":"/foo","path":"/bar"}]""", """{"foo":1,"bar":1}""")]
    [InlineData("""{"foo":1}""", """[{"op":"jump","path":"/foo"}]""", null)]
    [InlineData("""{"foo":null}""", """[{"op":"replace","path":"/foo","value":{"a":1}}]""", """{"foo":{"a":1}}""")]
    public void A_JSON_patch_follows_its_RFC(string document, string patch, string? result)
    {
        if (result is null)
            Should.Throw<PatchFailedException>(() => JsonPatch.Apply(Json.Node(document)!, Json.Array(patch)));
        else
            JsonPatch.Apply(Json.Node(document)!, Json.Array(patch)).ShouldBeJson(result);
    }

    [Fact]
    public void A_failing_JSON_patch_changes_nothing()
    {
        var document = Json.Object("""{"a":1}""");
        Should.Throw<PatchFailedException>(() => JsonPatch.Apply(document, Json.Array("""[{"op":"add","path":"/b","value":2},{"op":"test","path":"/a","value":9}]""")))
            .IsMalformed.ShouldBeFalse();
        document.ShouldBeJson("""{"a":1}""");
    }

    private static readonly StructuralSchema Deployment = BuiltInKinds.Find("apps", "v1", "Deployment")!.Schema;

    [Theory]
    // Containers merge by name, ports by containerPort, scalars lists are replaced.
    [InlineData("""{"spec":{"template":{"spec":{"containers":[{"name":"a","image":"x:1","args":["1"]},{"name":"b","image":"y:1"}]}}}}""",
        """{"spec":{"template":{"spec":{"containers":[{"name":"b","image":"y:2"},{"name":"a","args":["2","3"]}]}}}}""",
        """{"spec":{"template":{"spec":{"containers":[{"name":"b","image":"y:2"},{"name":"a","image":"x:1","args":["2","3"]}]}}}}""")]
    // New elements come before those that the patch does not name, unless the server's order says otherwise.
    [InlineData("""{"spec":{"template":{"spec":{"containers":[{"name":"a"},{"name":"b"},{"name":"c"}]}}}}""",
        """{"spec":{"template":{"spec":{"containers":[{"name":"c","image":"z"},{"name":"n","image":"new"}]}}}}""",
        """{"spec":{"template":{"spec":{"containers":[{"name":"a"},{"name":"b"},{"name":"c","image":"z"},{"name":"n","image":"new"}]}}}}""")]
    // $patch: delete removes the element.
    [InlineData("""{"spec":{"template":{"spec":{"containers":[{"name":"a","image":"x"},{"name":"b","image":"y"}]}}}}""",
        """{"spec":{"template":{"spec":{"containers":[{"name":"a","$patch":"delete"}]}}}}""",
        """{"spec":{"template":{"spec":{"containers":[{"name":"b","image":"y"}]}}}}""")]
    // $patch: replace as an element replaces the list.
    [InlineData("""{"spec":{"template":{"spec":{"containers":[{"name":"a","image":"x"},{"name":"b","image":"y"}]}}}}""",
        """{"spec":{"template":{"spec":{"containers":[{"name":"c","image":"z"},{"$patch":"replace"}]}}}}""",
        """{"spec":{"template":{"spec":{"containers":[{"name":"c","image":"z"}]}}}}""")]
    // $patch: replace in an object replaces the object.
    [InlineData("""{"spec":{"template":{"metadata":{"labels":{"a":"1"}}}}}""",
        """{"spec":{"template":{"metadata":{"$patch":"replace","labels":{"b":"2"}}}}}""",
        """{"spec":{"template":{"metadata":{"labels":{"b":"2"}}}}}""")]
    // $retainKeys keeps only the named members.
    [InlineData("""{"spec":{"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1}}}}""",
        """{"spec":{"strategy":{"$retainKeys":["type"],"type":"Recreate"}}}""",
        """{"spec":{"strategy":{"type":"Recreate"}}}""")]
    // $setElementOrder orders and is never stored.
    [InlineData("""{"spec":{"template":{"spec":{"containers":[{"name":"a"},{"name":"b"},{"name":"c"}]}}}}""",
        """{"spec":{"template":{"spec":{"$setElementOrder/containers":[{"name":"c"},{"name":"a"},{"name":"b"}],"containers":[{"name":"b","image":"n"}]}}}}""",
        """{"spec":{"template":{"spec":{"containers":[{"name":"c"},{"name":"a"},{"name":"b","image":"n"}]}}}}""")]
    // Env merges by name, null removes a member.
    [InlineData("""{"spec":{"template":{"spec":{"containers":[{"name":"a","env":[{"name":"X","value":"1"},{"name":"Y","value":"2"}]}]}}}}""",
        """{"spec":{"template":{"spec":{"containers":[{"name":"a","env":[{"name":"X","value":null,"valueFrom":{"fieldRef":{"fieldPath":"status.podIP"}}}]}]}}}}""",
        """{"spec":{"template":{"spec":{"containers":[{"name":"a","env":[{"name":"X","valueFrom":{"fieldRef":{"fieldPath":"status.podIP"}}},{"name":"Y","value":"2"}]}]}}}}""")]
    // Finalizers are a set; $deleteFromPrimitiveList takes out of it.
    [InlineData("""{"metadata":{"finalizers":["a/x","b/y"]}}""", """{"metadata":{"finalizers":["c/z","a/x"]}}""", """{"metadata":{"finalizers":["c/z","a/x","b/y"]}}""")]
    [InlineData("""{"metadata":{"finalizers":["a/x","b/y"]}}""", """{"metadata":{"$deleteFromPrimitiveList/finalizers":["a/x"]}}""", """{"metadata":{"finalizers":["b/y"]}}""")]
    public void A_strategic_merge_patch_merges_by_key_and_obeys_directives(string target, string patch, string result) =>
        StrategicMergePatch.Apply(Json.Object(target), Json.Object(patch), Deployment).ShouldBeJson(result);

    [Fact]
    public void A_strategic_element_without_its_key_and_an_unknown_directive_are_refused()
    {
        var target = Json.Object("""{"spec":{"template":{"spec":{"containers":[]}}}}""");
        Should.Throw<PatchFailedException>(() => StrategicMergePatch.Apply(target, Json.Object("""{"spec":{"template":{"spec":{"containers":[{"image":"x"}]}}}}"""), Deployment))
            .Message.ShouldContain("does not contain declared merge key: name");
        Should.Throw<PatchFailedException>(() => StrategicMergePatch.Apply(target, Json.Object("""{"spec":{"$patch":"explode"}}"""), Deployment));
    }
}
