using System.Text.Json.Nodes;
using CsCheck;
using Ops.Sandbox.Objects;

namespace Ops.SandboxObjects.Tests;

public sealed class ApplyTests
{
    private static readonly DateTimeOffset T0 = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_first_apply_creates_and_owns_what_it_declares()
    {
        var live = Apply(null, """{"replicas":2,"ports":[{"name":"a","port":1}],"tags":["x"],"labels":{"k":"v"},"args":["1"]}""", "op");
        Entries(live).ShouldBeJson("""
            [{"manager":"op","operation":"Apply","apiVersion":"example.test/v1","time":"2026-01-01T00:00:00Z","fieldsType":"FieldsV1","fieldsV1":
              {"f:spec":{"f:args":{},"f:labels":{"f:k":{}},"f:ports":{"k:{\"name\":\"a\"}":{".":{},"f:name":{},"f:port":{}}},"f:replicas":{},"f:tags":{"v:\"x\"":{}}}}}]
            """);
    }

    [Fact]
    public void The_same_apply_later_changes_nothing_not_even_the_time()
    {
        var first = Apply(null, """{"replicas":2,"ports":[{"name":"a"},{"name":"b"}]}""", "op");
        var again = Apply(first, """{"replicas":2,"ports":[{"name":"a"},{"name":"b"}]}""", "op", at: T0.AddHours(1));
        again.ToJsonString().ShouldBe(first.ToJsonString());
    }

    [Fact]
    public void Two_managers_may_own_one_value_but_not_two_values()
    {
        var live = Apply(Apply(null, """{"replicas":2}""", "op"), """{"replicas":2,"image":"x"}""", "other");
        var conflict = Conflict(live, """{"replicas":3,"image":"x"}""", "other");
        conflict.Message.ShouldBe("Apply failed with 1 conflict: conflict with \"op\": .spec.replicas");
        conflict.Causes.ShouldBe([new FieldCause("FieldManagerConflict", "conflict with \"op\"", ".spec.replicas")]);
        var forced = Apply(live, """{"replicas":3,"image":"x"}""", "other", force: true);
        forced["spec"]!["replicas"]!.GetValue<int>().ShouldBe(3);
        ((JsonArray)Entries(forced)!).Count.ShouldBe(1);
    }

    [Fact]
    public void Several_conflicts_are_listed_by_manager_and_updaters_with_their_version()
    {
        var live = Apply(null, """{"replicas":2,"ports":[{"name":"a","port":1}]}""", "op");
        Conflict(live, """{"replicas":3,"ports":[{"name":"a","port":2}]}""", "other").Message
            .ShouldBe("Apply failed with 2 conflicts: conflicts with \"op\":\n- .spec.ports[name=\"a\"].port\n- .spec.replicas");
        var updated = (JsonObject)live.DeepClone();
        updated["spec"]!["replicas"] = 5;
        ManagedFields.RecordUpdate(live, updated, Widgets.Kind, "upd", null, T0);
        Conflict(updated, """{"replicas":6}""", "op").Message.ShouldBe("Apply failed with 1 conflict: conflict with \"upd\" using example.test/v1: .spec.replicas");
    }

    [Fact]
    public void What_only_the_applier_owned_goes_when_it_is_no_longer_declared()
    {
        var live = Apply(null, """{"replicas":2,"image":"x","ports":[{"name":"a"},{"name":"b"}],"tags":["x","y"],"nested":{"level":1},"labels":{"k":"v","l":"w"}}""", "op");
        Apply(live, """{"replicas":2,"ports":[{"name":"b"}],"tags":["y"],"labels":{"l":"w"}}""", "op")["spec"]
            .ShouldBeJson("""{"replicas":2,"ports":[{"name":"b"}],"tags":["y"],"labels":{"l":"w"}}""");
    }

    [Fact]
    public void What_another_manager_still_declares_stays()
    {
        var live = Apply(null, """{"replicas":2,"image":"x","ports":[{"name":"a","port":1}]}""", "op");
        live = Apply(live, """{"image":"x","ports":[{"name":"a","protocol":"UDP"}]}""", "other");
        live = Apply(live, """{"replicas":2}""", "op");
        live["spec"].ShouldBeJson("""{"replicas":2,"image":"x","ports":[{"name":"a","protocol":"UDP"}]}""");
    }

    [Fact]
    public void An_update_takes_ownership_of_what_it_changed_and_removal_takes_it_from_all()
    {
        var live = Apply(null, """{"replicas":2,"image":"x"}""", "op");
        var updated = (JsonObject)live.DeepClone();
        updated["spec"]!["replicas"] = 5;
        ((JsonObject)updated["spec"]!).Remove("image");
        ManagedFields.RecordUpdate(live, updated, Widgets.Kind, "curl", null, T0);
        Entries(updated).ShouldBeJson("""
            [{"manager":"curl","operation":"Update","apiVersion":"example.test/v1","time":"2026-01-01T00:00:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:replicas":{}}}}]
            """);
    }

    [Fact]
    public void An_update_that_creates_owns_parents_too_and_one_that_changes_nothing_keeps_its_time()
    {
        var created = Widgets.Of("""{"replicas":1,"labels":{"k":"v"}}""");
        ManagedFields.RecordUpdate(null, created, Widgets.Kind, "curl", null, T0);
        Entries(created)![0]!["fieldsV1"].ShouldBeJson("""{"f:spec":{".":{},"f:labels":{".":{},"f:k":{}},"f:replicas":{}}}""");
        var same = (JsonObject)created.DeepClone();
        ManagedFields.RecordUpdate(created, same, Widgets.Kind, "curl", null, T0.AddHours(1));
        same.ToJsonString().ShouldBe(created.ToJsonString());
    }

    [Fact]
    public void A_status_write_has_an_entry_of_its_own_and_touches_nothing_else()
    {
        var live = Apply(null, """{"replicas":2}""", "op");
        var intent = Widgets.Of("""{"replicas":9}""");
        intent["status"] = Json.Node("""{"phase":"Ready"}""");
        var outcome = ServerSideApply.Apply(live, intent, Widgets.Kind, "op", force: false, "status", T0).ShouldBeOfType<ApplyOutcome.Merged>().Object;
        outcome["spec"]!["replicas"]!.GetValue<int>().ShouldBe(2);
        outcome["status"].ShouldBeJson("""{"phase":"Ready"}""");
        ((JsonArray)Entries(outcome)!).Select(e => e!["subresource"]?.GetValue<string>() ?? "").ShouldBe(["", "status"], ignoreOrder: true);
        // On the main URL the status of the intent is ignored.
        Apply(outcome, """{"replicas":2}""", "op")["status"].ShouldBeJson("""{"phase":"Ready"}""");
    }

    [Fact]
    public void An_empty_entry_resets_and_missing_entries_are_not_forgotten()
    {
        var live = Apply(null, """{"replicas":2}""", "op");
        var plain = Widgets.Of("""{"replicas":2,"image":"x"}""");
        ManagedFields.RecordUpdate(live, plain, Widgets.Kind, "old-client", null, T0);
        ((JsonArray)Entries(plain)!).Count.ShouldBe(2);
        var reset = (JsonObject)live.DeepClone();
        reset["metadata"]!["managedFields"] = new JsonArray(new JsonObject());
        ManagedFields.RecordUpdate(live, reset, Widgets.Kind, "kubectl", null, T0);
        Entries(reset).ShouldBeNull();
    }

    [Fact]
    public void What_client_side_apply_set_and_nobody_changed_is_no_conflict_for_kubectl_alone()
    {
        const string Annotation = "kubectl.kubernetes.io/last-applied-configuration";
        var live = Widgets.Of("""{"replicas":1,"image":"x"}""");
        live["metadata"]!["annotations"] = new JsonObject { [Annotation] = """{"apiVersion":"example.test/v1","kind":"Widget","metadata":{"name":"w1"},"spec":{"replicas":1,"image":"x"}}""" };
        ManagedFields.RecordUpdate(null, live, Widgets.Kind, "kubectl-client-side-apply", null, T0);
        Conflict(live, """{"replicas":2}""", "other").Message.ShouldContain("conflict with \"kubectl-client-side-apply\"");
        var moved = Apply(live, """{"replicas":2}""", "kubectl");
        moved["metadata"]!["annotations"]![Annotation]!.GetValue<string>().ShouldContain("\"replicas\":2");
        // A value that somebody changed after the client-side apply is a conflict for kubectl too.
        var scaled = (JsonObject)live.DeepClone();
        scaled["spec"]!["replicas"] = 7;
        ManagedFields.RecordUpdate(live, scaled, Widgets.Kind, "autoscaler", null, T0);
        Conflict(scaled, """{"replicas":2}""", "kubectl").Message.ShouldContain("conflict with \"autoscaler\"");
    }

    [Fact]
    public void Updaters_are_folded_when_there_are_more_than_ten()
    {
        var live = Widgets.Of("""{"replicas":1,"labels":{}}""");
        ManagedFields.RecordUpdate(null, live, Widgets.Kind, "u0", null, T0);
        for (var i = 1; i <= 20; i++)
        {
            var next = (JsonObject)live.DeepClone();
            next["spec"]!["labels"]!["k" + i] = "v";
            ManagedFields.RecordUpdate(live, next, Widgets.Kind, "u" + i, null, T0.AddSeconds(i));
            live = next;
        }

        var managers = ((JsonArray)Entries(live)!).Select(e => e!["manager"]!.GetValue<string>()).ToList();
        managers.Count.ShouldBe(10);
        managers.ShouldContain("ancient-changes");
    }

    [Fact]
    public void Containers_of_a_deployment_merge_by_name_and_ports_by_number_and_protocol()
    {
        var kind = BuiltInKinds.Find("apps", "v1", "Deployment")!;
        JsonObject Intent(string containers) => Json.Object($$$$$"""{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"template":{"spec":{"containers":{{{{{containers}}}}}}}}}""");
        var live = ((ApplyOutcome.Merged)ServerSideApply.Apply(null, Intent("""[{"name":"a","image":"x","ports":[{"containerPort":80}]}]"""), kind, "op", false, null, T0)).Object;
        Defaulting.Apply(live, kind);
        var merged = ((ApplyOutcome.Merged)ServerSideApply.Apply(live, Intent("""[{"name":"b","image":"y","resources":{"limits":{"cpu":"0.5"}}},{"name":"a","ports":[{"containerPort":80,"hostPort":8080}]}]"""), kind, "other", false, null, T0)).Object;
        var containers = merged["spec"]!["template"]!["spec"]!["containers"]!;
        containers.AsArray().Select(c => c!["name"]!.GetValue<string>()).ShouldBe(["b", "a"]);
        containers[1]!["ports"].ShouldBeJson("""[{"containerPort":80,"protocol":"TCP","hostPort":8080}]""");
        containers[1]!["image"]!.GetValue<string>().ShouldBe("x");
        merged.ToJsonString().ShouldContain("k:{\\\"containerPort\\\":80,\\\"protocol\\\":\\\"TCP\\\"}".Replace("\\\"", "\\u0022"));
    }

    [Fact]
    public void Random_managers_never_lose_what_they_last_declared_and_a_second_apply_is_no_change()
    {
        var manager = Gen.Int[0, 2].Select(i => "m" + i);
        Gen.Select(manager, Specs, Gen.Bool).Array[1, 12].Sample(steps =>
        {
            JsonObject? live = null;
            var declared = new Dictionary<string, JsonObject>();
            foreach (var (name, spec, force) in steps)
            {
                var intent = Widgets.Of(spec.ToJsonString());
                if (ServerSideApply.Apply(live, intent, Widgets.Kind, name, force, null, T0) is not ApplyOutcome.Merged merged)
                {
                    force.ShouldBeFalse();
                    continue;
                }

                live = merged.Object;
                declared[name] = spec;
                if (force)
                    Concede(declared, name, live);
                foreach (var (owner, wanted) in declared)
                    Covers(live["spec"], wanted, Widgets.Kind.Schema.Member("spec")!).ShouldBeTrue($"{owner} lost a field of {wanted.ToJsonString()} in {live.ToJsonString()}");
                var again = ((ApplyOutcome.Merged)ServerSideApply.Apply(live, intent, Widgets.Kind, name, force, null, T0.AddHours(1))).Object;
                again.ToJsonString().ShouldBe(live.ToJsonString());
            }
        }, iter: 1500);
    }

    /// <summary>A forced apply takes fields from others: from then on they are not their declarations any more.</summary>
    private static void Concede(Dictionary<string, JsonObject> declared, string winner, JsonObject live)
    {
        foreach (var owner in declared.Keys.Where(k => k != winner).ToArray())
            if (!Covers(live["spec"], declared[owner], Widgets.Kind.Schema.Member("spec")!))
                declared.Remove(owner);
    }

    /// <summary>True when the live value holds everything that was declared.</summary>
    private static bool Covers(JsonNode? live, JsonNode? wanted, StructuralSchema schema) => wanted switch
    {
        JsonObject obj => live is JsonObject l && obj.All(p => l.ContainsKey(p.Key) && Covers(l[p.Key], p.Value, schema.Member(p.Key)!)),
        JsonArray array when schema.ListType == ListType.Set => live is JsonArray l && array.All(e => l.Any(x => JsonEquality.Same(x, e))),
        JsonArray array when schema.ListType == ListType.Map => live is JsonArray l
            && array.All(e => l.Any(x => JsonEquality.Same(x!["name"], e!["name"]) && Covers(x, e, schema.Items!))),
        _ => JsonEquality.Same(live, wanted),
    };

    private static readonly Gen<JsonObject> Specs = Gen.Select(
        Gen.Int[0, 2], Gen.Int[0, 2], Gen.Int[0, 7], Gen.Int[0, 7], Gen.Int[0, 7], Gen.Int[0, 2]).Select(
        (replicas, image, ports, tags, labels, extra) =>
        {
            var spec = new JsonObject();
            if (replicas > 0)
                spec["replicas"] = replicas;
            if (image > 0)
                spec["image"] = "i" + image;
            var names = Subset(ports);
            if (names.Length > 0)
                spec["ports"] = new JsonArray([.. (extra == 1 ? names.Reverse() : names).Select(n => (JsonNode)(extra == 2 ? new JsonObject { ["name"] = n, ["port"] = replicas } : new JsonObject { ["name"] = n }))]);
            if (tags > 0)
                spec["tags"] = new JsonArray([.. Subset(tags).Select(n => (JsonNode)n)]);
            if (labels > 0)
                spec["labels"] = new JsonObject(Subset(labels).Select(n => KeyValuePair.Create(n, (JsonNode?)JsonValue.Create("v" + image))));
            if (extra == 1)
                spec["nested"] = new JsonObject { ["level"] = image };
            return spec;
        });

    private static string[] Subset(int bits) => [.. new[] { "a", "b", "c" }.Where((_, i) => (bits >> i & 1) == 1)];

    private static JsonNode? Entries(JsonObject obj) => obj["metadata"]!["managedFields"];

    private static JsonObject Apply(JsonObject? live, string spec, string manager, bool force = false, DateTimeOffset? at = null) =>
        ServerSideApply.Apply(live, Widgets.Of(spec), Widgets.Kind, manager, force, null, at ?? T0).ShouldBeOfType<ApplyOutcome.Merged>().Object;

    private static ApplyOutcome.Conflicts Conflict(JsonObject live, string spec, string manager) =>
        ServerSideApply.Apply(live, Widgets.Of(spec), Widgets.Kind, manager, false, null, T0).ShouldBeOfType<ApplyOutcome.Conflicts>();
}
