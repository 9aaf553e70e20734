using System.Text.Json.Nodes;

namespace Ops.SandboxApi.Tests;

/// <summary>What is decided over a pod beyond its schema: priority, and the pod security level of its namespace.</summary>
public sealed class PodAdmissionTests : ApiTest
{
    private const string Classes = "/apis/scheduling.k8s.io/v1/priorityclasses";
    private const string Default = "/api/v1/namespaces/default";
    private const string Merge = "application/merge-patch+json";

    [Fact]
    public async Task A_pod_has_the_priority_of_its_class_or_none()
    {
        (await ExpectAsync(201, "POST", Pods, Pod("plain")))["spec"]!["priority"]!.GetValue<long>().ShouldBe(0);
        await ExpectAsync(201, "POST", Classes, Class("urgent", 1000));
        (await ExpectAsync(201, "POST", Pods, Pod("urgent", spec => spec["priorityClassName"] = "urgent")))["spec"]!["priority"]!.GetValue<long>().ShouldBe(1000);
        (await ExpectAsync(201, "POST", Pods, Pod("node", spec => spec["priorityClassName"] = "system-node-critical")))["spec"]!["priority"]!.GetValue<long>().ShouldBe(2000001000);
        (await ExpectAsync(403, "POST", Pods, Pod("typo", spec => spec["priorityClassName"] = "urgnet")))["message"]!.GetValue<string>()
            .ShouldBe("pods \"typo\" is forbidden: no PriorityClass with name urgnet was found");
        (await ExpectAsync(403, "POST", Pods, Pod("own", spec => spec["priority"] = 7)))["message"]!.GetValue<string>()
            .ShouldBe("pods \"own\" is forbidden: the integer value of priority (7) must not be provided in pod spec; priority admission controller computed 0 from the given PriorityClass name");

        var normal = Class("normal", 10);
        normal["globalDefault"] = true;
        await ExpectAsync(201, "POST", Classes, normal);
        var spec = (await ExpectAsync(201, "POST", Pods, Pod("later")))["spec"]!;
        (spec["priority"]!.GetValue<long>(), spec["priorityClassName"]!.GetValue<string>()).ShouldBe((10, "normal"));
    }

    [Fact]
    public async Task A_restricted_namespace_refuses_in_kube_apiservers_words()
    {
        await LabelAsync("enforce", "restricted");
        (await ExpectAsync(403, "POST", Pods, Pod("plain")))["message"]!.GetValue<string>().ShouldBe(
            "pods \"plain\" is forbidden: violates PodSecurity \"restricted:latest\": allowPrivilegeEscalation != false (container \"main\" must set securityContext.allowPrivilegeEscalation=false), "
            + "unrestricted capabilities (container \"main\" must set securityContext.capabilities.drop=[\"ALL\"]), runAsNonRoot != true (pod or container \"main\" must set securityContext.runAsNonRoot=true), "
            + "seccompProfile (pod or container \"main\" must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\")");
        await ExpectAsync(201, "POST", Pods, Pod("good", Harden));
        (await ExpectAsync(403, "POST", Pods, Pod("root", spec =>
        {
            Harden(spec);
            spec["securityContext"]!["runAsUser"] = 0;
        })))["message"]!.GetValue<string>().ShouldEndWith(": runAsUser=0 (pod must not set runAsUser=0)");
    }

    [Theory]
    [InlineData("""{"hostNetwork":true}""", "host namespaces (hostNetwork=true)")]
    [InlineData("""{"volumes":[{"name":"v","hostPath":{"path":"/"}}]}""", "hostPath volumes (volume \"v\")")]
    [InlineData("""{"containers":[{"name":"main","image":"i","ports":[{"containerPort":80,"hostPort":80}]}]}""", "hostPort (container \"main\" uses hostPort 80)")]
    [InlineData("""{"containers":[{"name":"main","image":"i","securityContext":{"privileged":true}}]}""", "privileged (container \"main\" must not set securityContext.privileged=true)")]
    [InlineData("""{"containers":[{"name":"main","image":"i","securityContext":{"capabilities":{"add":["SYS_ADMIN"]}}}]}""", "non-default capabilities (container \"main\" must not include \"SYS_ADMIN\" in securityContext.capabilities.add)")]
    public async Task A_baseline_namespace_refuses_what_reaches_the_node_and_takes_the_rest(string change, string words)
    {
        await LabelAsync("enforce", "baseline");
        await ExpectAsync(201, "POST", Pods, Pod("plain"));
        (await ExpectAsync(403, "POST", Pods, Pod("bad", spec =>
        {
            foreach (var (name, value) in JsonNode.Parse(change)!.AsObject())
                spec[name] = value!.DeepClone();
        })))["message"]!.GetValue<string>().ShouldBe($"pods \"bad\" is forbidden: violates PodSecurity \"baseline:latest\": {words}");
    }

    [Fact]
    public async Task A_level_that_does_not_exist_is_refused_and_running_pods_stay()
    {
        await ExpectAsync(201, "POST", Pods, Pod("plain"));
        (await ExpectAsync(422, "PATCH", Default, Level("enforce", "strict"), Merge))["message"]!.GetValue<string>()
            .ShouldContain("Invalid value: \"strict\": must be one of privileged, baseline, restricted");
        await LabelAsync("enforce", "restricted");
        await ExpectAsync(200, "PATCH", $"{Pods}/plain", new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["a"] = "b" } } }, Merge);
    }

    private static void Harden(JsonObject spec)
    {
        spec["securityContext"] = JsonNode.Parse("""{"runAsNonRoot":true,"seccompProfile":{"type":"RuntimeDefault"}}""");
        spec["containers"]![0]!["securityContext"] = JsonNode.Parse("""{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]}}""");
    }

    private static JsonObject Pod(string name, Action<JsonObject> alter)
    {
        var pod = Pod(name);
        alter(pod["spec"]!.AsObject());
        return pod;
    }

    private static JsonObject Class(string name, int value) =>
        new() { ["apiVersion"] = "scheduling.k8s.io/v1", ["kind"] = "PriorityClass", ["metadata"] = new JsonObject { ["name"] = name }, ["value"] = value };

    private static JsonObject Level(string mode, string level) =>
        new() { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { [$"pod-security.kubernetes.io/{mode}"] = level } } };

    private Task<JsonObject> LabelAsync(string mode, string level) => ExpectAsync(200, "PATCH", Default, Level(mode, level), Merge);
}
