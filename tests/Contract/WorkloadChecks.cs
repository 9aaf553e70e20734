using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Ops.Contract.Tests;

/// <summary>Checks 59, 60, 61 and 63.</summary>
public abstract class WorkloadChecks(IServer server) : ContractTest(server)
{
    [Fact]
    public async Task A_deployment_becomes_available_through_a_replica_set_with_a_hash()
    {
        (await Api.Post(Deployments, Deployment("web", 2))).Expect(201);
        var ready = await Eventually(Deployments + "/web", IsComplete);
        ready.TextAt("metadata.annotations").ShouldNotBeNull().ShouldContain("deployment.kubernetes.io/revision");
        Condition(ready, "Available").ShouldBe("True MinimumReplicasAvailable");
        Condition(ready, "Progressing").ShouldBe("True NewReplicaSetAvailable");
        var set = (await Api.Get($"/apis/apps/v1/namespaces/{Ns}/replicasets")).Items.ShouldHaveSingleItem();
        var hash = set["metadata"]!["labels"]!["pod-template-hash"]!.ToString();
        set["metadata"]!["name"]!.ToString().ShouldBe("web-" + hash);
        set["spec"]!["selector"]!["matchLabels"]!["pod-template-hash"]!.ToString().ShouldBe(hash);
        var pods = (await Api.Get(Core + "/pods?labelSelector=app%3Dweb")).Items;
        pods.Count.ShouldBe(2);
        pods.ShouldAllBe(p => p["metadata"]!["ownerReferences"]![0]!["kind"]!.ToString() == "ReplicaSet" && p["status"]!["phase"]!.ToString() == "Running");
    }

    [Fact]
    public async Task A_changed_template_is_a_new_revision_and_undo_brings_the_old_one_back()
    {
        (await Api.Post(Deployments, Deployment("web"))).Expect(201);
        await Eventually(Deployments + "/web", IsComplete);
        (await Api.Patch(Deployments + "/web", """{"spec":{"template":{"spec":{"containers":[{"name":"c","image":"shell:2"}]}}}}""", Api.Strategic)).Expect(200);
        await Eventually(Deployments + "/web", r => IsComplete(r) && Revision(r) == "2");
        using var kubectl = new Kube(Server);
        (await kubectl.Run("rollout", "undo", "deployment/web", "-n", Ns)).ShouldBe("deployment.apps/web rolled back");
        (await kubectl.Run("rollout", "status", "deployment/web", "-n", Ns, "--timeout=60s")).ShouldContain("successfully rolled out");
        var undone = await Eventually(Deployments + "/web", r => IsComplete(r) && Revision(r) == "3");
        undone.TextAt("spec.template.spec.containers.0.image").ShouldBe("shell:1");
        (await kubectl.Run("rollout", "history", "deployment/web", "-n", Ns)).ShouldContain("REVISION");
    }

    [Fact]
    public async Task A_service_with_ready_pods_has_an_endpoint_slice()
    {
        Needs(21, "discovery.k8s.io/v1");
        (await Api.Post(Core + "/services", """{"apiVersion":"v1","kind":"Service","metadata":{"name":"web"},"spec":{"selector":{"app":"web"},"ports":[{"port":80,"targetPort":8080}]}}""")).Expect(201);
        (await Api.Post(Deployments, Deployment("web"))).Expect(201);
        var slices = await Eventually($"/apis/discovery.k8s.io/v1/namespaces/{Ns}/endpointslices?labelSelector=kubernetes.io/service-name%3Dweb",
            r => r.Items.Count == 1 && r.At("items.0.endpoints") is JsonArray { Count: 1 } e && e[0]!["conditions"]!["ready"]!.GetValue<bool>());
        slices.TextAt("items.0.metadata.ownerReferences.0.kind").ShouldBe("Service");
        slices.TextAt("items.0.ports.0.port").ShouldBe("8080");
        slices.TextAt("items.0.addressType").ShouldBe("IPv4");
    }

    [Theory]
    [InlineData("nobodys", "persistentvolumeclaim \"nobodys\" not found")]
    [InlineData("unbound", "unbound immediate PersistentVolumeClaims")]
    public async Task A_pod_waits_for_a_claim_that_is_missing_or_has_no_volume(string claim, string words)
    {
        (await Api.Post(Core + "/persistentvolumeclaims", Claim("unbound", "no-such-class"))).Expect(201);
        await CreatePod(PodWith(claim));
        var pod = await Eventually(Core + "/pods/p", r => (r.At("status.conditions") as JsonArray)?.Any(c => c!["reason"]?.ToString() == "Unschedulable") == true);
        (pod.At("status.conditions") as JsonArray)!.Single(c => c!["type"]!.ToString() == "PodScheduled")!["message"]!.ToString().ShouldContain(words);
        pod.TextAt("status.phase").ShouldBe("Pending");
        (await Api.Get(Core + "/persistentvolumeclaims/unbound")).TextAt("status.phase").ShouldNotBe("Bound");
    }

    [Fact]
    public async Task A_claim_gets_a_free_volume_of_its_class_and_its_pod_runs()
    {
        var volume = $$$$"""{"apiVersion":"v1","kind":"PersistentVolume","metadata":{"name":"{{{{Ns}}}}-v"},"spec":{"storageClassName":"{{{{Ns}}}}","capacity":{"storage":"1Gi"},"accessModes":["ReadWriteOnce"],"hostPath":{"path":"/tmp"}}}""";
        (await Api.Post("/api/v1/persistentvolumes", volume)).Expect(201);
        (await Api.Post(Core + "/persistentvolumeclaims", Claim("data", Ns))).Expect(201);
        await CreatePod(PodWith("data"));
        (await Eventually(Core + "/persistentvolumeclaims/data", r => r.TextAt("status.phase") == "Bound")).TextAt("spec.volumeName").ShouldBe(Ns + "-v");
        (await Eventually($"/api/v1/persistentvolumes/{Ns}-v", r => r.TextAt("status.phase") == "Bound")).TextAt("spec.claimRef.name").ShouldBe("data");
        await Eventually(Core + "/pods/p", r => r.TextAt("status.phase") == "Running");
    }

    [Theory]
    [InlineData("v5.channel.k8s.io")]
    [InlineData("v4.channel.k8s.io")]
    public async Task Exec_brings_output_on_its_channels_and_the_exit_code_in_a_status(string protocol)
    {
        Assert.SkipUnless(Server.RunsContainers, "no container runs on this server's node");
        (await Api.Post(Core + "/pods", """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"terminationGracePeriodSeconds":0,"containers":[{"name":"c","image":"shell:1","args":["-c","while :; do sleep 1; done"]}]}}""")).Expect(201);
        await Eventually(Core + "/pods/p", r => r.TextAt("status.phase") == "Running");
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol(protocol);
        socket.Options.SetRequestHeader("Authorization", "Bearer " + Server.AdminToken);
        var query = "container=c&stdout=true&stderr=true&command=/bin/sh&command=-c&command=" + Uri.EscapeDataString("echo out; echo err >&2; exit 3");
        await socket.ConnectAsync(new Uri($"ws://{Server.Url.Authority}{Core}/pods/p/exec?{query}"), TestContext.Current.CancellationToken);
        socket.SubProtocol.ShouldBe(protocol);
        var channels = await Channels(socket);
        channels.GetValueOrDefault(1, "").ShouldBe("out\n");
        channels.GetValueOrDefault(2, "").ShouldBe("err\n");
        var status = JsonNode.Parse(channels[3])!;
        (status["status"]!.ToString(), status["reason"]!.ToString()).ShouldBe(("Failure", "NonZeroExitCode"));
        status["details"]!["causes"]![0]!["reason"]!.ToString().ShouldBe("ExitCode");
        status["details"]!["causes"]![0]!["message"]!.ToString().ShouldBe("3");
    }

    // A pod is refused until its namespace has got an account, and before 1.24 until that has got a token.
    private async Task CreatePod(string pod)
    {
        Reply reply = null!;
        for (var attempt = 0; attempt < 300; attempt++)
        {
            reply = await Api.Post(Core + "/pods", pod);
            if (reply.Code is not (403 or 500))
                break;
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        reply.Expect(201);
    }

    private static string Claim(string name, string storageClass) =>
        $$$$$"""{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"{{{{{name}}}}}"},"spec":{"storageClassName":"{{{{{storageClass}}}}}","accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}""";

    private static string PodWith(string claim) => $$$$"""
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"terminationGracePeriodSeconds":0,"volumes":[{"name":"data","persistentVolumeClaim":{"claimName":"{{{{claim}}}}"}}],
         "containers":[{"name":"c","image":"shell:1","args":["-c","while :; do sleep 1; done"]}]}}
        """;

    private static async Task<Dictionary<int, string>> Channels(ClientWebSocket socket)
    {
        var channels = new Dictionary<int, string>();
        var buffer = new byte[64 * 1024];
        using var message = new MemoryStream();
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken);
            if (part.MessageType == WebSocketMessageType.Close)
                return channels;
            message.Write(buffer, 0, part.Count);
            if (!part.EndOfMessage)
                continue;
            var frame = message.ToArray();
            channels[frame[0]] = channels.GetValueOrDefault(frame[0], "") + Encoding.UTF8.GetString(frame.AsSpan(1));
            message.SetLength(0);
        }
    }

    private static bool IsComplete(Reply deployment)
    {
        if (deployment.Code != 200)
            return false;
        var (spec, status) = (deployment.At("spec.replicas")!.ToString(), deployment.At("status"));
        return status?["observedGeneration"]?.ToString() == deployment.TextAt("metadata.generation")
            && new[] { "replicas", "updatedReplicas", "readyReplicas", "availableReplicas" }.All(m => status![m]?.ToString() == spec)
            && Condition(deployment, "Progressing").EndsWith("NewReplicaSetAvailable", StringComparison.Ordinal);
    }

    private static string Condition(Reply deployment, string type) =>
        (deployment.At("status.conditions") as JsonArray ?? []).Where(c => c!["type"]!.ToString() == type).Select(c => $"{c!["status"]} {c["reason"]}").SingleOrDefault() ?? "";

    private static string? Revision(Reply deployment) => deployment.At("metadata.annotations")?["deployment.kubernetes.io/revision"]?.ToString();
}

public sealed class WorkloadsOnSandbox(SandboxServer server) : WorkloadChecks(server);

public sealed class WorkloadsOnRealServer(RealServer server) : WorkloadChecks(server);
