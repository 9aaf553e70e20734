using System.Text.Json.Nodes;
using CsCheck;
using k8s;
using Ops.Api;

namespace Ops.Operator.Tests;

/// <summary>Schema and CEL rules against objects, and the CEL rules against their C# twins.</summary>
public sealed class RuleTests
{
    private const string Pool = """{"apiVersion":"ops.autonomic.dev/v1alpha1","kind":"ModelPool","metadata":{"name":"p","namespace":"default"},"spec":{"model":"org/m","gpu":{"product":"H100"},"engine":{"type":"simulated"}}}""";
    private const string Route = """{"apiVersion":"ops.autonomic.dev/v1alpha1","kind":"ModelRoute","metadata":{"name":"r","namespace":"default"},"spec":{"variants":[{"pool":"a","quality":{"default":0.5}}]}}""";

    private const string Inc = """{"apiVersion":"ops.autonomic.dev/v1alpha1","kind":"Incident","metadata":{"name":"i","namespace":"default"},"spec":{}}""";
    private const string Budget = """{"apiVersion":"ops.autonomic.dev/v1alpha1","kind":"EnergyBudget","metadata":{"name":"b"},"spec":{"watts":3000}}""";
    private const string Healing = """{"apiVersion":"ops.autonomic.dev/v1alpha1","kind":"HealingPolicy","metadata":{"name":"h","namespace":"default"},"spec":{}}""";
    private const string Rem = """{"apiVersion":"ops.autonomic.dev/v1alpha1","kind":"Remediation","metadata":{"name":"m","namespace":"default"},"spec":{"policy":"h","incident":"i","cause":"ScaledToZero","attempt":1,"approveWithin":"15m","actions":[{"type":"Scale","target":{"kind":"Deployment","name":"d"},"parameters":{"replicas":"2"}}]}}""";
    private const string Words = """{"apiVersion":"ops.autonomic.dev/v1alpha1","kind":"Remediation","metadata":{"name":"w","namespace":"default"},"spec":{"policy":"h","request":"scale d to 2"}}""";
    private const string Person = """{"apiVersion":"ops.autonomic.dev/v1alpha1","kind":"Approver","metadata":{"name":"alice","namespace":"default"},"spec":{"decisions":[{"remediation":"m","planHash":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","decision":"approve"}]}}""";

    [Theory]
    [InlineData(Pool)]
    [InlineData(Route)]
    [InlineData(Inc)]
    [InlineData(Budget)]
    [InlineData(Healing)]
    [InlineData(Rem)]
    [InlineData(Words)]
    [InlineData(Person)]
    public void A_small_object_is_taken(string json) => Definitions.Refusals(Parse(json)).ShouldBeEmpty();

    [Fact]
    public void Defaults_are_filled_in()
    {
        var pool = Parse(Pool);
        pool["spec"]!.AsObject().Remove("engine");
        Definitions.Refusals(pool).ShouldBeEmpty();
        JsonNode.DeepEquals(pool["spec"], Parse("""{"model":"org/m","gpu":{"product":"H100","count":1},"engine":{"type":"vllm","port":8000},"role":"both","replicas":1,"suspend":false}""")).ShouldBeTrue(pool.ToJsonString());

        var route = Parse(Route);
        Definitions.Refusals(route).ShouldBeEmpty();
        ((string?)route["spec"]!["objective"]!["hardDeadline"]).ShouldBe("60s");
        ((string?)route["spec"]!["policy"]!["type"]).ShouldBe("price");
        ((int?)route["spec"]!["retry"]!["attempts"]).ShouldBe(2);
        ((string?)route["spec"]!["timeouts"]!["idle"]).ShouldBe("30s");
        JsonNode.DeepEquals(route["spec"]!["admission"], Parse("""{"maxQueued":1000,"maxQueuedBytes":"256Mi","earlyRejection":true,"rejectLateCompletion":false}""")).ShouldBeTrue(route.ToJsonString());

        var incident = Parse(Inc);
        Definitions.Refusals(incident).ShouldBeEmpty();
        JsonNode.DeepEquals(incident["spec"], Parse("""{"type":"performance","keepFor":"24h","suspend":false}""")).ShouldBeTrue(incident.ToJsonString());
        ((int?)route["spec"]!["scorers"]!["prefixCache"]).ShouldBe(3);
        ((string?)route["spec"]!["affinity"]!["sessionHeader"]).ShouldBe("x-ops-session");
    }

    [Theory]
    [InlineData("""{"metadata":{"name":"8b"}}""", "metadata.name must start with a letter")]
    [InlineData("""{"spec":{"model":null}}""", "spec.model")]
    [InlineData("""{"spec":{"model":"--trust-remote-code"}}""", "spec.model")]
    [InlineData("""{"spec":{"gpu":null}}""", "spec.gpu")]
    [InlineData("""{"spec":{"gpu":{"product":"two words"}}}""", "spec.gpu.product")]
    [InlineData("""{"spec":{"gpu":{"count":0}}}""", "spec.gpu.count")]
    [InlineData("""{"spec":{"gpu":{"count":17}}}""", "spec.gpu.count")]
    [InlineData("""{"spec":{"replicas":-1}}""", "spec.replicas")]
    [InlineData("""{"spec":{"replicas":"two"}}""", "spec.replicas")]
    [InlineData("""{"spec":{"engine":{"type":"tgi"}}}""", "spec.engine.type")]
    [InlineData("""{"spec":{"engine":{"port":70000}}}""", "spec.engine.port")]
    [InlineData("""{"spec":{"engine":{"env":[{"name":"A"},{"name":"A"}]}}}""", "spec.engine.env[1]")]
    [InlineData("""{"spec":{"energy":{}}}""", "give clockMHz or powerLimitWatts")]
    [InlineData("""{"spec":{"energy":{"clockMHz":1}}}""", "spec.energy.clockMHz")]
    [InlineData("""{"spec":{"energy":{"mode":"eco"}}}""", "spec.energy.mode")]
    [InlineData("""{"spec":{"scaling":{"objective":"cost"}}}""", "spec.scaling.objective")]
    [InlineData("""{"spec":{"scaling":{"objective":"energy"}}}""", "spec.scaling.max is required")]
    [InlineData("""{"spec":{"scaling":{"min":3,"max":2}}}""", "spec.scaling.min must not be above max")]
    [InlineData("""{"spec":{"scaling":{"idleAfter":"soon"}}}""", "spec.scaling.idleAfter")]
    [InlineData("""{"spec":{"podTemplate":"x"}}""", "spec.podTemplate")]
    [InlineData("""{"spec":{"coResident":{"host":"large"}}}""", "spec.coResident.memoryPercent")]
    [InlineData("""{"spec":{"coResident":{"host":"large","memoryPercent":90}}}""", "spec.coResident.memoryPercent")]
    [InlineData("""{"spec":{"engine":{"type":"vllm"},"coResident":{"host":"large","memoryPercent":40}}}""", "spec.coResident needs spec.engine.type simulated")]
    [InlineData("""{"spec":{"engine":{"type":"simulated"},"energy":{"clockMHz":1200},"coResident":{"host":"large","memoryPercent":40}}}""", "are its host's")]
    public void A_wrong_pool_is_refused_by_its_field(string change, string named) => ExpectRefusal(Pool, change, named);

    [Theory]
    [InlineData("""{"spec":{"variants":[]}}""", "spec.variants")]
    [InlineData("""{"spec":{"variants":[{"pool":"a","quality":{"default":1}},{"pool":"a","quality":{"default":1}}]}}""", "spec.variants[1]")]
    [InlineData("""{"spec":{"variants":[{"pool":"a","quality":{"default":1.5}}]}}""", "spec.variants[0].quality.default")]
    [InlineData("""{"spec":{"variants":[{"pool":"a","quality":{"code":1}}]}}""", "quality needs the key \"default\"")]
    [InlineData("""{"spec":{"variants":[{"pool":"a"}]}}""", "spec.variants[0].quality")]
    [InlineData("""{"spec":{"variants":[{"quality":{"default":1}}]}}""", "spec.variants[0].pool")]
    [InlineData("""{"spec":{"policy":{"type":"learned"}}}""", "spec.policy.type")]
    [InlineData("""{"spec":{"policy":{"type":"price","energyWeight":-0.1}}}""", "spec.policy.energyWeight")]
    [InlineData("""{"spec":{"policy":{"type":"price","energyWeight":2}}}""", "spec.policy.energyWeight")]
    [InlineData("""{"spec":{"policy":{"type":"static"}}}""", "spec.policy.staticPool is required")]
    [InlineData("""{"spec":{"policy":{"type":"learned"}}}""", "spec.policy.policyRef is required")]
    [InlineData("""{"spec":{"policy":{"exploration":0.01}}}""", "spec.policy.exploration needs spec.policy.type learned")]
    [InlineData("""{"spec":{"policy":{"type":"learned","policyRef":"p","exploration":0.06}}}""", "spec.policy.exploration")]
    [InlineData("""{"spec":{"policy":{"type":"static","staticPool":"b"}}}""", "spec.policy.staticPool is not among the pools")]
    [InlineData("""{"spec":{"objective":{"endToEnd":"soon"}}}""", "spec.objective.endToEnd")]
    [InlineData("""{"spec":{"objective":{"hardDeadline":"10s"}}}""", "hardDeadline must not be before endToEnd")]
    [InlineData("""{"spec":{"objective":{"timeToFirstToken":"31s"}}}""", "timeToFirstToken must not be after endToEnd")]
    [InlineData("""{"spec":{"objective":{"timePerOutputToken":"0s"}}}""", "must be above 0")]
    [InlineData("""{"spec":{"timeouts":{"connect":"0ms"}}}""", "spec.timeouts.connect")]
    [InlineData("""{"spec":{"retry":{"attempts":0}}}""", "spec.retry.attempts")]
    [InlineData("""{"spec":{"model":"two words"}}""", "spec.model")]
    [InlineData("""{"spec":{"variants":[{"pool":"a","adapter":"--x","quality":{"default":1}}]}}""", "spec.variants[0].adapter")]
    [InlineData("""{"spec":{"scorers":{"queue":-1}}}""", "spec.scorers.queue")]
    [InlineData("""{"spec":{"scorers":{"prefixCache":101}}}""", "spec.scorers.prefixCache")]
    [InlineData("""{"spec":{"scorers":{"queue":0,"kvCacheUtilization":0,"prefixCache":0,"sessionAffinity":0,"loraAffinity":0}}}""", "spec.scorers has only weights of 0")]
    [InlineData("""{"spec":{"affinity":{"maxLoadPercent":99}}}""", "spec.affinity.maxLoadPercent")]
    [InlineData("""{"spec":{"affinity":{"sessionHeader":"a b"}}}""", "spec.affinity.sessionHeader")]
    public void A_wrong_route_is_refused_by_its_field(string change, string named) => ExpectRefusal(Route, change, named);

    [Theory]
    [InlineData("""{"spec":{"type":"weather"}}""", "spec.type")]
    [InlineData("""{"spec":{"keepFor":"for ever"}}""", "spec.keepFor")]
    [InlineData("""{"spec":{"keepFor":"59s"}}""", "spec.keepFor must be at least 1m")]
    [InlineData("""{"status":{"phase":"Closed"}}""", "status.phase")]
    [InlineData("""{"status":{"causes":[{"score":1}]}}""", "status.causes[0].target")]
    public void A_wrong_incident_is_refused_by_its_field(string change, string named) => ExpectRefusal(Inc, change, named);

    [Theory]
    [InlineData("""{"spec":{"autonomy":"full"}}""", "spec.autonomy")]
    [InlineData("""{"spec":{"workloads":{}}}""", "spec.workloads")]
    [InlineData("""{"spec":{"budget":{"actionsPerHour":-1}}}""", "spec.budget.actionsPerHour")]
    [InlineData("""{"spec":{"protected":[{"kind":"Deployment"}]}}""", "spec.protected[0].name")]
    [InlineData("""{"spec":{"verifyWithin":"500ms"}}""", "spec.verifyWithin must be at least 1s")]
    [InlineData("""{"spec":{"orphanedAfter":"100ms"}}""", "spec.orphanedAfter must be at least 1s")]
    [InlineData("""{"spec":{"approveWithin":"25h"}}""", "spec.approveWithin must be above 0s and at most 24h")]
    [InlineData("""{"spec":{"llm":{"endpoint":"http://models.example.com/v1","deployment":"m"}}}""", "spec.llm.endpoint")]
    [InlineData("""{"spec":{"llm":{"endpoint":"https://user:key@models.example.com/v1","deployment":"m"}}}""", "spec.llm.endpoint")]
    [InlineData("""{"spec":{"llm":{"endpoint":"https://models.example.com/v1"}}}""", "spec.llm.deployment")]
    [InlineData("""{"spec":{"llm":{"endpoint":"https://models.example.com/v1","deployment":"m","timeout":"5m"}}}""", "spec.llm.timeout")]
    public void A_wrong_healing_policy_is_refused_by_its_field(string change, string named) => ExpectRefusal(Healing, change, named);

    [Theory]
    [InlineData("""{"spec":{"actions":[]}}""", "spec needs either spec.actions or")]
    [InlineData("""{"spec":{"request":"scale d to 2"}}""", "spec needs either spec.actions or")]
    [InlineData("""{"spec":{"actions":null}}""", "spec needs either spec.actions or")]
    [InlineData("""{"spec":{"request":""}}""", "spec.request")]
    [InlineData("""{"spec":{"actions":[{"type":"Scale"}]}}""", "spec.actions[0].target")]
    [InlineData("""{"spec":{"attempt":0}}""", "spec.attempt")]
    [InlineData("""{"spec":{"planner":"oracle"}}""", "spec.planner")]
    [InlineData("""{"status":{"phase":"Done"}}""", "status.phase")]
    public void A_wrong_remediation_is_refused_by_its_field(string change, string named) => ExpectRefusal(Rem, change, named);

    [Theory]
    [InlineData("""{"spec":{"decisions":[{"remediation":"m","planHash":"any","decision":"approve"}]}}""", "spec.decisions[0].planHash")]
    [InlineData("""{"spec":{"decisions":[{"remediation":"m","planHash":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","decision":"maybe"}]}}""", "spec.decisions[0].decision")]
    public void A_wrong_decision_is_refused_by_its_field(string change, string named) => ExpectRefusal(Person, change, named);

    [Theory]
    [InlineData("""{"spec":{"suspend":true}}""", true)]
    [InlineData("""{"spec":{"actions":[{"type":"Scale","target":{"kind":"Deployment","name":"d"},"parameters":{"replicas":"0"}}]}}""", false)]
    [InlineData("""{"spec":{"attempt":2}}""", false)]
    [InlineData("""{"spec":{"actions":null,"request":"scale d to 2"}}""", false)]
    public void A_plan_is_fixed_once_it_is_made_and_can_be_stopped(string change, bool taken) =>
        Definitions.Refusals(MergePatch(Parse(Rem), Parse(change)), Parse(Rem)).Any(refusal => refusal.Contains("fixed once it is made")).ShouldBe(!taken);

    [Fact]
    public void Words_need_a_policy_and_no_more_and_are_fixed_too()
    {
        var words = Parse(Words);
        Definitions.Refusals(words).ShouldBeEmpty();
        JsonNode.DeepEquals(words["spec"], Parse("""{"policy":"h","request":"scale d to 2","incident":"task","cause":"Asked","planner":"rules","attempt":1,"approveWithin":"15m","suspend":false}""")).ShouldBeTrue(words.ToJsonString());
        Definitions.Refusals(MergePatch(Parse(Words), Parse("""{"spec":{"request":"scale d to 9"}}""")), Parse(Words)).ShouldContain(refusal => refusal.Contains("fixed once it is made"));
    }

    [Fact]
    public void Rules_for_healing_policies_are_the_same_in_cel_and_in_code() =>
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 30], Gen.Int[0, 130]).Sample((seconds, hours, timeout) =>
        {
            var policy = Parse(Healing);
            policy["spec"]!["verifyWithin"] = GoDuration.Format(TimeSpan.FromSeconds(seconds));
            policy["spec"]!["orphanedAfter"] = GoDuration.Format(TimeSpan.FromSeconds(seconds));
            policy["spec"]!["approveWithin"] = GoDuration.Format(TimeSpan.FromHours(hours));
            policy["spec"]!["llm"] = Parse($$"""{"endpoint":"http://router.ops-system.svc:8080/v1","deployment":"m","timeout":"{{timeout}}s"}""");
            var typed = KubernetesJson.Deserialize<HealingPolicy>(policy.ToJsonString());
            Agree(Definitions.Refusals(policy), HealingPolicyRules.Broken(typed));
        });

    [Fact]
    public void Rules_for_goals_are_the_same_in_cel_and_in_code() =>
        Gen.Int[1, 1_000_000].Sample(seed =>
        {
            var random = new Random(seed);
            var goal = Some(
                random,
                ("percentOfLimit", () => 30), ("below", () => random.Next(2) == 0 ? "0s" : "300ms"), ("replicas", () => 3), ("min", () => random.Next(1, 4)), ("max", () => random.Next(1, 4)), ("combine", () => random.Next(2) == 0 ? "each" : "sum"));
            (goal["name"], goal["targets"]) = ("g", new JsonArray("web"));
            goal["type"] = random.GetItems([GoalTypes.Ready, GoalTypes.Cpu, GoalTypes.Memory, GoalTypes.MeanLatency, GoalTypes.P99Latency, GoalTypes.Replicas, GoalTypes.Autoscale], 1)[0];
            var policy = Parse(Healing);
            policy["spec"]!["goals"] = new JsonArray(goal);
            Agree(Definitions.Refusals(policy), HealingPolicyRules.Broken(KubernetesJson.Deserialize<HealingPolicy>(policy.ToJsonString())));
        });

    [Theory]
    [InlineData("""{"name":"g","type":"cpu","targets":["web"]}""", "percentOfLimit")]
    [InlineData("""{"name":"g","type":"cpu","targets":["web"],"percentOfLimit":0}""", "spec.goals[0].percentOfLimit")]
    [InlineData("""{"name":"g","type":"p99Latency","targets":["web"],"below":"fast"}""", "spec.goals[0].below")]
    [InlineData("""{"name":"g","type":"p99Latency","targets":["web"],"below":"0s"}""", "above 0s")]
    [InlineData("""{"name":"g","type":"autoscale","targets":["web"],"percentOfLimit":50}""", "needs max")]
    [InlineData("""{"name":"g","type":"ready","targets":[]}""", "spec.goals[0].targets")]
    [InlineData("""{"name":"g","type":"happy","targets":["web"]}""", "spec.goals[0].type")]
    [InlineData("""{"name":"g","type":"ready","targets":["web"],"combine":"sum"}""", "combine")]
    public void A_wrong_goal_is_refused_by_its_field(string goal, string named) => ExpectRefusal(Healing, $$$"""{"spec":{"goals":[{{{goal}}}]}}""", named);

    [Fact]
    public void Rules_for_incidents_are_the_same_in_cel_and_in_code() =>
        Gen.Int[0, 200].Sample(seconds =>
        {
            var incident = Parse(Inc);
            incident["spec"]!["keepFor"] = GoDuration.Format(TimeSpan.FromSeconds(seconds));
            var typed = KubernetesJson.Deserialize<Incident>(incident.ToJsonString());
            Agree(Definitions.Refusals(incident), IncidentRules.Broken(typed));
        });

    [Theory]
    [InlineData("""{"spec":{"watts":0}}""", "spec.watts")]
    [InlineData("""{"spec":{"watts":null}}""", "spec.watts")]
    [InlineData("""{"spec":{"poolLabels":{}}}""", "spec.poolLabels")]
    [InlineData("""{"spec":{"priorities":[{"priority":1}]}}""", "spec.priorities[0].poolLabels")]
    [InlineData("""{"spec":{"priorities":[{"priority":5000,"poolLabels":{"a":"b"}}]}}""", "spec.priorities[0].priority")]
    public void A_wrong_budget_is_refused_by_its_field(string change, string named) => ExpectRefusal(Budget, change, named);

    [Fact]
    public void Rules_for_routes_are_the_same_in_cel_and_in_code() =>
        Gen.Int[1, 1_000_000].Sample(seed =>
        {
            var random = new Random(seed);
            JsonNode Duration() => random.Next(6) switch { 0 => "0s", 1 => "500ms", 2 => "20s", 3 => "30s", 4 => "1m30s", _ => "60s" };
            var spec = new JsonObject
            {
                ["variants"] = new JsonArray(new JsonObject
                {
                    ["pool"] = "a",
                    ["quality"] = new JsonObject { [random.Next(4) == 0 ? "code" : "default"] = 0.5 },
                }),
                ["objective"] = Some(random, ("timeToFirstToken", Duration), ("timePerOutputToken", Duration), ("endToEnd", Duration), ("hardDeadline", Duration)),
                ["policy"] = Some(random, ("type", () => random.Next(3) switch { 0 => "static", 1 => "learned", _ => "greedy" }), ("policyRef", () => "p"), ("exploration", () => random.Next(2) == 0 ? 0 : 0.02), ("staticPool", () => random.Next(2) == 0 ? "a" : "b")),
                ["timeouts"] = Some(random, ("connect", Duration), ("idle", Duration)),
                ["scorers"] = new JsonObject
                {
                    ["queue"] = random.Next(2),
                    ["kvCacheUtilization"] = random.Next(2),
                    ["prefixCache"] = random.Next(2),
                    ["sessionAffinity"] = random.Next(2),
                    ["loraAffinity"] = random.Next(2),
                },
            };
            var route = Parse(Route);
            route["spec"] = spec;
            var typed = KubernetesJson.Deserialize<ModelRoute>(route.ToJsonString());
            Agree(Definitions.Refusals(route), ModelRouteRules.Broken(typed));
        });

    [Fact]
    public void Rules_for_pools_are_the_same_in_cel_and_in_code() =>
        Gen.Select(Gen.String[Gen.Char["abz09-"], 1, 50], Gen.Int[1, 1_000_000]).Sample((name, seed) =>
        {
            // Other characters and ends are refused by the rules for every object's name.
            if (name.StartsWith('-') || name.EndsWith('-'))
                return;
            var random = new Random(seed);
            var pool = Parse(Pool);
            pool["metadata"]!["name"] = name;
            if (random.Next(2) == 0)
                pool["spec"]!["energy"] = Some(random, ("mode", () => random.Next(2) == 0 ? "auto" : "fixed"), ("clockMHz", () => 1200));
            if (random.Next(2) == 0)
                pool["spec"]!["scaling"] = Some(random, ("objective", () => random.Next(2) == 0 ? "energy" : "fixed"), ("min", () => random.Next(4)), ("max", () => random.Next(1, 4)), ("idle", () => random.Next(2) == 0 ? "sleep" : "stop"));
            if (random.Next(2) == 0)
                pool["spec"]!["coResident"] = new JsonObject { ["host"] = random.Next(2) == 0 && char.IsAsciiLetterLower(name[0]) && name.Length <= 45 ? name : "large", ["memoryPercent"] = 40 };
            if (random.Next(2) == 0)
                pool["spec"]!["engine"] = new JsonObject { ["type"] = random.Next(3) switch { 0 => "simulated", 1 => "llamacpp", _ => "vllm" } };
            if (random.Next(4) == 0)
                pool["spec"]!["podTemplate"] = new JsonObject();
            var typed = KubernetesJson.Deserialize<ModelPool>(pool.ToJsonString());
            Agree(Definitions.Refusals(pool), ModelPoolRules.Broken(typed));
        });

    private static void Agree(IReadOnlyList<string> refusals, IEnumerable<string> broken)
    {
        var sentences = broken.ToList();
        refusals.Count.ShouldBe(sentences.Count, string.Join('\n', refusals));
        foreach (var sentence in sentences)
            refusals.ShouldContain(refusal => refusal.Contains(sentence));
    }

    private static JsonObject Some(Random random, params (string Name, Func<JsonNode> Value)[] fields)
    {
        var result = new JsonObject();
        foreach (var (name, value) in fields)
        {
            if (random.Next(2) == 0)
                result[name] = value();
        }

        return result;
    }

    private static void ExpectRefusal(string json, string change, string named)
    {
        var obj = MergePatch(Parse(json), Parse(change));
        var refusals = Definitions.Refusals(obj);
        refusals.ShouldNotBeEmpty();
        refusals.ShouldContain(refusal => refusal.Contains(named), string.Join('\n', refusals));
    }

    private static JsonObject MergePatch(JsonObject target, JsonObject patch) => Sandbox.Objects.MergePatch.Apply(target, patch)!.AsObject();

    private static JsonObject Parse(string json) => JsonNode.Parse(json)!.AsObject();
}
