namespace Ops.Contract.Tests;

/// <summary>What is decided over a pod beyond its schema: its priority, its namespace's pod security level, and webhooks.</summary>
public abstract class PodAdmissionChecks(IServer server) : ContractTest(server)
{
    private const string Webhooks = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";

    private string Pods => Core + "/pods";

    [Fact]
    public async Task A_pod_without_a_class_has_priority_0_and_an_unknown_class_is_refused()
    {
        await Account();
        (await Api.Post(Pods, Pod("p"))).Expect(201).TextAt("spec.priority").ShouldBe("0");
        (await Api.Post(Pods, Pod("q", "\"priorityClassName\":\"system-node-critical\","))).Expect(201).TextAt("spec.priority").ShouldBe("2000001000");
        (await Api.Post(Pods, Pod("r", "\"priorityClassName\":\"nobodys\","))).Expect(403, "Forbidden").TextAt("message")
            .ShouldBe("pods \"r\" is forbidden: no PriorityClass with name nobodys was found");
    }

    [Fact]
    public async Task A_restricted_namespace_says_what_a_pod_breaks()
    {
        Needs(25, "Pod security admission");
        await Account();
        (await Api.Patch("/api/v1/namespaces/" + Ns, """{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"restricted"}}}""")).Expect(200);
        (await Api.Post(Pods, Pod("p"))).Expect(403, "Forbidden").TextAt("message").ShouldBe(
            "pods \"p\" is forbidden: violates PodSecurity \"restricted:latest\": allowPrivilegeEscalation != false (container \"c\" must set securityContext.allowPrivilegeEscalation=false), "
            + "unrestricted capabilities (container \"c\" must set securityContext.capabilities.drop=[\"ALL\"]), runAsNonRoot != true (pod or container \"c\" must set securityContext.runAsNonRoot=true), "
            + "seccompProfile (pod or container \"c\" must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\")");
    }

    [Fact]
    public async Task A_webhook_that_nobody_answers_refuses_where_its_policy_is_Fail()
    {
        // Nothing listens on the discard port of this address.
        string Configuration(string policy) => $$$$"""
            {"apiVersion":"admissionregistration.k8s.io/v1","kind":"ValidatingWebhookConfiguration","metadata":{"name":"{{{{Ns}}}}"},"webhooks":[{"name":"gate.example.test","admissionReviewVersions":["v1"],"sideEffects":"None","timeoutSeconds":1,
             "failurePolicy":"{{{{policy}}}}","clientConfig":{"url":"https://127.0.0.1:9/gate"},"namespaceSelector":{"matchLabels":{"gated":"{{{{Ns}}}}"}},
             "rules":[{"operations":["CREATE"],"apiGroups":[""],"apiVersions":["v1"],"resources":["configmaps"]}]}]}
            """;
        (await Api.Patch("/api/v1/namespaces/" + Ns, $$$$"""{"metadata":{"labels":{"gated":"{{{{Ns}}}}"}}}""")).Expect(200);
        (await Api.Post(Webhooks, Configuration("Fail"))).Expect(201);
        try
        {
            // The real server learns of a configuration a moment later.
            Reply reply = null!;
            for (var attempt = 0; attempt < 300 && (reply = await Api.Post(Core + "/configmaps", ConfigMap($"a{attempt}"))).Code != 500; attempt++)
                await Task.Delay(100, TestContext.Current.CancellationToken);
            reply.Expect(500, "InternalError").TextAt("message").ShouldNotBeNull().ShouldSatisfyAllConditions(
                text => text.ShouldStartWith("Internal error occurred: failed calling webhook \"gate.example.test\": "),
                text => text.ShouldContain("Post \"https://127.0.0.1:9/gate?timeout=1s\": dial tcp"),
                text => text.ShouldEndWith("connect: connection refused"));
        }
        finally
        {
            await Api.Delete($"{Webhooks}/{Ns}");
        }
    }

    private async Task Account() => await Eventually(Core + "/serviceaccounts/default", reply => reply.Code == 200);

    private static string Pod(string name, string more = "") =>
        $$$$"""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"{{{{name}}}}"},"spec":{{{{{more}}}}"automountServiceAccountToken":false,"containers":[{"name":"c","image":"shell:1","args":["-c","sleep 1000"]}]}}""";
}

public sealed class PodAdmissionOnSandbox(SandboxServer server) : PodAdmissionChecks(server);

public sealed class PodAdmissionOnRealServer(RealServer server) : PodAdmissionChecks(server);
