using System.Text.Json.Nodes;

namespace Ops.Contract.Tests;

/// <summary>
/// The same random writes to the sandbox and to the real server, one after the other: code, conflicts, object and
/// managedFields must agree after every step. The seed stands in the failure.
/// </summary>
public sealed class SideBySideChecks(SandboxServer sandbox, RealServer real) : IAsyncLifetime
{
    private static readonly string[] Names = ["a", "b", "c"];
    private readonly string _ns = "side" + Interlocked.Increment(ref _count);
    private static int _count;
    private Api[] _servers = [];
    private string _before = "";
    private bool _hasBareParent;
    private int _compared;

    public async ValueTask InitializeAsync()
    {
        await sandbox.StartAsync();
        await real.StartAsync();
        _servers = [new Api(sandbox), new Api(real)];
        foreach (var api in _servers)
            (await api.Post("/api/v1/namespaces", $$$$"""{"metadata":{"name":"{{{{_ns}}}}"}}""")).Expect(201);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var api in _servers)
            await api.Delete("/api/v1/namespaces/" + _ns);
    }

    /// <summary>
    /// Until 1.29 an apply kept the live order of a list, since then it takes the applied one; and 1.20 names wrong paths
    /// when several conflict. On older servers the order, the generation that follows from it, and the paths are left out.
    /// </summary>
    private bool IsNew => real.Minor >= 29;

    [Fact]
    public async Task Random_applies_and_updates_of_a_custom_object_come_to_the_same()
    {
        for (var seed = 0; seed < 25; seed++)
        {
            var random = new Random(seed);
            var path = $"/apis/example.test/v1/namespaces/{_ns}/widgets/w{seed}";
            for (var step = 0; step < 12; step++)
            {
                var spec = Spec(random);
                var manager = "m" + random.Next(3);
                var body = new JsonObject { ["apiVersion"] = "example.test/v1", ["kind"] = "Widget", ["metadata"] = new JsonObject { ["name"] = "w" + seed }, ["spec"] = spec };
                var (what, type, query) = random.Next(5) switch
                {
                    0 when step > 0 => (new JsonObject { ["spec"] = spec.DeepClone() }, Api.Merge, ""),
                    1 => (body, Api.Apply, "&force=true"),
                    _ => (body, Api.Apply, ""),
                };
                await Both($"seed {seed} step {step}", path, $"?fieldManager={manager}{query}", what.ToJsonString(), type, IsNew);
                if (!IsNew && _hasBareParent)
                    break;
            }
        }

        _compared.ShouldBeGreaterThan(100);
    }

    [Fact]
    public async Task Random_applies_and_patches_of_a_deployment_come_to_the_same()
    {
        for (var seed = 0; seed < 25; seed++)
        {
            var random = new Random(1000 + seed);
            var path = $"/apis/apps/v1/namespaces/{_ns}/deployments/d{seed}";
            for (var step = 0; step < 12; step++)
            {
                var manager = "m" + random.Next(3);
                // Paused and without replicas, so that no controller writes beside the check.
                var apply = new JsonObject { ["apiVersion"] = "apps/v1", ["kind"] = "Deployment", ["metadata"] = Metadata(random, "d" + seed), ["spec"] = DeploymentSpec(random, isWhole: true) };
                var patch = new JsonObject { ["metadata"] = Metadata(random, null), ["spec"] = DeploymentSpec(random, isWhole: false) };
                var (what, type, query) = random.Next(5) switch
                {
                    0 or 1 when step > 0 => (patch, Api.Strategic, ""),
                    2 => (apply, Api.Apply, "&force=true"),
                    _ => (apply, Api.Apply, ""),
                };
                await Both($"seed {seed} step {step}", path, $"?fieldManager={manager}{query}", what.ToJsonString(), type, IsNew);
                if (!IsNew && _hasBareParent)
                    break;
            }
        }

        _compared.ShouldBeGreaterThan(100);
    }

    [Fact]
    public async Task Random_strategic_patches_of_a_deployment_come_to_the_same_order_too()
    {
        for (var seed = 0; seed < 25; seed++)
        {
            var random = new Random(2000 + seed);
            var path = $"/apis/apps/v1/namespaces/{_ns}/deployments/s{seed}";
            var first = new JsonObject { ["apiVersion"] = "apps/v1", ["kind"] = "Deployment", ["metadata"] = Metadata(random, "s" + seed), ["spec"] = DeploymentSpec(random, isWhole: true) };
            await Both($"seed {seed}", path, "?fieldManager=m0", first.ToJsonString(), Api.Apply, isOrdered: true);
            for (var step = 0; step < 12; step++)
            {
                var spec = DeploymentSpec(random, isWhole: false);
                var template = spec["template"]!["spec"]!;
                // kubectl's order names what the patch names, in its order, and what else it knows.
                var order = template["containers"]!.AsArray().Select(c => c!["name"]!.ToString()).ToList();
                order.InsertRange(random.Next(order.Count + 1), Some(random).Except(order));
                if (random.Next(3) == 0)
                    template["$setElementOrder/containers"] = new JsonArray([.. order.Select(n => (JsonNode)new JsonObject { ["name"] = n })]);
                else if (random.Next(3) == 0)
                    template["containers"]!.AsArray().Insert(0, new JsonObject { ["name"] = "b", ["$patch"] = random.Next(2) == 0 ? "delete" : "replace", ["image"] = "shell:9" });
                var patch = new JsonObject { ["metadata"] = Metadata(random, null), ["spec"] = spec };
                await Both($"seed {seed} step {step}", path, $"?fieldManager=m{random.Next(3)}", patch.ToJsonString(), Api.Strategic, isOrdered: true, withManagers: IsNew);
            }
        }
    }

    private async Task Both(string place, string path, string query, string body, string type, bool isOrdered, bool withManagers = true)
    {
        var replies = new[] { await _servers[0].Patch(path + query, body, type), await _servers[1].Patch(path + query, body, type) };
        var (ours, theirs) = (Essence(replies[0], isOrdered, withManagers), Essence(replies[1], isOrdered, withManagers));
        if (ours != theirs)
            throw new ShouldAssertException($"{place}: {type} {query} {body}\nsandbox: {ours}\n   real: {theirs}\n before: {_before}");
        _before = ours;
        _compared++;
        _hasBareParent = replies[0].Code < 300 && (replies[0].At("metadata.managedFields") as JsonArray ?? []).Any(m => HasBareParent(m!["fieldsV1"], replies[0].Json, ""));
    }

    /// <summary>What must agree: the code, and the causes of a refusal or the object without what every server makes up itself.</summary>
    private static string Essence(Reply reply, bool isOrdered, bool withManagers)
    {
        if (reply.Code >= 300)
            return !isOrdered ? reply.Code.ToString() : reply.Code + " " + string.Join("; ", reply.Causes.Select(c => $"{c["reason"]} {c["field"]} {(reply.Code == 409 ? c["message"] : "")}").Order(StringComparer.Ordinal));
        var metadata = reply.At("metadata")!;
        var managers = (metadata["managedFields"] as JsonArray ?? [])
            .Where(m => withManagers && m!["manager"]!.ToString() is not ("kube-controller-manager" or "sandbox"))
            .Select(m => $"{m!["manager"]}/{m["operation"]} {Sorted(m["fieldsV1"])}").Order(StringComparer.Ordinal);
        return $"{reply.Code} {Sorted(metadata["labels"])} {Sorted(metadata["annotations"])} {Sorted(reply.At("spec"), isOrdered)} generation {(isOrdered ? metadata["generation"] : "any")}\n  {string.Join("\n  ", managers)}";
    }

    /// <summary>Members in one order, and without nulls: 1.20 writes the creationTimestamp of a template as null.</summary>
    private static string Sorted(JsonNode? node, bool isOrdered = true) => node switch
    {
        JsonObject obj => "{" + string.Join(",", obj.Where(p => p.Value is not null).OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"\"{p.Key}\":{Sorted(p.Value, isOrdered)}")) + "}",
        JsonArray array when isOrdered => "[" + string.Join(",", array.Select(e => Sorted(e))) + "]",
        JsonArray array => "[" + string.Join(",", array.Select(e => Sorted(e, false)).Order(StringComparer.Ordinal)) + "]",
        null => "null",
        _ => node.ToJsonString(),
    };

    /// <summary>
    /// True where a manager owns an object or list without owning anything in it. 1.20 takes that for a field that used to
    /// be one value and gives the manager all that is in it; later versions leave it, so the comparison ends there.
    /// </summary>
    private static bool HasBareParent(JsonNode? fields, JsonNode? live, string name)
    {
        if (fields is not JsonObject set)
            return false;
        if (set.Count == 0 || (set.Count == 1 && set.ContainsKey(".")))
            return live is JsonObject { Count: > 0 } && name != "selector" || live is JsonArray && name is "ports" or "env" or "containers";
        return set.Any(e => e.Key.StartsWith("f:", StringComparison.Ordinal) ? HasBareParent(e.Value, (live as JsonObject)?[e.Key[2..]], e.Key[2..])
            : e.Key.StartsWith("k:", StringComparison.Ordinal) && HasBareParent(e.Value, Item(live as JsonArray, e.Key[2..]), ""));
    }

    private static JsonNode? Item(JsonArray? list, string key)
    {
        var wanted = JsonNode.Parse(key)!.AsObject();
        return list?.FirstOrDefault(i => wanted.All(k => JsonNode.DeepEquals(i![k.Key], k.Value)));
    }

    private static JsonObject Spec(Random random)
    {
        // Labels and ports are always there: where the last of them goes, 1.20 stores null and then refuses its own object.
        var spec = new JsonObject { ["replicas"] = random.Next(1, 3) };
        if (random.Next(2) == 0)
            spec["image"] = "i" + random.Next(2);
        spec["labels"] = new JsonObject(Some(random).Select(n => KeyValuePair.Create(n, (JsonNode?)JsonValue.Create("v" + random.Next(2)))));
        spec["ports"] = new JsonArray([.. Shuffled(random).Select(n => (JsonNode)Port(random, n))]);
        return spec;
    }

    private static JsonObject Port(Random random, string name)
    {
        var port = new JsonObject { ["name"] = name };
        if (random.Next(2) == 0)
            port["port"] = random.Next(2);
        return port;
    }

    private static JsonObject Metadata(Random random, string? name)
    {
        var metadata = new JsonObject();
        if (name is not null)
            metadata["name"] = name;
        if (random.Next(3) == 0)
            metadata["labels"] = new JsonObject(Some(random).Select(n => KeyValuePair.Create(n, (JsonNode?)JsonValue.Create("v" + random.Next(2)))));
        if (random.Next(3) == 0)
            metadata["annotations"] = new JsonObject(Some(random).Select(n => KeyValuePair.Create(n, (JsonNode?)JsonValue.Create("v" + random.Next(2)))));
        return metadata;
    }

    private static JsonObject DeploymentSpec(Random random, bool isWhole)
    {
        var spec = new JsonObject { ["replicas"] = 0, ["paused"] = true };
        if (isWhole)
            spec["selector"] = JsonNode.Parse("""{"matchLabels":{"app":"x"}}""");
        if (random.Next(3) == 0)
            spec["minReadySeconds"] = random.Next(1, 4);
        if (random.Next(4) == 0)
            spec["strategy"] = JsonNode.Parse(random.Next(2) == 0 ? """{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1}}""" : """{"rollingUpdate":{"maxUnavailable":"50%"}}""");
        var containers = Shuffled(random).ToList();
        if (isWhole && !containers.Contains("a"))
            containers.Insert(0, "a");
        var template = new JsonObject { ["spec"] = new JsonObject { ["containers"] = new JsonArray([.. containers.Select(n => (JsonNode)Container(random, n))]) } };
        if (isWhole)
            template["metadata"] = JsonNode.Parse("""{"labels":{"app":"x"}}""");
        spec["template"] = template;
        return spec;
    }

    private static JsonObject Container(Random random, string name)
    {
        var container = new JsonObject { ["name"] = name, ["image"] = "shell:" + random.Next(1, 3) };
        if (random.Next(2) == 0)
            container["env"] = new JsonArray([.. Shuffled(random).Select(n => (JsonNode)new JsonObject { ["name"] = n, ["value"] = "v" + random.Next(2) })]);
        if (random.Next(3) == 0)
            container["ports"] = new JsonArray([.. Some(random).Select((_, i) => (JsonNode)new JsonObject { ["containerPort"] = 80 + i })]);
        if (random.Next(3) == 0)
            container["args"] = new JsonArray([.. Some(random).Select(n => (JsonNode)n)]);
        if (random.Next(3) == 0)
            container["resources"] = JsonNode.Parse(random.Next(2) == 0 ? """{"limits":{"cpu":"500m"}}""" : """{"limits":{"memory":"1Gi"},"requests":{"cpu":"100m"}}""");
        return container;
    }

    private static string[] Some(Random random)
    {
        var bits = random.Next(1, 8);
        return [.. Names.Where((_, i) => (bits >> i & 1) == 1)];
    }

    private static string[] Shuffled(Random random)
    {
        var some = Some(random);
        random.Shuffle(some);
        return some;
    }
}
